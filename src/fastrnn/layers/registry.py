"""Layers by the names of their classes: how they are written down, and made again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fastrnn.layers.layer import Layer

#: The classes of the package, put here by the packages that have them.
KNOWN: dict[str, type[Layer]] = {}

_custom: ContextVar[Mapping[str, Any] | None] = ContextVar("custom_objects", default=None)


def register(*classes: type[Layer]) -> None:
    """Let :func:`deserialize` find classes by their names."""
    KNOWN.update({one.__name__: one for one in classes})


@contextmanager
def custom_object_scope(custom_objects: Mapping[str, Any] | None) -> Iterator[None]:
    """Let :func:`deserialize` find these too meanwhile, by name, in layers within layers as well.

    Examples
    --------
    >>> from fastrnn import layers
    >>> class Half(layers.Activation):
    ...     pass
    >>> written = layers.serialize(layers.TimeDistributed(Half("tanh")))
    >>> with layers.custom_object_scope({"Half": Half}):
    ...     layers.deserialize(written)
    <TimeDistributed time_distributed>
    """
    token = _custom.set({**(_custom.get() or {}), **(custom_objects or {})})
    try:
        yield
    finally:
        _custom.reset(token)


def serialize(layer: Layer) -> dict[str, Any]:
    """Return a layer, without its weights, as a dict that JSON can hold."""
    return {"class_name": type(layer).__name__, "config": layer.get_config()}


def deserialize(
    config: dict[str, Any], custom_objects: Mapping[str, type[Layer]] | None = None
) -> Layer:
    """Return a new layer from what :func:`serialize` returned.

    Parameters
    ----------
    config : dict
    custom_objects : dict of str to class, optional
        Layers of one's own, by name; also those within a layer.

    Raises
    ------
    ValueError
        If there is no layer of that name.
    """
    with custom_object_scope(custom_objects):
        classes = {**KNOWN, **(_custom.get() or {})}
        name = config.get("class_name")
        if name not in classes:
            raise ValueError(f"layer is {name!r}; it should be one of {sorted(classes)}")
        made: Layer = classes[name].from_config(dict(config["config"]))
        return made


def custom_object(name: str) -> Any:
    """Return what :func:`custom_object_scope` has under a name, or None."""
    return (_custom.get() or {}).get(name)
