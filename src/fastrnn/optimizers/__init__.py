"""Optimizers, with Keras's names and defaults."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from fastrnn._names import also_at, names_of
from fastrnn.optimizers import schedules
from fastrnn.optimizers.adam import Adam, AdamW
from fastrnn.optimizers.nadam import Nadam
from fastrnn.optimizers.optimizer import Optimizer
from fastrnn.optimizers.rmsprop import RMSprop
from fastrnn.optimizers.sgd import SGD

__all__ = ["SGD", "Adam", "AdamW", "Nadam", "Optimizer", "RMSprop", "get", "schedules", "serialize"]

_BY_NAME: dict[str, type[Optimizer]] = {
    "adam": Adam,
    "adamw": AdamW,
    "nadam": Nadam,
    "rmsprop": RMSprop,
    "sgd": SGD,
}


def get(
    identifier: str | Optimizer | type[Optimizer] | dict[str, Any],
    custom_objects: Mapping[str, Any] | None = None,
) -> Optimizer:
    """Return the optimizer that `identifier` names.

    Parameters
    ----------
    identifier : str, Optimizer, class of Optimizer, or dict
        A dict is what :func:`serialize` returns.
    custom_objects : mapping of str to class, optional
        For a dict: learning-rate schedules of one's own, by the name of their class.

    Raises
    ------
    ValueError
        If there is none of that name.
    TypeError
        If it is none of these.
    """
    if isinstance(identifier, Optimizer):
        return identifier
    if isinstance(identifier, type) and issubclass(identifier, Optimizer):
        return identifier()
    if isinstance(identifier, dict):
        return _class_of(str(identifier.get("class_name"))).from_config(
            identifier["config"], custom_objects
        )
    if isinstance(identifier, str):
        return _class_of(identifier)()
    raise TypeError(
        f"optimizer is of type {type(identifier).__name__}; it should be a name such as 'adam' "
        "or an object of fastrnn.optimizers"
    )


def _class_of(name: str) -> type[Optimizer]:
    if name.lower() not in _BY_NAME:
        raise ValueError(f"optimizer is {name!r}; it should be one of {sorted(_BY_NAME)}")
    return _BY_NAME[name.lower()]


def serialize(optimizer: Optimizer) -> dict[str, Any]:
    """Return an optimizer, without its state, as a dict that JSON can hold."""
    return {"class_name": type(optimizer).__name__, "config": optimizer.get_config()}


also_at(__name__, __all__, "legacy")

if not TYPE_CHECKING:
    __getattr__, __dir__ = names_of(__name__, __all__)
