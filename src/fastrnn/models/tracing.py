"""The graph of a model, traced from its outputs back to its inputs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, cast

from fastrnn.layers import InputLayer, Layer, SymbolicTensor
from fastrnn.layers.contract import Contract
from fastrnn.layers.naming import counted_name
from fastrnn.layers.shapes import Shape
from fastrnn.layers.symbolic import Node
from fastrnn.models.penalty import Penalty

#: Number of input shapes for which a graph caches its output shapes.
KNOWN_SHAPES = 256


class Graph:
    """The calls of layers from inputs to outputs, in topological order.

    Attributes
    ----------
    inputs, outputs : tuple of SymbolicTensor
    input_layers : tuple of InputLayer
        The layer of each input.  If an input is the output of a layer of a larger model, a new
        input layer replaces that layer.
    nodes : tuple of Node
        The calls, including input layers before their first use.
    uses : Counter of SymbolicTensor
        Number of calls and outputs that read each tensor.
    numbers_a_row : int
        Total number of outputs of all layers for a sample, or for a step of a sample.
    """

    def __init__(self, inputs: Sequence[SymbolicTensor], outputs: Sequence[SymbolicTensor]) -> None:
        self.inputs, self.outputs = tuple(inputs), tuple(outputs)
        self.input_layers = tuple(_input_layer(tensor) for tensor in self.inputs)
        #: Cached shapes of the outputs, by the shapes of the inputs without the batch.
        self._answers: dict[tuple[tuple[int, ...], ...], list[Shape]] = {}
        self._starts = {
            tensor: layer.tensor().node
            for tensor, layer in zip(self.inputs, self.input_layers, strict=True)
        }
        self._penalty: Penalty | None = None
        self.nodes = tuple(self._in_order())
        self.uses = Counter(self.outputs)
        for node in self.nodes:
            self.uses.update(node.inputs)
        made = [tensor for node in self.nodes for tensor in node.outputs]
        self.numbers_a_row = sum(tensor.shape[-1] or 1 for tensor in made)
        for tensor in self.inputs:
            self.takes_tokens(tensor)  # raises ValueError
        give_names(self.layers)

    @property
    def layers(self) -> list[Layer]:
        """The layers, those of the inputs included, in the order of their first calls."""
        # A node is typed by the interface of layers; every layer of a model is a Layer.
        return list(dict.fromkeys(cast("Layer", node.layer) for node in self.nodes))

    @property
    def features(self) -> list[int]:
        """Number of features of each output."""
        return [tensor.shape[-1] or 1 for tensor in self.outputs]

    @property
    def penalty(self) -> Penalty:
        """The penalties of the regularizers."""
        if self._penalty is None:
            self._penalty = Penalty(self.layers)
        return self._penalty

    def node_of(self, tensor: SymbolicTensor) -> Node:
        """Return the call that makes a tensor in this graph; an input layer's for an input."""
        return self._starts.get(tensor, tensor.node)

    def readers(self, tensor: SymbolicTensor) -> list[tuple[Contract, int]]:
        """Return the layers that read a tensor, with the index among their inputs."""
        return [
            (node.layer, position)
            for node in self.nodes
            for position, read in enumerate(node.inputs)
            if read is tensor
        ]

    def takes_tokens(self, tensor: SymbolicTensor) -> bool:
        """Return whether an input is read as integers."""
        kinds = {position in layer.token_inputs for layer, position in self.readers(tensor)}
        if len(kinds) > 1:
            names = ", ".join(layer.name for layer, _ in self.readers(tensor))
            raise ValueError(
                f"{names} read {tensor!r} as tokens and as numbers; give each an Input of its own"
            )
        return kinds == {True}

    def answer_shape(self, index: int, x: Sequence[Any]) -> tuple[int, ...]:
        """Return the shape of output `index` for the arrays `x`."""
        known = self.outputs[index].shape
        if None in known[1:]:
            shapes = tuple(array.shape[1:] for array in x)
            found = self._answers.get(shapes)
            if found is None:
                found = self.output_shapes([array.shape for array in x])
                if len(self._answers) >= KNOWN_SHAPES:
                    self._answers.clear()
                self._answers[shapes] = found
            known = found[index]
        return (len(x[0]), *(extent or 0 for extent in known[1:]))

    def output_shapes(self, shapes: Sequence[Shape]) -> list[Shape]:
        """Return the shapes of the outputs for inputs of these shapes."""
        found = {
            tensor: (None, *shape[1:]) for tensor, shape in zip(self.inputs, shapes, strict=True)
        }
        for node in self.nodes:
            if node.inputs:
                made = node.layer.output_shapes([found[tensor] for tensor in node.inputs])
                found.update(zip(node.outputs, made, strict=True))
        return [found[tensor] for tensor in self.outputs]

    def __reduce__(self) -> tuple[Any, ...]:
        # Without recursion, since a model may be deeper than Python's limit.
        places = {node: place for place, node in enumerate(self.nodes)}

        def written(tensors: Sequence[SymbolicTensor]) -> list[tuple[int, int]]:
            return [(places[self.node_of(t)], 0 if t in self._starts else t.index) for t in tensors]

        calls = [
            (
                node.layer,
                written(node.inputs),
                [tensor.shape for tensor in node.outputs],
                any(tensor.has_mask for tensor in node.outputs),
            )
            for node in self.nodes
        ]
        return _again, (calls, written(self.inputs), written(self.outputs))

    def require_steps(self) -> SymbolicTensor:
        """Return the input of a model that can be computed step by step.

        Raises
        ------
        ValueError
            If it has several inputs or outputs, or a layer is called on states.
        """
        if len(self.inputs) != 1 or len(self.outputs) != 1:
            raise ValueError(
                f"the model has {len(self.inputs)} inputs and {len(self.outputs)} outputs; a "
                "stream wants a model with one of each"
            )
        start = self.inputs[0]
        if len(start.shape) != (2 if self.takes_tokens(start) else 3):
            raise ValueError(
                f"the input of the model has shape {start.shape}; a stream wants (None, time, "
                "features)"
            )
        for node in self.nodes:
            if len(node.inputs) > 1 and not node.layer.takes_several:
                raise ValueError(
                    f"{node.layer.name} is called on several tensors; in a stream its states "
                    "begin as zeros, or as they are set, so it should be called on one"
                )
        return start

    def require_chain(self) -> None:
        """Raise ``ValueError`` unless the layers follow one another."""
        self.require_steps()
        for node in self.nodes:
            if len(node.inputs) > 1 or any(self.uses[tensor] > 1 for tensor in node.outputs):
                raise ValueError(
                    f"{node.layer.name} is not one of a plain row of layers, each behind one "
                    "other; in a stream, a model inside a model should be that"
                )

    def _in_order(self) -> list[Node]:
        seen: set[Node] = set()
        # With an explicit stack, since a model may be deeper than Python's recursion limit.
        waiting = [(self.node_of(tensor), False) for tensor in reversed(self.outputs)]
        found: list[Node] = []
        while waiting:
            node, is_ready = waiting.pop()
            if is_ready:
                found.append(node)
            elif node not in seen:
                seen.add(node)
                if not node.inputs and node not in self._starts.values():
                    wanted = ", ".join(repr(tensor) for tensor in self.inputs)
                    raise ValueError(
                        f"outputs does not follow from inputs: going back from "
                        f"{', '.join(map(repr, self.outputs))} one comes to {node.outputs[0]!r}, "
                        f"not to {wanted}"
                    )
                waiting.append((node, True))
                waiting += [(self.node_of(tensor), False) for tensor in reversed(node.inputs)]
        # Inputs that no output depends on are still inputs of the model.
        return [node for node in self._starts.values() if node not in seen] + found


def _again(
    calls: list[tuple[Layer, list[tuple[int, int]], list[Any], bool]],
    inputs: list[tuple[int, int]],
    outputs: list[tuple[int, int]],
) -> Graph:
    """Return a copy of a graph, using copies of its layers."""
    made: list[Sequence[SymbolicTensor]] = []
    for layer, reads, shapes, has_mask in calls:
        if isinstance(layer, InputLayer):
            made.append([layer.tensor()])
            continue
        node = Node(layer, [made[place][index] for place, index in reads], shapes, has_mask)
        layer._node = layer._node or node
        made.append(node.outputs)
    return Graph(
        [made[place][index] for place, index in inputs],
        [made[place][index] for place, index in outputs],
    )


def trace(inputs: Any, outputs: Any) -> Graph:
    """Return the graph from `inputs` to `outputs`, each a tensor or a list of them."""
    starts, ends = tensors_of(inputs, "inputs"), tensors_of(outputs, "outputs")
    for index, tensor in enumerate(starts):
        if tensor in starts[:index]:
            raise ValueError(f"inputs[{index}] is there twice")
    if any(tensor in starts for tensor in ends):
        raise ValueError("inputs and outputs are the same tensor; a model needs a layer between")
    return Graph(starts, ends)


def tensors_of(given: Any, argument: str) -> list[SymbolicTensor]:
    """Return a tensor or a sequence of tensors as a list; refuse anything else."""
    tensors = list(given) if isinstance(given, (list, tuple)) else [given]
    if not tensors:
        raise ValueError(f"{argument} is empty; it should hold one tensor or more")
    for tensor in tensors:
        if not isinstance(tensor, SymbolicTensor):
            raise TypeError(
                f"{argument} is of type {type(tensor).__name__}; it should be the result of "
                "Input(...) or of a layer"
            )
    return tensors


def _input_layer(tensor: SymbolicTensor) -> InputLayer:
    if isinstance(tensor.layer, InputLayer):
        return tensor.layer
    # A part of a larger model: outputs of earlier layers are its inputs.
    return InputLayer(tensor.shape[1:], dtype=tensor.dtype)


def give_names(layers: Sequence[Layer]) -> None:
    """Rename layers so that names are unique; names given by the user are kept."""
    used = {layer.name for layer in layers if not layer.is_named_by_count}
    seen: set[str] = set()
    counts: Counter[str] = Counter()
    for layer in layers:
        if layer.is_named_by_count and layer.name in used:
            stem = "input" if isinstance(layer, InputLayer) else layer.stem
            # Names are never removed, so the search continues where the last one ended.
            name = counted_name(stem, used, counts[stem] + 1)
            counts[stem] = int(name.rpartition("_")[2])
            layer.rename(name)
        elif layer.name in seen:
            raise ValueError(f"two layers are called {layer.name!r}; names should be unique")
        seen.add(layer.name)
        used.add(layer.name)
