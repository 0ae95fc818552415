"""Keras 2's modules of its optimizers."""

from typing import TYPE_CHECKING

from fastrnn import optimizers
from fastrnn._names import also_at, names_of

__all__ = [name for name in optimizers.__all__ if isinstance(getattr(optimizers, name), type)]

globals().update({name: getattr(optimizers, name) for name in __all__})

also_at(
    __name__,
    __all__,
    *("adadelta", "adagrad", "adam", "adamax", "gradient_descent", "nadam", "optimizer_v2"),
    *("rmsprop",),
)

if not TYPE_CHECKING:
    __getattr__, __dir__ = names_of(__name__, __all__, advice_of="fastrnn.optimizers")
