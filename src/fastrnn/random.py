"""TensorFlow's module of the seed: scripts call ``tf.random.set_seed``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastrnn._names import names_of
from fastrnn.seeding import set_seed

__all__ = ["set_seed"]

if not TYPE_CHECKING:
    __getattr__, __dir__ = names_of(__name__, __all__)
