"""Differentiable functions of arrays, the content of :mod:`fastrnn.backend`.

Called on symbolic tensors, each adds a layer.
"""

from fastrnn.operations import arrays, functions
from fastrnn.operations.lifting import LIFTED

__all__ = ["LIFTED", "arrays", "functions"]
