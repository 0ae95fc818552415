"""User-defined layers that consist of other layers: a model computes them."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from fastrnn.layers.computed import Computed
from fastrnn.layers.contract import Contract
from fastrnn.layers.shapes import Shape

#: Parameters of `call` besides its inputs.
_KNOWN = ("mask", "training", "kept")


def held_layers(layer: Any) -> tuple[Contract, ...]:
    """Return the layers among the attributes of a user-defined layer, also in lists and dicts."""
    if not _is_theirs(layer):
        return ()
    values = (value for name, value in vars(layer).items() if name != "_composed")
    return tuple(dict.fromkeys(one for value in values for one in layers_within(value)))


def _is_theirs(layer: Any) -> bool:
    kind = type(layer)
    return not kind.__module__.startswith("fastrnn.") and kind.workspace is Computed.workspace


def layers_within(value: Any) -> Iterable[Contract]:
    """Return the layers that a value is or holds, in lists and dicts too."""
    if isinstance(value, Contract):
        return [value]
    if hasattr(value, "_as_layer") and not isinstance(value, type):
        return [value._as_layer()]
    if isinstance(value, (list, tuple)):
        return [one for part in value for one in layers_within(part)]
    if isinstance(value, Mapping):
        return [one for part in value.values() for one in layers_within(part)]
    return []


def takes_more(layer: Any) -> bool:
    """Return whether the second parameter of a user-defined `call` is another input."""
    if not _is_theirs(layer):
        return False
    names = list(inspect.signature(layer.call).parameters)
    return len(names) > 1 and names[1] not in _KNOWN


def is_composed(layer: Contract, shapes: Sequence[Shape]) -> bool:
    """Return whether a layer consists of others, after building it: `build` may create them."""
    if not _is_theirs(layer):
        return False
    if not layer.built and type(layer).build is not Contract.build and not held_layers(layer):
        layer.build(list(shapes) if layer.takes_several else shapes[0])
    return bool(held_layers(layer))


def composed(layer: Any, inputs: Sequence[Any], shapes: Sequence[Shape]) -> Any:
    """Compute a layer that consists of others on tensors or arrays.

    Raises
    ------
    TypeError
        If it has its own weights, or a `backward`, which would not train the layers inside.
    """
    if layer.differentiates_itself:
        raise TypeError(
            f"{layer.name} has layers inside and defines backward, which would leave their weights "
            "untrained; leave backward out, or compute with weights of add_weight"
        )
    model = layer._composed
    several = len(inputs) > 1 or layer.takes_several
    if model is None:
        if not layer.built:
            layer.build(list(shapes) if layer.takes_several else shapes[0])
        if layer.parameters:
            raise TypeError(
                f"{layer.name} has layers inside and weights of its own; put these weights into a "
                "Layer inside, too"
            )
        # Imported by name, because models itself imports this package.
        module = importlib.import_module("fastrnn.models.composed")
        dtype = layer._dtype or getattr(inputs[0], "dtype", None)
        model = module.Composed(layer, dtype if dtype in (np.float32, np.float64) else None)
        model.build(list(shapes) if several else shapes[0])
        layer._composed = model
    made = model(list(inputs) if several else inputs[0])
    layer.parameters, layer.built = list(model.weights), True
    return made
