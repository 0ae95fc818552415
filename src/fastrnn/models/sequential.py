"""A model that is written as a list of layers."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastrnn.layers import Input, InputLayer, Layer, SymbolicTensor
from fastrnn.models.model import Model
from fastrnn.models.tracing import Graph

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
        self._start_tensor: SymbolicTensor | None = None
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
            if self._added or self._start_tensor is not None:
                raise ValueError("the input should come first, and once")
            self._start_tensor = layer.tensor()
            return
        if any(other is layer for other in self._added):
            raise ValueError(f"{layer.name} stands in the chain twice")
        if self._start_tensor is None and not self._added and layer.input_shape is not None:
            self._start_tensor = Input(layer.input_shape, layer.dtype, batch_size=layer.batch_size)
        if self._start_tensor is not None:
            end = self._start_tensor if self._known_graph is None else self.graph.outputs[0]
            self._known_graph = Graph([self._start_tensor], [_behind(end, layer)])
        self._added.append(layer)
        self._trainer = None

    def build(self, input_shape: Sequence[int | None]) -> None:
        """Create the weights, for data of `input_shape`, batch first: (None, time, features)."""
        with _building:
            if self._known_graph is not None or not self._added:
                return
            start = end = Input(tuple(input_shape)[1:], self._added[0].dtype)
            for layer in self._added:
                end = _behind(end, layer)
            self._start_tensor, self._known_graph = start, Graph([start], [end])

    @property
    def graph(self) -> Graph:
        """The calls of the layers; an error says what to do where they are not known yet."""
        if not self._added:
            raise RuntimeError("the model has no layers; add some with model.add(layer)")
        return super().graph

    def _output_names(self) -> list[str]:
        return ["output"]

    def _read_inputs(self, x: Any, argument: str) -> list[NDArray[Any]]:
        if self._known_graph is None and self._added:
            shape = np.shape(x)
            # Of the time the data says nothing: the next may be longer.
            if 0 in self._added[0].token_inputs:
                self.build((None, None))
            else:
                self.build((None, None, shape[-1]) if len(shape) == 3 else (None, *shape[1:]))
        return super()._read_inputs(x, argument)


def _behind(tensor: SymbolicTensor, layer: Layer) -> SymbolicTensor:
    outputs = layer.connect([tensor])
    if len(outputs) > 1:
        raise ValueError(
            f"{layer.name} has {len(outputs)} outputs; layers of a Sequential have one each, a "
            "Model may have more"
        )
    return outputs[0]
