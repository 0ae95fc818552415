"""The loops of training, evaluation and prediction."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastrnn.callbacks.callback import CallbackList, Logs
from fastrnn.models.batch import Batches
from fastrnn.models.data import Samples
from fastrnn.models.non_finite import NonFiniteGradientError
from fastrnn.models.trainer import Trainer

Array = NDArray[Any]


class Means:
    """Means over the samples so far, of a list of values a batch."""

    def __init__(self, names: Sequence[str]) -> None:
        self._names = names
        self._sums = [0.0] * len(names)
        self._samples = 0

    def add(self, values: Iterable[float], samples: int) -> None:
        """Take in the means of a batch."""
        for index, value in enumerate(values):
            self._sums[index] += value * samples
        self._samples += samples

    def logs(self, prefix: str = "") -> Logs:
        """Return the means by name."""
        samples = max(1, self._samples)
        pairs = zip(self._names, self._sums, strict=True)
        return {prefix + name: total / samples for name, total in pairs}


def fit(
    model: Any,
    trainer: Trainer,
    samples: Samples,
    validation: Samples | None,
    epochs: range,
    shuffle: np.random.SeedSequence | None,
    callbacks: CallbackList,
) -> None:
    """Train epoch by epoch.

    Parameters
    ----------
    model : Model
        Looked at for `stop_training` only.
    trainer : Trainer
    samples, validation : Samples
    epochs : range
    shuffle : numpy.random.SeedSequence, optional
        Where the order of the samples comes from; None keeps them as they lie.  An epoch's order
        depends on this and the epoch's number alone, so a training can begin at any epoch.
    callbacks : CallbackList

    Raises
    ------
    NonFiniteGradientError
        At a gradient that is not finite, unless a callback then sets `stop_training`.
    """
    step_begins = callbacks.hook("on_train_batch_begin")
    step_ends = callbacks.hook("on_train_batch_end")
    logs: Logs = {}
    callbacks.call("on_train_begin", {})
    for epoch in epochs:
        callbacks.call("on_epoch_begin", epoch, {})
        means = Means(trainer.names)
        if shuffle is None:
            batches = samples.in_order()
        else:
            batches = samples.shuffled(order_of(epoch, len(samples), shuffle))
        for number, (x, y) in enumerate(batches):
            if step_begins is not None:
                step_begins(number, {})
            try:
                means.add(trainer.step(x, y), len(x))
            except NonFiniteGradientError as error:
                error.epoch, error.step = epoch, number
                callbacks.call("on_non_finite_gradient", number, error)
                if not model.stop_training:
                    raise
                means.add(error.logs.values(), len(x))
            if step_ends is not None:
                step_ends(number, means.logs())
            if model.stop_training:
                break
        logs = means.logs()
        if validation is not None:
            found = evaluate(trainer.batches, trainer.names, validation, callbacks)
            logs.update({f"val_{name}": value for name, value in found.items()})
        callbacks.call("on_epoch_end", epoch, logs)
        if model.stop_training:
            break
    callbacks.call("on_train_end", logs)


def order_of(epoch: int, samples: int, seed: np.random.SeedSequence) -> Array:
    """Return the order of the samples in an epoch."""
    own = np.random.SeedSequence(seed.entropy, spawn_key=(*seed.spawn_key, epoch))
    return np.random.Generator(np.random.PCG64(own)).permutation(samples)


def evaluate(
    batches: Batches, names: Sequence[str], samples: Samples, callbacks: CallbackList
) -> Logs:
    """Return loss and metrics over `samples`, by name."""
    begins, ends = callbacks.hook("on_test_batch_begin"), callbacks.hook("on_test_batch_end")
    means = Means(names)
    callbacks.call("on_test_begin", {})
    for number, (x, y) in enumerate(samples.in_order()):
        if begins is not None:
            begins(number, {})
        batch = batches.of_shape(x.shape)
        batch.load(x, y)
        batch.forward(False)
        means.add(batch.measure(False), len(x))
        if ends is not None:
            ends(number, means.logs())
    callbacks.call("on_test_end", means.logs())
    return means.logs()


def predict(
    batches: Batches, x: Array, output: Array, batch_size: int, callbacks: CallbackList
) -> None:
    """Fill `output` with the model's answers to `x`."""
    begins, ends = callbacks.hook("on_predict_batch_begin"), callbacks.hook("on_predict_batch_end")
    callbacks.call("on_predict_begin", {})
    for number, start in enumerate(range(0, len(x), batch_size)):
        if begins is not None:
            begins(number, {})
        piece = x[start : start + batch_size]
        batch = batches.of_shape(piece.shape)
        batch.load(piece)
        batch.forward(False)
        output[start : start + batch_size] = batch.output
        if ends is not None:
            ends(number, {})
    callbacks.call("on_predict_end", {})
