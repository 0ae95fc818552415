"""The memory that a model needs for batches of one shape."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastrnn.arithmetic import quietly
from fastrnn.layers import SymbolicTensor
from fastrnn.layers.parameter import Parameter, ParameterVector, settle
from fastrnn.layers.symbolic import Node
from fastrnn.models.objective import CountAll, Measure, Objective, Sums
from fastrnn.models.tracing import Graph
from fastrnn.workspace import Fork, InputWorkspace, Signal, Workspace

Array = NDArray[Any]
Shapes = tuple[tuple[int, ...], ...]

#: How many shapes of batch keep their memory.  A training has two, or four with validation: its
#: batches and the last, shorter one.
KEPT_SHAPES = 8

#: The memory of a prediction is kept for the next one if all layers together have at most so many
#: outputs; and for how many threads it is kept.
MOST_NUMBERS_KEPT = 100_000
MOST_IDLE = 16


class Wiring:
    """The workspaces of a graph, in the order in which they are computed.

    Parameters
    ----------
    graph : Graph
    sources : sequence of Signal
        One for each input of the graph.
    training : bool
        Whether gradients are wanted.

    Attributes
    ----------
    ends : list of Signal
        One for each output of the graph.
    """

    def __init__(self, graph: Graph, sources: Sequence[Signal], training: bool) -> None:
        self._steps: list[Workspace] = []
        self._uses = graph.uses
        #: For each tensor, the signals that no reader has taken yet; every reader gets its own.
        self._free: dict[SymbolicTensor, list[Signal]] = {}
        for tensor, source in zip(graph.inputs, sources, strict=True):
            self._offer(tensor, source)
        calls = [node for node in graph.nodes if node.inputs]
        sums = _sums(calls) if training else [None] * len(calls)
        for node, summed in zip(calls, sums, strict=True):
            first, *others = [self._free[tensor].pop() for tensor in node.inputs]
            workspace = node.layer.penalized_workspace(first, training, *others)
            self._steps.append(workspace)
            if summed is not None:
                self._steps[-1] = summed
                summed.workspace = workspace
            for tensor, signal in zip(node.outputs, workspace.outputs, strict=True):
                self._offer(tensor, signal)
        self.ends = [self._free[tensor].pop() for tensor in graph.outputs]

    def _offer(self, tensor: SymbolicTensor, signal: Signal) -> None:
        uses = self._uses[tensor]
        if uses < 2:
            self._free[tensor] = [signal]
            return
        fork = Fork(signal, uses)
        self._steps.append(fork)
        self._free[tensor] = list(fork.outputs)

    def forward(self, training: bool) -> None:
        """Compute the outputs."""
        for step in self._steps:
            step.forward(training)

    def backward(self) -> None:
        """Compute the gradients of all weights, and of the sources that need one."""
        for step in reversed(self._steps):
            step.backward()

    def settle(self) -> None:
        """Let layers change what is not trained by gradients, at the end of a step."""
        for step in self._steps:
            step.settle()

    def penalty(self) -> float:
        """Return what the batch adds to the loss by activity regularizers."""
        return sum(step.penalty() for step in self._steps)


class _Summed(Workspace):
    """A call of a layer that is called more than once: the gradients of its weights are summed.

    A workspace overwrites the gradients, so those of the other calls are saved in between.
    """

    workspace: Workspace

    def __init__(self) -> None:
        #: Gradients of weights and their sums so far; the weights for which this call is the first,
        #: one in between, or the last of the backward pass.
        self.first: list[tuple[Array, Array]] = []
        self.others: list[tuple[Array, Array]] = []
        self.last: list[tuple[Array, Array]] = []

    def forward(self, training: bool) -> None:
        self.workspace.forward(training)

    def backward(self) -> None:
        self.workspace.backward()
        for gradient, total in self.first:
            np.copyto(total, gradient)
        for gradient, total in self.others:
            np.add(total, gradient, out=total)
        for gradient, total in self.last:
            np.copyto(gradient, total)

    def settle(self) -> None:
        self.workspace.settle()

    def penalty(self) -> float:
        return self.workspace.penalty()


def _sums(calls: Sequence[Node]) -> list[_Summed | None]:
    """Return a wrapper for each call that sums gradients; None where no weights are shared."""
    users: dict[Parameter, list[int]] = {}
    for place, node in enumerate(calls):
        for parameter in node.layer.parameters:
            users.setdefault(parameter, []).append(place)
    found: list[_Summed | None] = [None] * len(calls)
    for parameter, places in users.items():
        if len(places) < 2:
            continue
        pair = (parameter.gradient, np.empty_like(parameter.gradient))
        for place in places:
            summed = found[place] = found[place] or _Summed()
            if place == places[-1]:
                summed.first.append(pair)
            else:
                summed.others.append(pair)
            if place == places[0]:
                summed.last.append(pair)
    return found


class Batch:
    """The workspaces of a graph, from the data to the loss.

    Only :meth:`load` converts (batch, time, features) to time-major.

    Parameters
    ----------
    graph : Graph
    shapes : tuple of tuple of int
        Of the data, batch first, one for each input.
    training : bool
        Whether gradients are wanted.
    objective : Objective, optional
    """

    def __init__(
        self, graph: Graph, shapes: Shapes, training: bool, objective: Objective | None = None
    ) -> None:
        dtype = graph.outputs[0].layer.dtype
        starts = [
            InputWorkspace(shape, np.int64 if graph.takes_tokens(tensor) else dtype)
            for tensor, shape in zip(graph.inputs, shapes, strict=True)
        ]
        self._inputs = [start.values for start in starts]
        self._samples, self._penalty = shapes[0][0], graph.penalty
        self._wiring = Wiring(graph, starts, training)
        ends = self._wiring.ends
        self._masks = [end.mask for end in ends]
        self.outputs = [end.values for end in ends]
        self._measure: Measure | None = None if objective is None else objective.measure(ends)

    @quietly
    def load(
        self,
        x: Sequence[Array],
        y: Sequence[Array] | None = None,
        weights: Sequence[Array | None] | None = None,
    ) -> None:
        """Copy data, targets and weights in, batch first.  Any strides, any real type.

        Tokens and labels that another thread has changed since the check raise ``ValueError``, here
        or in the layer that reads its copy of them.
        """
        for target, array in zip(self._inputs, x, strict=True):
            if target.dtype.kind == "i" and array.dtype.kind == "f":
                array = _whole(array)
            np.copyto(target, array, casting="unsafe" if target.dtype.kind == "i" else "same_kind")
        if y is not None:
            assert self._measure is not None
            self._measure.load(y, weights)

    @quietly
    def forward(self, training: bool) -> None:
        """Compute the outputs of the model."""
        self._wiring.forward(training)

    @quietly
    def measure(self, training: bool, count_all: CountAll | None = None) -> Sums:
        """Return losses and metrics of the outputs; in training also compute the gradients.

        See :meth:`fastrnn.models.objective.Measure.run` for `count_all`.
        """
        assert self._measure is not None
        found = self._measure.run(training, count_all)
        if not self._penalty:
            return found
        return found + self._penalty.figures(self._samples, self._wiring.penalty())

    @quietly
    def backward(self) -> None:
        """Compute the gradients of all weights."""
        self._wiring.backward()

    def settle(self) -> None:
        """End a training step: let layers change what is not trained by gradients."""
        self._wiring.settle()

    @quietly
    def write_answers(self, outputs: Sequence[Array]) -> None:
        """Copy the predictions to `outputs`, with zeros at masked steps."""
        for output, answer, mask in zip(outputs, self.outputs, self._masks, strict=True):
            np.copyto(output, answer)
            if mask is not None:
                output[mask.T == 0] = 0


def _whole(tokens: Array) -> Array:
    """Return a copy of tokens given as floats, after checking again that they are whole."""
    tokens = np.array(tokens)
    wrong = ~np.isfinite(tokens) | (tokens != np.floor(tokens))
    if wrong.any():
        raise ValueError(
            f"x holds {tokens[wrong][0]}, which was written to it after the check; "
            "tokens should be whole numbers"
        )
    return tokens


class Batches:
    """Allocates the memory for each shape of batch once, and reuses it for batches of that shape.

    Parameters
    ----------
    graph : Graph
    objective : Objective, optional
    vector : ParameterVector, optional
        Where gradients are written; none are computed if it is left out.

    Notes
    -----
    Not thread-safe: each thread needs an object of its own.
    """

    def __init__(
        self,
        graph: Graph,
        objective: Objective | None = None,
        vector: ParameterVector | None = None,
    ) -> None:
        # Workspaces hold views of the weights, so the weights do not move from here on.
        settle(parameter for layer in graph.layers for parameter in layer.parameters)
        if objective is not None:
            objective.build(graph.features, bool(graph.penalty))
        self._graph, self._objective, self._vector = graph, objective, vector
        self._kept: OrderedDict[Shapes, Batch] = OrderedDict()

    def for_data(self, x: Sequence[Array]) -> Batch:
        """Return the memory for data of the shapes of `x`, batch first."""
        shapes = tuple(array.shape for array in x)
        batch = self._kept.get(shapes)
        if batch is None:
            training = self._vector is not None
            if self._vector is not None:
                self._vector.offer_gradients()
            batch = self._kept[shapes] = Batch(self._graph, shapes, training, self._objective)
            if len(self._kept) > KEPT_SHAPES:
                self._kept.popitem(last=False)
        else:
            self._kept.move_to_end(shapes)
        return batch


class IdleBatches:
    """A pool of memory for predictions.

    Allocating takes longer than predicting a small batch.  Each call takes memory from the pool and
    returns it, so any number of threads may predict at once.  Memory for large batches is not kept.
    """

    def __init__(self) -> None:
        self._idle: list[tuple[Graph, Batches]] = []

    def __reduce__(self) -> tuple[type[IdleBatches], tuple[()]]:
        # A copy of a model has its own weights, and this memory refers to those of the original.
        return IdleBatches, ()

    @contextmanager
    def borrow(self, graph: Graph, rows: float) -> Iterator[Batches]:
        """Lend memory for predictions of a graph, in batches of so many rows (sample, step)."""
        batches: Batches | None = None
        while self._idle and batches is None:
            try:
                of_graph, kept = self._idle.pop()
            except IndexError:  # another thread has taken the last one
                break
            # Layers may have been added since.
            if of_graph is graph:
                batches = kept
        if batches is None:
            batches = Batches(graph)
        yield batches
        if rows * graph.numbers_a_row <= MOST_NUMBERS_KEPT and len(self._idle) < MOST_IDLE:
            self._idle.append((graph, batches))
