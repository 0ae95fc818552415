"""The loops of training, evaluation and prediction."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastrnn.callbacks.callback import CallbackList, Logs
from fastrnn.models.batch import Batches
from fastrnn.models.non_finite import NonFiniteGradientError
from fastrnn.models.objective import Means, Objective
from fastrnn.models.samples import Samples
from fastrnn.models.trainer import Trainer

Array = NDArray[Any]


def fit(
    model: Any,
    trainer: Trainer,
    samples: Samples,
    validation: Samples | None,
    epochs: range,
    seed: np.random.SeedSequence | None,
    shuffle: bool,
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
    seed : numpy.random.SeedSequence, optional
        Where the order of the samples comes from, and what layers draw; None if neither is wanted.
        An epoch depends on this and its number alone, so a training can begin at any epoch.
    shuffle : bool
        Whether every epoch has an order of its own; else samples are taken as they lie.
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
        means = Means(trainer.objective)
        if seed is not None:
            trainer.reseed(_of_epoch(epoch, seed))
        if seed is None or not shuffle:
            batches = samples.in_order()
        else:
            batches = samples.shuffled(order_of(epoch, len(samples), seed))
        for number, data in enumerate(batches):
            if step_begins is not None:
                step_begins(number, {})
            try:
                means.add(trainer.step(data))
            except NonFiniteGradientError as error:
                error.epoch, error.step = epoch, number
                callbacks.call("on_non_finite_gradient", number, error)
                if not model.stop_training:
                    raise
                means.add(error.measured)
            if step_ends is not None:
                step_ends(number, means.logs())
            if model.stop_training:
                break
        logs = means.logs()
        if validation is not None:
            found = evaluate(trainer.batches, trainer.objective, validation, callbacks)
            logs.update({f"val_{name}": value for name, value in found.items()})
        callbacks.call("on_epoch_end", epoch, logs)
        if model.stop_training:
            break
    callbacks.call("on_train_end", logs)


def order_of(epoch: int, samples: int, seed: np.random.SeedSequence) -> Array:
    """Return the order of the samples in an epoch."""
    return np.random.Generator(np.random.PCG64(_of_epoch(epoch, seed))).permutation(samples)


def _of_epoch(epoch: int, seed: np.random.SeedSequence) -> np.random.SeedSequence:
    return np.random.SeedSequence(seed.entropy, spawn_key=(*seed.spawn_key, epoch))


def evaluate(
    batches: Batches, objective: Objective, samples: Samples, callbacks: CallbackList
) -> Logs:
    """Return loss and metrics over `samples`, by name."""
    begins, ends = callbacks.hook("on_test_batch_begin"), callbacks.hook("on_test_batch_end")
    means = Means(objective)
    callbacks.call("on_test_begin", {})
    for number, data in enumerate(samples.in_order()):
        if begins is not None:
            begins(number, {})
        batch = batches.for_data(data.x)
        batch.load(data.x, data.y, data.weights)
        batch.forward(False)
        means.add(batch.measure(False))
        if ends is not None:
            ends(number, means.logs())
    callbacks.call("on_test_end", means.logs())
    return means.logs()


def predict(
    batches: Batches,
    x: Sequence[Array],
    outputs: Sequence[Array],
    batch_size: int,
    callbacks: CallbackList,
) -> None:
    """Fill `outputs` with the model's answers to `x`, both a list of arrays."""
    begins, ends = callbacks.hook("on_predict_batch_begin"), callbacks.hook("on_predict_batch_end")
    callbacks.call("on_predict_begin", {})
    for number, start in enumerate(range(0, len(x[0]), batch_size)):
        if begins is not None:
            begins(number, {})
        piece = [array[start : start + batch_size] for array in x]
        batch = batches.for_data(piece)
        batch.load(piece)
        batch.forward(False)
        batch.write_answers([output[start : start + batch_size] for output in outputs])
        if ends is not None:
            ends(number, {})
    callbacks.call("on_predict_end", {})
