"""A model that is written as a list of layers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from fastrnn.layers import Input, InputLayer, Layer, SymbolicTensor
from fastrnn.layers.building import building
from fastrnn.layers.naming import Renaming
from fastrnn.layers.shapes import Shape
from fastrnn.models.learner import Learner
from fastrnn.models.model import Model
from fastrnn.models.nested import ModelLayer
from fastrnn.models.network import Network, unwrapped
from fastrnn.models.tracing import Graph, give_names


class Sequential(Model):
    """A chain of layers, given as a list or added one by one.

    Parameters
    ----------
    layers : sequence of Layer, optional
        May begin with :func:`fastrnn.layers.Input`, or its first layer may have an `input_shape`.
        Without either, the first data build the layers, or :meth:`build` does.
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
        Learner.__init__(self, name)
        self._added: list[Layer] = []
        self._members: set[Layer] = set()
        #: Input of the first layer and output of the last one, once shapes are known.
        self._start_tensor: SymbolicTensor | None = None
        self._end: SymbolicTensor | None = None
        self._names: dict[str, Layer] = {}
        self._renamed: object = None
        for layer in layers or []:
            self.add(layer)

    @property
    def layers(self) -> list[Layer]:
        """The layers in order, without the input layer."""
        return unwrapped(self._added)

    def _listed(self) -> list[Layer]:
        return list(self._added)

    def add(self, layer: Any) -> None:
        """Add a layer at the end.

        Raises
        ------
        TypeError
            If it is no layer.
        ValueError
            If its input does not fit the layer before it, or the model already has it.
        """
        if isinstance(layer, SymbolicTensor):
            layer = layer.layer
        if isinstance(layer, Network):
            layer = layer._as_layer()
        if isinstance(layer, type) or not isinstance(layer, Layer):
            given = layer.__name__ if isinstance(layer, type) else type(layer).__name__
            raise TypeError(f"layer is {given}; it should be a layer, such as Dense(3)")
        if isinstance(layer, InputLayer):
            if self._added or self._start_tensor is not None:
                raise ValueError("the input should come first, and once")
            self._start_tensor = layer.tensor()
            return
        if layer in self._members:
            raise ValueError(f"{layer.name} stands in the chain twice")
        start = self._start_tensor
        if start is None and not self._added and layer.sample_shape is not None:
            start = Input(layer.sample_shape, layer.batch_size, layer.dtype)
        elif start is None and not self._added and isinstance(layer, ModelLayer):
            start = layer.start()
        if start is not None:
            end = _behind(self._end or start, layer)
            layer = _layer_of(end)  # a model, where the layer is made of others
            self._take_name(_layer_of(start), layer)
            self._start_tensor, self._end = start, end
        self._added.append(layer)
        self._members.add(layer)
        # The graph is traced when it is first needed, not at every added layer.
        self._known_graph = None

    def predict_proba(self, x: Any, batch_size: int | None = None, verbose: Any = 0) -> Any:
        """Return the answers: :meth:`predict`, as Keras 2 called it for models that classify."""
        return self.predict(x, batch_size, verbose)

    def predict_classes(self, x: Any, batch_size: int | None = None, verbose: Any = 0) -> Any:
        """Return the class of every answer, as Keras 2 did.

        Returns
        -------
        ndarray of int
            The index of the largest value of the last axis, which is removed.  If the last axis has
            one unit: 1 for predictions over 0.5, otherwise 0, in the shape of the predictions.
        """
        answers = self.predict(x, batch_size, verbose)
        if answers.shape[-1] > 1:
            return answers.argmax(axis=-1)
        return (answers > 0.5).astype("int32")

    def pop(self) -> Any:
        """Remove and return the last layer.

        Raises
        ------
        RuntimeError
            If there is none.
        """
        if not self._added:
            raise RuntimeError("the model has no layers; there is none to take away")
        if self._end is not None:
            (before,) = self._end.node.inputs
            self._end = before if len(self._added) > 1 else None
        layer = self._added.pop()
        self._members.remove(layer)
        self._known_graph, self._renamed = None, None
        return unwrapped([layer])[0]

    def __call__(self, inputs: Any, mask: Any = None, training: bool | None = None) -> Any:
        """Make the model a part of another one, or compute it on arrays; see :class:`Model`."""
        if self._end is None:
            if isinstance(inputs, SymbolicTensor):
                self.build(inputs.shape)
            else:
                self._build_for_data(inputs)
        return super().__call__(inputs, mask, training)

    def _take_name(self, start: Layer, layer: Layer) -> None:
        """Make the name of a new layer unique."""
        if self._renamed is Renaming.version and layer.name not in self._names:
            self._names[layer.name] = layer
            return
        everyone = [start, *self._added, layer]
        give_names(everyone)
        self._names = {each.name: each for each in everyone}
        self._renamed = Renaming.version

    def build(self, input_shape: Any) -> None:
        """Create the weights, for data of `input_shape`, batch first: (None, time, features)."""
        with building:
            if self._end is not None or not self._added:
                return
            start = end = Input(tuple(input_shape)[1:], dtype=self._added[0].dtype)
            for place, layer in enumerate(self._added):
                end = _behind(end, layer)
                self._added[place] = _layer_of(end)
            self._members = set(self._added)
            self._known_graph = Graph([start], [end])
            self._start_tensor, self._end = start, end

    @property
    def _is_known(self) -> bool:
        """Whether the shapes are known, and so the graph."""
        return self._end is not None

    def _build_for(self, shape: Shape) -> None:
        """Build the model for an input of `shape`, unless its shapes are known already."""
        self.build(shape)

    def _build_for_data(self, x: Any) -> None:
        """Create the weights for data like `x`, of any sequence length if the layers allow it."""
        if self._end is not None or not self._added:
            return
        shape = np.shape(x)
        first = self._added[0]
        # Tokens may come with a last axis of one.
        is_tokens = 0 in first.token_inputs
        actual = shape[:2] if is_tokens and len(shape) == 3 and shape[-1] == 1 else shape
        open_time = (None, None, *actual[2:]) if is_tokens or len(actual) > 2 else None
        if open_time is not None:
            try:
                self.build(open_time)
                return
            except ValueError:
                pass  # such as Flatten, which needs the number of steps
        self.build((None, *actual[1:]))

    @property
    def _graph(self) -> Graph:
        """The calls of the layers; an error says what to do where they are not known yet."""
        if not self._added:
            raise RuntimeError("the model has no layers; add some with model.add(layer)")
        if self._known_graph is None and self._end is not None:
            with building:
                if self._known_graph is None:
                    assert self._start_tensor is not None
                    self._known_graph = Graph([self._start_tensor], [self._end])
        return super()._graph

    def __getstate__(self) -> dict[str, Any]:
        state = dict(self.__dict__)
        start = state.pop("_start_tensor")
        del state["_end"], state["_members"], state["_names"]
        if self._end is not None:
            state["_known_graph"] = self._graph
        return {**state, "_input": None if start is None else start.layer, "_renamed": None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        start, graph = state.pop("_input"), state["_known_graph"]
        self.__dict__.update(state)
        self._start_tensor = None if start is None else start.tensor()
        self._end = None if graph is None else graph.outputs[0]
        self._members, self._names = set(self._added), {}

    def _output_names(self) -> list[str]:
        return ["output"]


def _layer_of(tensor: SymbolicTensor) -> Layer:
    layer = tensor.layer
    assert isinstance(layer, Layer)
    return layer


def _behind(tensor: SymbolicTensor, layer: Layer) -> SymbolicTensor:
    outputs = layer.connect([tensor])
    if len(outputs) > 1:
        raise ValueError(
            f"{layer.name} has {len(outputs)} outputs; layers of a Sequential have one each, a "
            "Model may have more"
        )
    return outputs[0]
