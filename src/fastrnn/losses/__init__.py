"""Losses, with Keras's names: functions on arrays, and objects for ``compile``.

Functions give the loss at every position of (batch, time).  A training takes the mean over all of
them, padding included unless a mask leaves it out.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from fastrnn._names import names_of
from fastrnn.losses.binary import BinaryCrossentropy, binary_crossentropy
from fastrnn.losses.categorical import CategoricalCrossentropy, categorical_crossentropy
from fastrnn.losses.loss import Loss
from fastrnn.losses.sparse_categorical import (
    SparseCategoricalCrossentropy,
    sparse_categorical_crossentropy,
)
from fastrnn.losses.squared_error import MeanSquaredError, mean_squared_error

__all__ = [
    "BinaryCrossentropy",
    "CategoricalCrossentropy",
    "Loss",
    "MeanSquaredError",
    "SparseCategoricalCrossentropy",
    "binary_crossentropy",
    "categorical_crossentropy",
    "get",
    "mean_squared_error",
    "serialize",
    "sparse_categorical_crossentropy",
]

_BY_FUNCTION: dict[Callable[..., Any], type[Loss]] = {
    binary_crossentropy: BinaryCrossentropy,
    categorical_crossentropy: CategoricalCrossentropy,
    mean_squared_error: MeanSquaredError,
    sparse_categorical_crossentropy: SparseCategoricalCrossentropy,
}
_BY_NAME: dict[str, type[Loss]] = {
    **{loss.name: loss for loss in _BY_FUNCTION.values()},
    **{loss.__name__: loss for loss in _BY_FUNCTION.values()},
    "mse": MeanSquaredError,
    "MSE": MeanSquaredError,
}


def get(identifier: str | Callable[..., Any] | Loss | type[Loss] | dict[str, Any]) -> Loss:
    """Return the loss that `identifier` names.

    Parameters
    ----------
    identifier : str, function of this module, Loss, class of Loss, or dict
        A dict is what :func:`serialize` returns.

    Raises
    ------
    ValueError
        If there is none of that name.
    TypeError
        If it is a function of one's own: its gradient is unknown.
    """
    if isinstance(identifier, Loss):
        return identifier
    if isinstance(identifier, type) and issubclass(identifier, Loss):
        return identifier()
    if isinstance(identifier, dict):
        return _class_of(str(identifier.get("class_name")))(**identifier.get("config", {}))
    if isinstance(identifier, str):
        return _class_of(identifier)()
    for function, loss in _BY_FUNCTION.items():
        if identifier is function:
            return loss()
    raise TypeError(
        f"loss is {identifier!r}; it should be a name such as 'mse', a function of fastrnn.losses, "
        "or an object of a class derived from fastrnn.losses.Loss, which knows its gradient"
    )


def _class_of(name: str) -> type[Loss]:
    if name not in _BY_NAME:
        names = sorted(loss.name for loss in _BY_FUNCTION.values())
        raise ValueError(f"loss is {name!r}; it should be one of {names}")
    return _BY_NAME[name]


def serialize(loss: Loss) -> dict[str, Any]:
    """Return a loss as a dict that JSON can hold."""
    return {"class_name": type(loss).__name__, "config": loss.get_config()}


if not TYPE_CHECKING:
    __getattr__, __dir__ = names_of(__name__, __all__)
