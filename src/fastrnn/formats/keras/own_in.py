"""Custom layers and functions in files of Keras, which ``custom_objects`` has by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastrnn.formats.errors import CheckpointError
from fastrnn.formats.keras.arguments import Arguments
from fastrnn.formats.keras.generation import Generation
from fastrnn.naming import custom_object

Config = dict[str, Any]


def own_entry(entry: Any, generation: Generation, notes: list[str]) -> Config | None:
    """Return a layer of a class in ``custom_objects``; None if it has none."""
    config = entry.get("config") if isinstance(entry, Mapping) else None
    if not isinstance(config, Mapping):
        return None
    written = str(entry.get("class_name"))
    for name in (written, str(entry.get("registered_name")), written.rpartition(">")[2]):
        found = custom_object(name)
        if isinstance(found, type) and not found.__module__.startswith("fastrnn."):
            break
    else:
        return None
    made = {key: plain(value) for key, value in config.items()}
    made["name"] = str(made.get("name") or entry.get("name") or name.lower())
    if "dtype" in config:
        made["dtype"] = read_dtype(Arguments(name, config, generation, notes))
    return {"class_name": name, "config": made}


def read_dtype(arguments: Arguments) -> str | None:
    """Return the dtype of a layer, or None."""
    value = arguments.take("dtype", None)
    name = value
    if isinstance(value, Mapping):
        inner = value.get("config")
        name = inner.get("name") if isinstance(inner, Mapping) else None
    if name is None and value is None:
        return None
    if name in ("float32", "float64"):
        return str(name)
    raise arguments.error("dtype", value, "fastrnn computes in float32 or float64")


def read_function(arguments: Arguments) -> Config:
    """Return the options of a Lambda, whose function ``custom_objects`` has.

    It has it by the name of the function, or by that of the layer.
    """
    written = arguments.take("function")
    name = written.get("config") if isinstance(written, Mapping) else written
    if not isinstance(name, str) or custom_object(name) is None:
        name = arguments.name if custom_object(arguments.name) is not None else name
    if not isinstance(name, str) or custom_object(name) is None:
        title = name if isinstance(name, str) else arguments.name
        raise CheckpointError(
            f"{arguments.title}: fastrnn never runs a program that a file holds; give the function "
            f"to load_model: custom_objects={{{title!r}: ...}}"
        )
    options: Config = {"function": {"function": name}}
    for argument in ("arguments", "output_shape"):
        value = plain(arguments.take(argument, None))
        if value:
            options[argument] = list(value) if isinstance(value, tuple) else value
    for argument in ("function_type", "module", "output_shape_type", "output_shape_module"):
        arguments.take(argument, None)
    arguments.must_be("mask")
    return options


def plain(value: Any) -> Any:
    """Return a value of a configuration with the tuples that Keras 3 describes."""
    if isinstance(value, Mapping):
        if value.get("class_name") == "__tuple__" and isinstance(value.get("items"), list):
            return tuple(map(plain, value["items"]))
        return {key: plain(one) for key, one in value.items()}
    return list(map(plain, value)) if isinstance(value, list) else value
