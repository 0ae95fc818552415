"""Evaluation and prediction: their loops, and what ``evaluate`` and ``predict`` do around them."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastrnn.callbacks import Callback, CallbackList
from fastrnn.callbacks.callback import Logs
from fastrnn.models.batch import Batches
from fastrnn.models.objective import Means, Objective
from fastrnn.models.source import Data, Part, Source
from fastrnn.models.tracing import Graph
from fastrnn.models.training.exchange import Exchange

Array = NDArray[Any]
Callbacks = Sequence[Callback] | Callback | None


#: Without callbacks, small predictions save the time to make a list.
_NOBODY = CallbackList([])


def listed(callbacks: Callbacks) -> list[Callback]:
    """Return the argument `callbacks` as a list."""
    if callbacks is None:
        return []
    return [callbacks] if isinstance(callbacks, Callback) else list(callbacks)


def called_on(model: Any, callbacks: Callbacks, source: Source, steps: int | None) -> CallbackList:
    """Return the callbacks, with their model and parameters set."""
    if callbacks is None:
        return _NOBODY
    found = CallbackList(listed(callbacks))
    found.prepare(
        model,
        {
            "samples": source.samples,
            "batch_size": source.batch_size,
            "steps": source.steps if steps is None else steps,
        },
    )
    return found


def evaluate(
    batches: Batches,
    objective: Objective,
    source: Source,
    callbacks: CallbackList,
    steps: int | None = None,
    exchange: Exchange | None = None,
) -> tuple[Logs, int]:
    """Return loss and metrics by name, and the number of samples or batches.

    Parameters
    ----------
    batches : Batches
    objective : Objective
    source : Source
    callbacks : CallbackList
    steps : int, optional
        How many batches to evaluate; all if left out.
    exchange : Exchange, optional
        With the processes that evaluate the other parts.
    """
    exchange = exchange or Exchange()
    begins, ends = callbacks.hook("on_test_batch_begin"), callbacks.hook("on_test_batch_end")
    means = Means(objective)
    callbacks.call("on_test_begin", {})
    number = samples = 0
    for data in _read(source, steps, exchange.part if exchange.is_shared else None):
        if begins is not None:
            begins(number, {})
        batch = batches.for_data(data.x)
        batch.load(data.x, data.y, data.weights)
        batch.forward(False)
        means.add(batch.measure(False))
        if ends is not None:
            ends(number, means.logs())
        number += 1
        samples += len(data)
    means = exchange.sum_means(means)
    callbacks.call("on_test_end", means.logs())
    return means.logs(), number if source.samples is None else samples


def _read(source: Source, steps: int | None, part: Part | None = None) -> Iterator[Data]:
    """Yield the batches of an evaluation or prediction; warn if there are too few."""
    if source.data is not None and steps is None:
        return source.in_order(part)  # all steps are there
    return _watched(source, steps, part)


def _watched(source: Source, steps: int | None, part: Part | None) -> Iterator[Data]:
    source.begin_epoch()
    count = 0
    for data in source.in_order(part, steps):
        yield data
        count += 1
    source.end_epoch()
    if part is not None:
        return
    if not count and source.samples != 0:
        raise ValueError(f"{source.argument} has no batch left to read")
    if steps is not None and count < steps:
        warnings.warn(
            f"{source.argument} ran out of data: {steps} batches were asked for, it gave {count}",
            stacklevel=2,
        )


class Outputs:
    """Memory for the predictions of a model, for all batches.

    Parameters
    ----------
    graph : Graph
    source : Source
        If it knows its number of samples, there is one array for each output; otherwise one for
        each batch, and :meth:`joined` concatenates them.
    steps : int or None
        Maximum number of batches.
    dtype : dtype
    """

    def __init__(self, graph: Graph, source: Source, steps: int | None, dtype: np.dtype) -> None:
        self._graph, self._argument, self._dtype = graph, source.argument, dtype
        self._whole: list[Array] | None = None
        self._pieces: list[list[Array]] = []
        self._filled = 0
        self._count: int | None = None
        #: Number of rows (sample, step) of a batch, if all batches have the same.
        self.rows: float = math.inf
        samples, size = source.samples, source.batch_size
        if samples is not None and size is not None:
            self._count = samples if steps is None else min(samples, steps * size)
            if source.data is not None:
                x = source.data.x
                self.rows = min(samples, size) * max(array.shape[1] for array in x)
                self._whole = self._new(x, self._count)

    def _new(self, x: Sequence[Array], count: int | None = None) -> list[Array]:
        """Return memory for the predictions for `x`, or for `samples` samples like it."""
        found = []
        for index in range(len(self._graph.outputs)):
            rows, *rest = self._graph.answer_shape(index, x)
            found.append(np.empty((rows if count is None else count, *rest), self._dtype))
        return found

    def room_for(self, data: Data) -> list[Array]:
        """Return where to write the predictions for a batch, one array for each output."""
        if self._count is None:
            self._pieces.append(self._new(data.x))
            return self._pieces[-1]
        if self._whole is None:
            self._whole = self._new(data.x, self._count)
        if len(data) == self._count:
            return self._whole
        start, self._filled = self._filled, self._filled + len(data)
        return [whole[start : self._filled] for whole in self._whole]

    def joined(self) -> list[Array]:
        """Return the predictions for all samples, one array for each output."""
        if self._whole is not None:
            return self._whole
        joined = []
        for pieces in zip(*self._pieces, strict=True):
            shapes = {piece.shape[1:] for piece in pieces}
            if len(shapes) > 1:
                raise ValueError(
                    f"the batches of {self._argument} have answers of the shapes "
                    f"{', '.join(map(str, sorted(shapes)))}, which make no array; predict the "
                    "batches one by one"
                )
            joined.append(np.concatenate(pieces))
        return joined


def predict(
    batches: Batches, source: Source, outputs: Outputs, callbacks: CallbackList, steps: int | None
) -> None:
    """Write the predictions of the model to `outputs`."""
    begins, ends = callbacks.hook("on_predict_batch_begin"), callbacks.hook("on_predict_batch_end")
    callbacks.call("on_predict_begin", {})
    for number, data in enumerate(_read(source, steps)):
        if begins is not None:
            begins(number, {})
        batch = batches.for_data(data.x)
        batch.load(data.x)
        batch.forward(False)
        batch.write_answers(outputs.room_for(data))
        if ends is not None:
            ends(number, {})
    callbacks.call("on_predict_end", {})
