"""User-defined layers that consist of other layers: a model computes each of them."""

from __future__ import annotations

import inspect
from typing import Any

from fastrnn.layers import Layer
from fastrnn.models.model import Model


class Composed(Model):
    """The model of the layers that a user-defined layer calls."""

    def __init__(self, layer: Layer, dtype: Any) -> None:
        super().__init__(name=layer._name or "model")
        self._owner, self._starts_in = layer, dtype
        self._title = type(layer).__name__

    def call(self, inputs: Any, training: Any = None) -> Any:
        """Call the `call` of the layer."""
        call = self._owner.call
        names = list(inspect.signature(call).parameters)
        is_apart = isinstance(inputs, (list, tuple)) and not self._owner.takes_several
        given = list(inputs) if is_apart and len(names) > 1 else [inputs]
        return call(*given, **({"training": training} if "training" in names else {}))
