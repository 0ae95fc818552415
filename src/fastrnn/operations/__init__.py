"""Functions of arrays that gradients go through: what :mod:`fastrnn.backend` shows.

On tensors of a model they make a layer each.
"""

from fastrnn.operations import arrays, functions
from fastrnn.operations.lifting import LIFTED

__all__ = ["LIFTED", "arrays", "functions"]
