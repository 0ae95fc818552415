"""A model as a layer of another one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from fastrnn._core.stage import Stage
from fastrnn.layers import Input, Layer, SymbolicTensor
from fastrnn.layers.parameter import Parameter
from fastrnn.layers.shapes import Shape
from fastrnn.layers.wrapper import Wrapper
from fastrnn.models.batch import Wiring
from fastrnn.models.layer_order import listed
from fastrnn.models.names import weight_names
from fastrnn.models.tracing import Graph
from fastrnn.naming import snake_case
from fastrnn.workspace import Array, Signal, Workspace

#: Returns a weight of a file by its name and shape.
Stored = Callable[[str, tuple[int, ...]], NDArray[Any]]


class Nestable(Protocol):
    """The members of a model that its layer uses; :class:`~fastrnn.models.Model` has them."""

    trainable: bool
    _title: str
    _owner: Any

    @property
    def dtype(self) -> np.dtype:
        """What the model computes in."""

    @property
    def weights(self) -> list[Parameter]:
        """All weights."""

    @property
    def _is_known(self) -> bool: ...

    @property
    def _graph(self) -> Graph: ...

    def _listed(self) -> list[Layer]: ...

    def _build_for(self, shape: Shape) -> None: ...

    def _as_layer(self, layer: ModelLayer | None = None) -> ModelLayer: ...

    def predict_on_batch(self, x: Any) -> Any:
        """Return the answers to a batch."""

    def get_config(self) -> dict[str, Any]:
        """Return the configuration."""


class ModelLayer(Wrapper):
    """The layer that represents a model in the graph of another model.

    Calling a model on the output of a layer creates it; :attr:`fastrnn.models.Model.layers` lists
    the model itself instead.  The weights are those of the model, wherever it is called.

    Parameters
    ----------
    model : Model
    """

    supports_masking = True
    draws_weights = False
    #: Makes a model from its configuration, and a function that returns its weights.
    read: ClassVar[Callable[[dict[str, Any], Stored | None], Any]]

    def __init__(self, model: Any, name: str | None = None, **options: Any) -> None:
        super().__init__(name=name, **options)
        self._model: Nestable | None = model
        self._config: dict[str, Any] | None = None
        self._dtype = model.dtype if model._is_known else None
        self.is_named_by_count = name is None

    @property
    def model(self) -> Nestable:
        """The model; one from a file is made when its weights can be read."""
        if self._model is None:
            assert self._config is not None
            self._model = type(self).read(self._config, self.stored)
            self._model._as_layer(self)
        return self._model

    @property
    def graph(self) -> Graph:
        """The layers of the model."""
        return self.model._graph

    @property
    def stem(self) -> str:
        """What the name begins with where it is made up: the type of the model."""
        return snake_case(self.model._title)

    @property
    def kind(self) -> str:
        """What tables call it: the class of the model."""
        return self.model._title

    @property
    def trainable(self) -> bool:
        """Whether trainings change the weights of the model: the model's own attribute."""
        return self.model.trainable

    @trainable.setter
    def trainable(self, value: bool) -> None:
        self.model.trainable = value

    def named_layers(self) -> Sequence[tuple[str, Layer]]:
        """Return the layers of the model."""
        return [(layer.name, layer) for layer in listed(self.graph)]

    @property
    def weight_names(self) -> list[str]:
        """What files call the weights: as in files of the model."""
        return weight_names(self.inner_layers)

    def start(self) -> SymbolicTensor | None:
        """Return an input with the shape of the model's, if it is known and the only one."""
        if not self.model._is_known or self.takes_several:
            return None
        (tensor,) = self.graph.inputs
        return Input(tensor.shape[1:], tensor.shape[0], tensor.dtype)

    def connect(self, tensors: Sequence[SymbolicTensor]) -> list[SymbolicTensor]:
        """Connect the model to its inputs, after building it for them if its shape is unknown."""
        if not self.model._is_known:
            self.model._build_for(tensors[0].shape)
        self._dtype = self._dtype or self.model.dtype
        return super().connect(tensors)

    @property
    def takes_several(self) -> bool:  # type: ignore[override]
        """Whether the model has several inputs."""
        return self.model._is_known and len(self.graph.inputs) > 1

    @property
    def token_inputs(self) -> tuple[int, ...]:  # type: ignore[override]
        """Which inputs of the model are integers."""
        if not self.model._is_known:
            first = self.model._listed()[:1]
            return first[0].token_inputs if first else ()
        inputs = enumerate(self.graph.inputs)
        return tuple(place for place, tensor in inputs if self.graph.takes_tokens(tensor))

    @property
    def token_count(self) -> int:  # type: ignore[override]
        """Size of the vocabulary of the layer that reads the tokens."""
        counts = [layer.token_count for layer, _ in self.graph.readers(self.graph.inputs[0])]
        return max(counts, default=0)

    def check_tokens_at(self, place: int, tokens: Array, argument: str) -> None:
        """Raise ``ValueError`` unless the layers that read an input accept the tokens."""
        for layer, position in self.graph.readers(self.graph.inputs[place]):
            layer.check_tokens_at(position, tokens, argument)

    def check_state(self, state: dict[str, Any]) -> None:
        """Raise ``ValueError`` unless the layers accept a state."""
        for layer in self.inner_layers:
            found = state.get(layer.name, {})
            if not isinstance(found, dict):
                raise ValueError(f"the state of {layer.name} is {found!r}; it should be a dict")
            layer.check_state(found)

    def _called(self, inputs: Any, others: Sequence[Any], mask: Any, training: Any) -> Any:
        given = inputs if isinstance(inputs, (list, tuple)) else [inputs]
        if mask is None and not training and not any(isinstance(x, SymbolicTensor) for x in given):
            return self.model.predict_on_batch(inputs)
        return super()._called(inputs, others, mask, training)

    def build(self, input_shape: Any) -> None:
        """Use the weights of the model as those of this layer."""
        self.parameters = list(self.model.weights)

    def check_inputs(self, shapes: Sequence[Shape]) -> None:
        """Raise ``ValueError`` unless the shapes fit the inputs of the model."""
        wanted = [tensor.shape for tensor in self.graph.inputs]
        fits = len(shapes) == len(wanted) and all(
            len(one) == len(other)
            and all(n is None or m in (n, None) for m, n in zip(one[1:], other[1:], strict=True))
            for one, other in zip(shapes, wanted, strict=True)
        )
        if not fits:
            raise ValueError(
                f"{self.name} got inputs of the shapes {list(shapes)}; the model has inputs of "
                f"{wanted}"
            )

    def compute_output_shape(self, input_shape: Any) -> list[Shape]:
        """Return the shapes of the model's outputs."""
        return self.graph.output_shapes(input_shape if self.takes_several else [input_shape])

    def carries_mask(self, masked: Sequence[bool]) -> bool:
        """Return whether an output of the model has a mask."""
        graph = self.graph
        found = dict(zip(graph.inputs, masked, strict=True))
        for node in graph.nodes:
            if node.inputs:
                has_mask = node.layer.carries_mask([found[tensor] for tensor in node.inputs])
                found.update(dict.fromkeys(node.outputs, has_mask))
        return any(found[tensor] for tensor in graph.outputs)

    def workspace(self, source: Signal, training: bool, *others: Signal) -> Workspace:
        """Return buffers for batches of the shape of ``source.output``."""
        return _Nested(Wiring(self.graph, [source, *others], training))

    def stages(self, source: Stage) -> list[Stage]:
        """Return the stages of the layers, if they form a chain."""
        self.graph.require_chain()
        found: list[Stage] = []
        for node in self.graph.nodes:
            if node.inputs:
                found += node.layer.stages(found[-1] if found else source)
        return found

    def get_config(self) -> dict[str, Any]:
        """Return the name and the configuration of the model."""
        return {**super().get_config(), "model": self.model.get_config()}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> ModelLayer:
        """Return a new layer from what :meth:`get_config` returned."""
        made = cls.__new__(cls)
        options = dict(config)
        made._model, made._config = None, options.pop("model")
        Layer.__init__(made, **options)
        return made


class _Nested(Workspace):
    """The workspaces of the model."""

    def __init__(self, wiring: Wiring) -> None:
        self._wiring = wiring

    @property
    def outputs(self) -> Sequence[Signal]:
        return self._wiring.ends

    def forward(self, training: bool) -> None:
        self._wiring.forward(training)

    def backward(self) -> None:
        self._wiring.backward()

    def settle(self) -> None:
        self._wiring.settle()

    def penalty(self) -> float:
        return self._wiring.penalty()
