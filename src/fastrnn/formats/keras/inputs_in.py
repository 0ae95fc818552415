"""The inputs of Keras's models, and names that fastrnn's layers can have."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastrnn.formats.errors import CheckpointError
from fastrnn.formats.keras.arguments import short


def shape_in(config: Mapping[str, Any]) -> Any:
    """Return the shape of a layer's input, batch first, if its configuration has one."""
    for argument in ("batch_input_shape", "batch_shape"):
        if isinstance(config.get(argument), list):
            return config[argument]
    for argument in ("input_shape", "shape"):
        if isinstance(config.get(argument), list):
            return [config.get("batch_size"), *config[argument]]
    if isinstance(config.get("input_dim"), int) and "output_dim" in config:
        length = config.get("input_length")
        is_embedding = "embeddings_initializer" in config or "mask_zero" in config
        if is_embedding:
            return [None, length if isinstance(length, int) else None]
        if "return_sequences" in config:  # of Keras 1
            return [None, length if isinstance(length, int) else None, config["input_dim"]]
        return [None, config["input_dim"]]
    return None


def input_layer(entry: Mapping[str, Any]) -> dict[str, Any]:
    """Return fastrnn's input for one of Keras."""
    config = entry.get("config")
    shape = shape_in(config) if isinstance(config, Mapping) else None
    if not isinstance(config, Mapping) or shape is None:
        raise CheckpointError(f"an input is {short(config)}; it has no shape")
    name = str(config.get("name") or entry.get("name") or "input")
    for argument in ("sparse", "ragged"):
        if config.get(argument):
            raise CheckpointError(
                f"layer {name!r} (InputLayer): {argument} is {config[argument]!r}; fastrnn lacks "
                "this"
            )
    dtype = config.get("dtype", config.get("input_dtype"))
    if isinstance(dtype, Mapping):
        inner = dtype.get("config")
        dtype = inner.get("name") if isinstance(inner, Mapping) else None
    return make_input(name, shape, dtype)


_INPUT_TYPES = ("float32", "float64", "bool", "int8", "int16", "int32", "int64", "uint8")


def make_input(name: str, shape: list[Any], dtype: Any) -> dict[str, Any]:
    """Return an input of a name, a shape with the batch first, and a type."""
    if dtype is not None and dtype not in _INPUT_TYPES:
        raise CheckpointError(
            f"layer {name!r} (InputLayer): dtype is {short(dtype)}; fastrnn takes one of "
            f"{', '.join(_INPUT_TYPES)}"
        )
    batch, *sample = shape
    for extent in shape:
        if extent is not None and (not isinstance(extent, int) or isinstance(extent, bool)):
            raise CheckpointError(f"layer {name!r} (InputLayer): its shape is {short(shape)}")
    config: dict[str, Any] = {"shape": sample, "dtype": dtype or "float32", "name": name}
    if batch is not None:
        config["batch_size"] = batch
    return {"class_name": "InputLayer", "config": config}


def free_name(name: str, taken: set[str]) -> str:
    """Return a name without what fastrnn's names cannot have, and not one of `taken`."""
    clean = "".join(c if c.isprintable() and c not in "/:" else "_" for c in name) or "layer"
    found, count = clean, 1
    while found in taken:
        found, count = f"{clean}_{count}", count + 1
    return found
