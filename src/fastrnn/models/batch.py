"""All the memory that a model needs for batches of one shape."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from operator import is_
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastrnn.layers import SymbolicTensor
from fastrnn.models.objective import CountAll, Counted, Measure, Objective
from fastrnn.models.tracing import Graph
from fastrnn.workspace import Fork, InputWorkspace, Signal, Workspace

Array = NDArray[Any]
Shapes = tuple[tuple[int, ...], ...]

#: How many shapes of batch keep their memory.  A training has two, or four with validation: its
#: batches and the last, shorter one.
KEPT_SHAPES = 8

#: Numbers that a batch may put out, in all layers together, for its memory to be kept between two
#: predictions; and for how many threads it is kept.
MOST_NUMBERS_KEPT = 100_000
MOST_IDLE = 16


class Batch:
    """The workspaces of a graph, from the data to the loss.

    (batch, time, features) becomes time-major in :meth:`load` and nowhere else.

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
        self._steps: list[Workspace] = []
        self._uses = graph.uses
        #: What is still to be handed out of each tensor; every use gets a signal of its own.
        self._free: dict[SymbolicTensor, list[Signal]] = {}
        self._inputs = []
        dtype = graph.outputs[0].layer.dtype
        for tensor, shape in zip(graph.inputs, shapes, strict=True):
            start = InputWorkspace(
                _time_major(shape, graph.takes_tokens(tensor)),
                np.int64 if graph.takes_tokens(tensor) else dtype,
            )
            self._inputs.append(_batch_first(start.output, shape))
            self._offer(tensor, start)
        for node in graph.nodes:
            if not node.inputs:
                continue
            first, *others = [self._free[tensor].pop() for tensor in node.inputs]
            workspace = node.layer.workspace(first, training, *others)
            self._steps.append(workspace)
            for tensor, signal in zip(node.outputs, workspace.outputs, strict=True):
                self._offer(tensor, signal)
        ends = [self._free[tensor].pop() for tensor in graph.outputs]
        self._masks = [end.mask for end in ends]
        self.outputs = [_answer(end) for end in ends]
        self._measure: Measure | None = None if objective is None else objective.measure(ends)

    def _offer(self, tensor: SymbolicTensor, signal: Signal) -> None:
        uses = self._uses[tensor]
        if uses < 2:
            self._free[tensor] = [signal]
            return
        fork = Fork(signal, uses)
        self._steps.append(fork)
        self._free[tensor] = list(fork.outputs)

    def load(
        self,
        x: Sequence[Array],
        y: Sequence[Array] | None = None,
        weights: Sequence[Array | None] | None = None,
    ) -> None:
        """Copy data, targets and weights in, batch first.  Any strides, any real type.

        Tokens and labels that were changed since they were checked raise ``ValueError``, here or
        where a layer looks at its copy of them.
        """
        for target, array in zip(self._inputs, x, strict=True):
            if target.dtype.kind == "i" and array.dtype.kind == "f":
                array = _whole(array)
            np.copyto(target, array, casting="unsafe" if target.dtype.kind == "i" else "same_kind")
        if y is not None:
            assert self._measure is not None
            self._measure.load(y, weights)

    def forward(self, training: bool) -> None:
        """Fill `outputs`, the model's answers, (batch, time, features)."""
        for step in self._steps:
            step.forward(training)

    def measure(self, training: bool, count_all: CountAll | None = None) -> list[Counted]:
        """Return losses and metrics of the answer; in a training also write their gradient.

        `count_all` is what :meth:`fastrnn.models.objective.Measure.run` takes.
        """
        assert self._measure is not None
        return self._measure.run(training, count_all)

    def backward(self) -> None:
        """Fill the gradients of all weights."""
        for step in reversed(self._steps):
            step.backward()

    def write_answers(self, outputs: Sequence[Array]) -> None:
        """Copy the answers to `outputs`, with zeros at steps that do not count."""
        for output, answer, mask in zip(outputs, self.outputs, self._masks, strict=True):
            np.copyto(output, answer)
            if mask is not None:
                output[mask.T == 0] = 0


def _time_major(shape: tuple[int, ...], is_sequence: bool) -> tuple[int, ...]:
    return (shape[1], shape[0], *shape[2:]) if is_sequence or len(shape) == 3 else shape


def _whole(tokens: Array) -> Array:
    """Return a copy of tokens that came as floats, still whole as when they were checked."""
    tokens = np.array(tokens)
    wrong = ~np.isfinite(tokens) | (tokens != np.floor(tokens))
    if wrong.any():
        raise ValueError(
            f"x holds {tokens[wrong][0]}, which was written to it after the check; "
            "tokens should be whole numbers"
        )
    return tokens


def _batch_first(output: Array, shape: tuple[int, ...]) -> Array:
    """Return a view of `output` in the shape of the data."""
    if output.dtype.kind == "i":
        return output.T
    counted = output[..., : shape[-1]]
    return counted.swapaxes(0, 1) if counted.ndim == 3 else counted


def _answer(signal: Signal) -> Array:
    counted = signal.output[..., : signal.features]
    return counted.swapaxes(0, 1) if counted.ndim == 3 else counted


class Batches:
    """Makes the memory for a shape of batch once, and keeps it for the next batch of that shape.

    Parameters
    ----------
    graph, training, objective :
        See :class:`Batch`.

    Notes
    -----
    For one thread at a time: two threads that compute at once want one such object each.
    """

    def __init__(self, graph: Graph, training: bool, objective: Objective | None = None) -> None:
        self._arguments = graph, training, objective
        self._kept: OrderedDict[Shapes, Batch] = OrderedDict()

    def for_data(self, x: Sequence[Array]) -> Batch:
        """Return the memory for data of the shapes of `x`, batch first."""
        shapes = tuple(array.shape for array in x)
        batch = self._kept.get(shapes)
        if batch is None:
            graph, training, objective = self._arguments
            batch = self._kept[shapes] = Batch(graph, shapes, training, objective)
            if len(self._kept) > KEPT_SHAPES:
                self._kept.popitem(last=False)
        else:
            self._kept.move_to_end(shapes)
        return batch


class IdleBatches:
    """Memory for predictions that no call is using at the moment.

    To make it takes longer than to predict a small batch.  Every call takes some of its own and
    gives it back, so any number of threads may predict at once.  That of large batches is not kept.
    """

    def __init__(self) -> None:
        self._idle: list[tuple[Graph, list[Array], Batches]] = []

    def __reduce__(self) -> tuple[type[IdleBatches], tuple[()]]:
        # A copy of a model has weights of its own, which this memory does not see.
        return IdleBatches, ()

    @contextmanager
    def borrow(self, graph: Graph, rows: int) -> Iterator[Batches]:
        """Lend memory for predictions of a graph, in batches of so many rows (sample, step)."""
        weights = [p.value for layer in graph.layers for p in layer.parameters]
        batches: Batches | None = None
        while self._idle and batches is None:
            try:
                of_graph, of_weights, kept = self._idle.pop()
            except IndexError:  # another thread was faster
                break
            # Weights may have moved since, such as into a trainer's vector.
            if of_graph is graph and all(map(is_, of_weights, weights)):
                batches = kept
        if batches is None:
            batches = Batches(graph, False)
        yield batches
        if rows * graph.numbers_a_row <= MOST_NUMBERS_KEPT and len(self._idle) < MOST_IDLE:
            self._idle.append((graph, weights, batches))
