"""Layers of a user's own that are made of layers: each is a model in the place of the layer."""

from __future__ import annotations

import inspect
from typing import Any

from fastrnn.layers import Layer
from fastrnn.models.model import Model


class Composed(Model):
    """The layers that a layer of a user's own calls."""

    def __init__(self, layer: Layer, dtype: Any) -> None:
        super().__init__(name=layer._name or "model")
        self._owner, self._starts_in = layer, dtype
        self._title = type(layer).__name__

    def call(self, inputs: Any, training: Any = None) -> Any:
        """Call the layer's own `call`."""
        call = self._owner.call
        names = list(inspect.signature(call).parameters)
        is_apart = isinstance(inputs, (list, tuple)) and not self._owner.takes_several
        given = list(inputs) if is_apart and len(names) > 1 else [inputs]
        return call(*given, **({"training": training} if "training" in names else {}))
