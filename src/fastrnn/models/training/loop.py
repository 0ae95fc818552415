"""The loops of training, evaluation and prediction."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastrnn.callbacks.callback import CallbackList, Logs
from fastrnn.models.batch import Batches
from fastrnn.models.non_finite import NonFiniteGradientError
from fastrnn.models.objective import Means, Objective
from fastrnn.models.order import Order, drawn
from fastrnn.models.samples import Data, Samples
from fastrnn.models.training.exchange import Exchange, Halted
from fastrnn.models.training.interrupts import Interrupts
from fastrnn.models.training.resuming import Resumption
from fastrnn.models.training.run import Run
from fastrnn.models.training.trainer import Trainer

Array = NDArray[Any]


def fit(
    model: Any,
    trainer: Trainer,
    samples: Samples,
    validation: Samples | None,
    run: Run,
    until: int,
    resumed: Resumption | None = None,
) -> None:
    """Train epoch by epoch.

    Parameters
    ----------
    model : Model
        Looked at for `stop_training` only.
    trainer : Trainer
    samples, validation : Samples
    run : Run
        From where on to train; moved on.  An epoch depends on its seed and the epoch's number
        alone, so a training can begin at any epoch.
    until : int
        The epoch to stop before.
    resumed : Resumption, optional
        What is to be put back at the right moment.

    Raises
    ------
    NonFiniteGradientError
        At a gradient that is not finite, unless a callback then sets `stop_training`.
    KeyboardInterrupt
        At Ctrl-C, after the callbacks' `on_interrupt`; in all processes if one was interrupted.
    """
    callbacks = run.callbacks
    interrupted = callbacks.hook("on_interrupt")
    wanted = interrupted is not None or trainer.exchange.is_shared
    interrupts = Interrupts(wanted, lambda: trainer.is_open)
    interrupts.begin()
    try:
        _train(model, trainer, samples, validation, run, until, resumed, interrupts)
    except KeyboardInterrupt:
        interrupts.release()
        if interrupted is not None:
            interrupted()
        raise
    finally:
        interrupts.release()
        callbacks.close()


def _train(
    model: Any,
    trainer: Trainer,
    samples: Samples,
    validation: Samples | None,
    run: Run,
    until: int,
    resumed: Resumption | None,
    interrupts: Interrupts,
) -> None:
    callbacks, exchange = run.callbacks, trainer.exchange
    step_begins = callbacks.hook("on_train_batch_begin")
    step_ends = callbacks.hook("on_train_batch_end")
    trainer.is_open = False
    remembers = interrupts.active and trainer.has_states
    logs: Logs = {}

    def settle() -> None:
        model.stop_training, interrupted = exchange.settle(model.stop_training, interrupts.seen)
        if interrupted:
            raise KeyboardInterrupt

    callbacks.call("on_train_begin", {})
    ended = False
    if resumed is not None:
        model.stop_training = resumed.stopped
        if not run.step:
            ended = resumed.stopped
            resumed.restore_rest(trainer, callbacks, run)
            resumed = None
    while run.epoch < until and not ended:
        epoch = run.epoch
        callbacks.call("on_epoch_begin", epoch, {})
        means = run.means = Means(trainer.objective, run.totals)
        trainer.begin_epoch(None if run.seed is None else _of_epoch(epoch, run.seed))
        batches = _batches(samples, run)
        if resumed is not None:
            resumed.restore_rest(trainer, callbacks, run)
            batches = batches if not resumed.stopped else iter(())
            resumed = None
        for number, data in enumerate(batches, start=run.step):
            if step_begins is not None:
                step_begins(number, {})
            if remembers:
                run.layers = trainer.layer_states()
            try:
                means.add(trainer.step(data))
            except Halted:
                break
            except NonFiniteGradientError as error:
                error.epoch, error.step = epoch, number
                callbacks.call("on_non_finite_gradient", number, error)
                if not model.stop_training:
                    raise
                means.add(error.measured)
            run.step, run.layers = number + 1, None
            if step_ends is not None:
                step_ends(number, means.logs())
            if model.stop_training or interrupts.seen:
                if not exchange.is_shared:
                    break
                # The others are told at the step that they begin, which nobody makes then.
                exchange.halts = True
        settle()
        logs = means.logs()
        if validation is not None:
            run.layers = trainer.layer_states() if remembers else None
            trainer.is_open = not exchange.is_shared
            found = evaluate(trainer.batches, trainer.objective, validation, callbacks, exchange)
            trainer.is_open, run.layers = False, None
            logs.update({f"val_{name}": value for name, value in found.items()})
            logs = dict(sorted(logs.items()))
        run.epochs.append((epoch, logs))
        run.epoch, run.step, run.means, run.totals = epoch + 1, 0, None, None
        callbacks.call("on_epoch_end", epoch, logs)
        settle()
        ended = model.stop_training
    callbacks.call("on_train_end", logs)


def _batches(samples: Samples, run: Run) -> Iterator[Data]:
    order: Order | None = None
    if run.seed is not None and run.shuffle:
        order = order_of(run.epoch, len(samples), run.seed)
    return samples.for_training(order, run.step)


def order_of(epoch: int, samples: int, seed: np.random.SeedSequence) -> Order:
    """Return the order of the samples in an epoch, as :func:`fastrnn.models.order.drawn` does."""
    return drawn(samples, _of_epoch(epoch, seed))


def _of_epoch(epoch: int, seed: np.random.SeedSequence) -> np.random.SeedSequence:
    return np.random.SeedSequence(seed.entropy, spawn_key=(*seed.spawn_key, epoch))


def evaluate(
    batches: Batches,
    objective: Objective,
    samples: Samples,
    callbacks: CallbackList,
    exchange: Exchange | None = None,
) -> Logs:
    """Return loss and metrics over `samples`, by name; with an exchange, their parts are shared."""
    exchange = exchange or Exchange()
    begins, ends = callbacks.hook("on_test_batch_begin"), callbacks.hook("on_test_batch_end")
    means = Means(objective)
    callbacks.call("on_test_begin", {})
    for number, data in enumerate(samples.in_order(*exchange.part(len(samples)))):
        if begins is not None:
            begins(number, {})
        batch = batches.for_data(data.x)
        batch.load(data.x, data.y, data.weights)
        batch.forward(False)
        means.add(batch.measure(False))
        if ends is not None:
            ends(number, means.logs())
    means = exchange.sum_means(means)
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
