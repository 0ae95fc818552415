"""A model that is written as a list of layers."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fastrnn.layers import Input, InputLayer, Layer, SymbolicTensor
from fastrnn.models.model import Model

# Threads may call an unbuilt model at once, and one of them should build it.  One lock for all
# models: each is built once, and an object with a lock could not be copied.
_building = threading.RLock()


class Sequential(Model):
    """A chain of layers, given as a list or added one by one.

    Parameters
    ----------
    layers : sequence of Layer, optional
        May begin with :func:`fastrnn.layers.Input`, or its first layer may have an `input_shape`.
        Without either, the layers are built by the first data they see, or by :meth:`build`.
    name : str, default "sequential"

    Examples
    --------
    >>> from fastrnn.layers import GRU, Dense, Input
    >>> model = Sequential([Input((None, 3)), GRU(16), Dense(1)])
    >>> model.compile("adam", "mse")
    """

    def __init__(
        self, layers: Sequence[Layer | SymbolicTensor] | None = None, name: str = "sequential"
    ) -> None:
        self._start(name)
        self._added: list[Layer] = []
        for layer in layers or []:
            self.add(layer)

    @property
    def layers(self) -> list[Layer]:
        """The layers in order, without that of the input."""
        return list(self._added)

    def add(self, layer: Any) -> None:
        """Put a layer at the end.

        Raises
        ------
        TypeError
            If it is no layer.
        ValueError
            If it does not fit behind the one before, or stands in the chain already.
        """
        if isinstance(layer, SymbolicTensor):
            layer = layer.layer
        if isinstance(layer, type) or not isinstance(layer, Layer):
            given = layer.__name__ if isinstance(layer, type) else type(layer).__name__
            raise TypeError(f"layer is {given}; it should be a layer, such as Dense(3)")
        if isinstance(layer, InputLayer):
            if self._added or self._tensors:
                raise ValueError("the input should come first, and once")
            self._tensors = [layer.tensor()]
            return
        if not self._tensors and not self._added and layer.input_shape is not None:
            self._tensors = [Input(layer.input_shape, layer.dtype)]
        if self._tensors:
            self._set_chain([*self._tensors, layer(self._tensors[-1])])
        elif any(other is layer for other in self._added):
            raise ValueError(f"{layer.name} stands in the chain twice")
        self._added.append(layer)
        self._trainer = None

    def build(self, input_shape: Sequence[int | None]) -> None:
        """Create the weights, for data of `input_shape`, batch first: (None, time, features)."""
        with _building:
            if self._tensors:
                return
            dtype = self._added[0].dtype if self._added else "float32"
            tensors = [Input(tuple(input_shape)[1:], dtype)]
            for layer in self._added:
                tensors.append(layer(tensors[-1]))
            self._set_chain(tensors)

    def _read_inputs(self, x: ArrayLike, argument: str) -> NDArray[Any]:
        if not self._tensors and self._added:
            shape = np.shape(x)
            # Of the time the data says nothing: the next may be longer.
            self.build((None, None, shape[-1]) if len(shape) == 3 else (None, *shape[1:]))
        return super()._read_inputs(x, argument)

    def _require_chain(self) -> None:
        if not self._added:
            raise RuntimeError("the model has no layers; add some with model.add(layer)")
        super()._require_chain()
