"""A graph of layers from inputs to outputs, and their weights."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fastrnn.callbacks.console import say
from fastrnn.construction import Constructible, with_older_names
from fastrnn.guarded import Guarded
from fastrnn.layers import InputLayer, Layer, SymbolicTensor, serialize
from fastrnn.layers.building import building
from fastrnn.layers.contract import Contract
from fastrnn.layers.parameter import Freezing, Parameter, assign
from fastrnn.layers.shapes import Shape, one_or_all
from fastrnn.layers.variables import Variables
from fastrnn.models.layer_order import listed
from fastrnn.models.names import weight_names
from fastrnn.models.nested import ModelLayer
from fastrnn.models.summary import Table
from fastrnn.models.tabulating import table_of
from fastrnn.models.tracing import Graph
from fastrnn.settings import boolean

Array = NDArray[Any]

#: Number of layers in the repr of a model.
SHOWN = 6


class UnknownShapeError(RuntimeError, AttributeError):
    """A model was asked for what depends on the shape of an input that it has not seen yet.

    In Keras that is an ``AttributeError``, by which ``hasattr`` says no.
    """


class Network(Variables, Guarded, metaclass=Constructible):
    """The part of a model that does not concern training: a graph of layers, with weights.

    Parameters
    ----------
    name : str
    """

    _no_effect = frozenset(
        {"activity_regularizer", "autocast", "built", "compiled", "dtype_policy", "input_spec"}
        | {"jit_compile", "predict_function", "run_eagerly", "steps_per_execution"}
        | {"supports_jit", "supports_masking", "test_function", "train_function"}
    )
    _often_set = ("stop_training", "trainable", "optimizer")

    def __init__(self, name: str) -> None:
        self.name = name
        self._trainable = True
        self._known_graph: Graph | None = None
        self._layer: ModelLayer | None = None
        #: Its name in tables; and the user-defined layer that it computes, if any.
        self._title = type(self).__name__
        self._owner: Any = None

    # The layers --------------------------------------------------------------------------------

    @property
    def _is_known(self) -> bool:
        """Whether the shapes, and therefore the graph, are known."""
        return self._known_graph is not None

    def _build_for(self, shape: Shape) -> None:
        """Build the model for an input of `shape`, unless its shapes are known already."""

    def _build_for_data(self, x: Any) -> None:
        """Create the weights for data like `x`, if the model does not define its input shape."""

    @property
    def _graph(self) -> Graph:
        """The graph of the layers; an error if the shapes are not known yet."""
        if self._known_graph is None:
            raise UnknownShapeError(
                "the shape of the input is unknown: begin the model with Input(shape), call "
                "model.build(shape), or fit it first"
            )
        return self._known_graph

    @property
    def layers(self) -> list[Layer]:
        """The layers in Keras's order, input layers included.

        A layer comes after the layers that it reads; among branches, layers farther from the
        outputs come first.
        """
        return unwrapped(self._listed())

    def _listed(self) -> list[Layer]:
        """Return the layers, with a `ModelLayer` for each nested model."""
        return listed(self._graph)

    @property
    def input(self) -> SymbolicTensor | list[SymbolicTensor]:
        """The symbolic input; a list if there are several."""
        found: SymbolicTensor | list[SymbolicTensor] = one_or_all(self._graph.inputs)
        return found

    @property
    def output(self) -> SymbolicTensor | list[SymbolicTensor]:
        """The symbolic output; a list if there are several."""
        found: SymbolicTensor | list[SymbolicTensor] = one_or_all(self._graph.outputs)
        return found

    def _as_layer(self, layer: ModelLayer | None = None) -> ModelLayer:
        """Return the one layer that represents this model in other models."""
        with building:
            if self._layer is None:
                named = None if self.name in ("model", "sequential") else self.name
                self._layer = layer or ModelLayer(self, named)
            return self._layer

    @property
    def inputs(self) -> list[SymbolicTensor]:
        """The symbolic inputs."""
        return list(self._graph.inputs)

    @property
    def outputs(self) -> list[SymbolicTensor]:
        """The symbolic outputs."""
        return list(self._graph.outputs)

    @property
    def input_shape(self) -> Shape | list[Shape]:
        """Shape of the input, batch first; None for an axis of any size.  A list if several."""
        shapes: Shape | list[Shape] = one_or_all([t.shape for t in self._graph.inputs])
        return shapes

    @property
    def output_shape(self) -> Shape | list[Shape]:
        """Shape of the output, batch first; None where the data decide.  A list if several."""
        shapes: Shape | list[Shape] = one_or_all([t.shape for t in self._graph.outputs])
        return shapes

    @property
    def dtype(self) -> np.dtype:
        """The dtype of the computation and of the outputs."""
        return self._graph.outputs[0].layer.dtype

    def reset_states(self) -> None:
        """Reset the states of all layers with ``stateful=True`` to zeros."""
        for layer in self._graph.layers:
            if layer.stateful:
                layer.reset_states()

    def get_layer(self, name: str | None = None, index: int | None = None) -> Layer:
        """Return a layer by its name, or by its index in :attr:`layers`.

        Raises
        ------
        ValueError
            If there is no such layer, or not exactly one argument is given.
        """
        if (name is None) == (index is None):
            raise ValueError("get_layer takes a name or an index, one of the two")
        found = self.layers
        if index is not None:
            if not -len(found) <= index < len(found):
                raise ValueError(f"index is {index}; the model has {len(found)} layers")
            return found[index]
        names = [layer.name for layer in self._listed()]
        # Keras 3 calls the first LSTM of a model lstm, and not lstm_1.
        for known in (name, f"{name}_1"):
            if known in names:
                return found[names.index(known)]
        raise ValueError(f"the model has no layer {name!r}; it has {', '.join(names)}")

    @with_older_names
    def summary(
        self,
        line_length: int | None = None,
        print_fn: Callable[[str], object] | None = None,
        expand_nested: bool = False,
        show_trainable: bool = False,
        layer_range: Sequence[str] | None = None,
    ) -> None:
        """Print the layers: name and type, output shape, number of weights.

        Values that are unknown until the model is built are shown as ``?`` and ``unbuilt``.  If the
        layers do not form a chain, a column lists the inputs of each layer.  Notebooks display a
        model as this table.

        Parameters
        ----------
        line_length : int, optional
            65 if left out, or 80 with the column of inputs; more with `show_trainable`.
        print_fn : callable, optional
            Called with each line; prints to standard output if left out.
        expand_nested : bool, default False
            Whether the layers of nested models follow, indented.
        show_trainable : bool, default False
            Whether a column says if training changes the weights of a layer: Y, N, or ``-`` without
            weights.
        layer_range : (str, str), optional
            The first and the last layer to show: names, or patterns of names.  The numbers below
            the table count all layers.
        """
        table = self._table(expand_nested, show_trainable, layer_range)
        for line in table.text(line_length).splitlines():
            (print_fn or say)(line)

    def _table(self, *how: Any) -> Table:
        """Return the table that :meth:`summary` prints."""
        layers, title = self._listed(), f"{type(self).__name__} {self.name!r}"
        if layers and not self._is_known:
            return table_of(title, layers, None, 0, True, *how)
        trained = sum(parameter.value.size for parameter in self.trainable_weights)
        return table_of(title, layers, self._graph, trained, is_chain(self._graph), *how)

    def _repr_html_(self) -> str | None:
        """Return the table of the layers for a notebook; None if there are no layers."""
        try:
            return self._table().html()
        except RuntimeError:
            return None

    def __call__(self, inputs: Any, mask: Any = None, training: bool | None = None) -> Any:
        """Connect the model as a part of another model, or compute it on arrays.

        Parameters
        ----------
        inputs : SymbolicTensor or ndarray
            A list where the model has several inputs.
        mask, training :
            See :class:`fastrnn.layers.Layer`.

        Returns
        -------
        SymbolicTensor or ndarray, or list of them
            The outputs.  All calls share the weights of this model, and each model that contains it
            trains them.

        Examples
        --------
        >>> from fastrnn.layers import Dense, Input, LSTM, concatenate
        >>> from fastrnn.models import Model, Sequential
        >>> encoder = Sequential([Input((None, 3)), LSTM(8)], name="encoder")
        >>> one, other = Input((None, 3)), Input((None, 3))
        >>> both = concatenate([encoder(one), encoder(other)])
        >>> siamese = Model([one, other], Dense(1, "sigmoid")(both))
        >>> siamese.count_params() == encoder.count_params() + 17
        True
        """
        return self._as_layer()(inputs, mask, training)

    def __repr__(self) -> str:
        title = f"{type(self).__name__} {self.name!r}"
        try:
            layers = self._listed()
        except RuntimeError:
            layers = []
        if not layers or not self._is_known:
            return f"<{title}: {_counted(len(layers), 'layer')}, not built yet>"
        shown = [_shown(layer) for layer in layers if not isinstance(layer, InputLayer)]
        more = f", and {len(shown) - SHOWN} more" if len(shown) > SHOWN else ""
        return (
            f"<{title}: {self.input_shape} to {self.output_shape}, "
            f"{_counted(self.count_params(), 'parameter')}: {', '.join(shown[:SHOWN])}{more}>"
        )

    def get_config(self) -> dict[str, Any]:
        """Return the layers and their connections, without weights, as a JSON-serializable dict."""
        graph = self._graph
        layers = [serialize(layer) for layer in graph.layers]
        config: dict[str, Any] = {
            "class_name": type(self).__name__,
            "name": self.name,
            "layers": layers,
        }
        if not self.trainable:
            config["trainable"] = False
        return config if is_chain(graph) else {**config, **connections(graph)}

    def to_json(self, **options: Any) -> str:
        """Return :meth:`get_config` as JSON; `options` go to :func:`json.dumps`."""
        return json.dumps(self.get_config(), **options)

    # The weights -------------------------------------------------------------------------------

    @property
    def weights(self) -> list[Parameter]:
        """All weights, in the order of :attr:`layers`.

        Their ``value`` is the memory that the model computes with, where a GRU has its gates in the
        order r, z, n; :meth:`get_weights` returns them in Keras's order.
        """
        return [parameter for layer in listed(self._graph) for parameter in layer.parameters]

    @property
    def trainable(self) -> bool:
        """Whether training changes the weights; can be set at any time, for all layers at once.

        See :attr:`fastrnn.layers.Layer.trainable`.
        """
        return self._trainable

    @trainable.setter
    def trainable(self, value: bool) -> None:
        self._trainable = boolean("trainable", value)
        Freezing.version = object()
        for layer in self.layers:
            layer.trainable = self._trainable

    @property
    def trainable_weights(self) -> list[Parameter]:
        """The weights that training changes, in the order of :attr:`weights`."""
        if not self.trainable:
            return []
        return [weight for layer in listed(self._graph) for weight in layer.trainable_weights]

    @property
    def non_trainable_weights(self) -> list[Parameter]:
        """The weights that training does not change, in the order of :attr:`weights`."""
        trained = {parameter.key for parameter in self.trainable_weights}
        return [parameter for parameter in self.weights if parameter.key not in trained]

    def count_params(self) -> int:
        """Return the total size of the weights."""
        return sum(parameter.value.size for parameter in self.weights)

    def get_weights(self) -> list[Array]:
        """Return copies of all weights in Keras's format, in the order of :attr:`layers`.

        See :meth:`fastrnn.layers.Layer.get_weights` for the arrays of a layer.
        """
        return [parameter.to_keras(parameter.value) for parameter in self.weights]

    def set_weights(self, weights: Sequence[ArrayLike]) -> None:
        """Replace all weights, or none if one does not fit.

        Parameters
        ----------
        weights : sequence of array_like
            In the format of :meth:`get_weights`, of this package or of the same model in Keras.
            They are copied.

        Raises
        ------
        ValueError
            If their number or one of the shapes does not fit.
        """
        assign(self.weights, weights, weight_names(listed(self._graph)))


def _counted(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def _shown(layer: Layer) -> str:
    """Return a short description of a layer; the class and name of a nested model."""
    if isinstance(layer, ModelLayer):
        return f"{type(layer.model).__name__} {layer.name!r}"
    return repr(layer).replace(f", name={layer.name!r}", "").replace(f"name={layer.name!r}", "")


def unwrapped(layers: Sequence[Layer]) -> list[Any]:
    """Return the layers, with nested models and composed layers instead of their `ModelLayer`."""
    return [
        (layer.model._owner or layer.model) if isinstance(layer, ModelLayer) else layer
        for layer in layers
    ]


def is_chain(graph: Graph) -> bool:
    """Return whether the layers form a chain: each reads only the one before it."""
    *before, last = graph.nodes
    reads = [[graph.node_of(tensor) for tensor in node.inputs] for node in graph.nodes]
    return (
        reads == [[], *([node] for node in before)]
        and graph.outputs == last.outputs
        and all(len(node.outputs) == 1 for node in graph.nodes)
        and len(graph.layers) == len(graph.nodes)
    )


def connections(graph: Graph) -> dict[str, Any]:
    """Return the connections of the layers, as JSON-serializable lists.

    A tensor is [index of the call that makes it, index of the output].  ``connections`` lists the
    tensors that each call reads, ``inputs`` has the indices of the input layers in the order of the
    model's inputs, ``outputs`` the output tensors.  Each layer is called once, in order; if a layer
    is called more often, ``calls`` has the index of the layer for each call.
    """
    places = {node: place for place, node in enumerate(graph.nodes)}

    def written(tensors: Sequence[SymbolicTensor]) -> list[list[int]]:
        return [[places[graph.node_of(t)], 0 if t in graph.inputs else t.index] for t in tensors]

    layers: dict[Contract, int] = {layer: place for place, layer in enumerate(graph.layers)}
    calls = [layers[node.layer] for node in graph.nodes]
    return {
        **({"calls": calls} if len(calls) > len(layers) else {}),
        "connections": [written(node.inputs) for node in graph.nodes],
        "inputs": [place for place, _ in written(graph.inputs)],
        "outputs": written(graph.outputs),
    }
