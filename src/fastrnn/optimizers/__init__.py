"""Optimizers, with Keras's names and defaults."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from fastrnn._names import also_at, names_of
from fastrnn.naming import custom_object_scope, identified, named, written
from fastrnn.optimizers import schedules
from fastrnn.optimizers.adam import Adam, AdamW
from fastrnn.optimizers.adaptive import Adadelta, Adagrad, Adamax, Lion
from fastrnn.optimizers.nadam import Nadam
from fastrnn.optimizers.optimizer import Optimizer
from fastrnn.optimizers.rmsprop import RMSprop
from fastrnn.optimizers.sgd import SGD

__all__ = [
    "SGD",
    "Adadelta",
    "Adagrad",
    "Adam",
    "AdamW",
    "Adamax",
    "Lion",
    "Nadam",
    "Optimizer",
    "RMSprop",
    "deserialize",
    "get",
    "schedules",
    "serialize",
]

_BY_NAME: dict[str, type[Optimizer]] = {
    one.__name__.lower(): one
    for one in (Adadelta, Adagrad, Adam, AdamW, Adamax, Lion, Nadam, RMSprop, SGD)
}


def get(
    identifier: str | Optimizer | type[Optimizer] | dict[str, Any],
    custom_objects: Mapping[str, Any] | None = None,
) -> Optimizer:
    """Return the optimizer for an identifier.

    Parameters
    ----------
    identifier : str, Optimizer, class of Optimizer, or dict
        A dict is one that :func:`serialize` returned.
    custom_objects : mapping of str to class, optional
        For a dict: custom optimizers and learning-rate schedules by class name.

    Raises
    ------
    ValueError
        If there is none of that name.
    TypeError
        If it is none of these.

    Examples
    --------
    >>> get("adam").learning_rate
    0.001
    """
    should = "a name such as 'adam' or an object of fastrnn.optimizers"
    with custom_object_scope(custom_objects):
        return identified("optimizer", identifier, Optimizer, _class_of, deserialize, None, should)


def _class_of(name: str) -> type[Optimizer]:
    known = {**_BY_NAME, name: _BY_NAME[name.lower()]} if name.lower() in _BY_NAME else _BY_NAME
    found: type[Optimizer] = named("optimizer", name, known)
    return found


def serialize(optimizer: Optimizer) -> dict[str, Any]:
    """Return an optimizer, without its state, as a JSON-serializable dict.

    Examples
    --------
    >>> serialize(SGD(0.1))["class_name"]
    'SGD'
    """
    return written(optimizer)


def deserialize(
    config: dict[str, Any], custom_objects: Mapping[str, Any] | None = None
) -> Optimizer:
    """Return a new optimizer from a dict of :func:`serialize`; arguments as of :func:`get`.

    Examples
    --------
    >>> deserialize(serialize(SGD(0.1))).learning_rate
    0.1
    """
    with custom_object_scope(custom_objects):
        return _class_of(str(config.get("class_name"))).from_config(config["config"])


also_at(__name__, __all__, "adam_v2", "experimental", "gradient_descent_v2", "legacy")

if not TYPE_CHECKING:
    __getattr__, __dir__ = names_of(__name__, __all__)
