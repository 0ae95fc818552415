"""TensorFlow's and Keras's module of random numbers: the seed, and arrays of draws."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastrnn._names import names_of
from fastrnn.operations.arrays import random_normal as normal, random_uniform as uniform
from fastrnn.seeding import set_seed

__all__ = ["normal", "set_seed", "uniform"]

if not TYPE_CHECKING:
    __getattr__, __dir__ = names_of(__name__, __all__)
