"""Layers as JSON-serializable dicts, and from such dicts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastrnn.layers.layer import Layer
from fastrnn.layers.registry import KNOWN
from fastrnn.naming import custom_object, custom_object_scope, unknown


def serialize(layer: Layer) -> dict[str, Any]:
    """Return a layer, without its weights, as a JSON-serializable dict.

    Examples
    --------
    >>> serialize(GRU(4))["class_name"]
    'GRU'
    """
    return {"class_name": type(layer).__name__, "config": layer.get_config()}


def deserialize(
    config: dict[str, Any], custom_objects: Mapping[str, type[Layer]] | None = None
) -> Layer:
    """Return a new layer from what :func:`serialize` returned.

    Parameters
    ----------
    config : dict
    custom_objects : dict of str to class, optional
        Custom layers by name, also for layers inside other layers.

    Raises
    ------
    ValueError
        If there is no layer of that name.

    Examples
    --------
    >>> deserialize(serialize(GRU(4))).units
    4
    """
    with custom_object_scope(custom_objects):
        name = str(config.get("class_name"))
        found = custom_object(name) or KNOWN.get(name)
        if found is None:
            raise ValueError(unknown("layer", name, KNOWN))
        made: Layer = found.from_config(dict(config["config"]))
        return made
