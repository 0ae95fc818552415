"""The loop of a training."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fastrnn.callbacks.callback import Logs
from fastrnn.callbacks.logged import Logged, of_batch
from fastrnn.models.evaluating import evaluate
from fastrnn.models.non_finite import NonFiniteGradientError
from fastrnn.models.objective import Means
from fastrnn.models.source import Data, seed_of
from fastrnn.models.training.epochs import Epochs
from fastrnn.models.training.exchange import Halted
from fastrnn.models.training.interrupts import Interrupts
from fastrnn.models.training.resuming import Resumption
from fastrnn.models.training.run import Run
from fastrnn.models.training.trainer import Trainer
from fastrnn.models.training.validation import Validation


class Loop:
    """Trains epoch by epoch.

    Parameters
    ----------
    model : Model
        Only its `stop_training` is read.
    trainer : Trainer
    epochs : Epochs
    validation : Validation or None
    run : Run
        The position to start from; it is updated.  The random numbers of an epoch depend only on
        the seed and the index of the epoch, so a training can start at any epoch.
    """

    def __init__(
        self,
        model: Any,
        trainer: Trainer,
        epochs: Epochs,
        validation: Validation | None,
        run: Run,
    ) -> None:
        self._model, self._trainer, self._run = model, trainer, run
        self._epochs, self._validation = epochs, validation
        self._callbacks, self._exchange = run.callbacks, trainer.exchange
        self._step_begins = self._callbacks.hook("on_train_batch_begin")
        self._step_ends = self._callbacks.hook("on_train_batch_end")
        self._interrupted = self._callbacks.hook("on_interrupt")
        wanted = self._interrupted is not None or self._exchange.is_shared
        self._interrupts = Interrupts(wanted, lambda: trainer.is_open)
        self._resumed: Resumption | None = None

    def fit(self, until: int, resumed: Resumption | None = None) -> None:
        """Train.

        Parameters
        ----------
        until : int
            The epoch to stop before.
        resumed : Resumption, optional
            The state to restore.

        Raises
        ------
        NonFiniteGradientError
            If a gradient is not finite, unless a callback then sets `stop_training`.
        KeyboardInterrupt
            After Ctrl-C and the callbacks' `on_interrupt`; in all processes if one was interrupted.
        """
        self._resumed = resumed
        self._interrupts.begin()
        try:
            self._train(until)
        except KeyboardInterrupt:
            self._interrupts.release()
            if self._interrupted is not None:
                self._interrupted()
            raise
        finally:
            self._interrupts.release()
            self._callbacks.close()

    def _train(self, until: int) -> None:
        model, run, callbacks = self._model, self._run, self._callbacks
        self._trainer.is_open = False
        #: Whether the states of layers are saved before each step, for the case that it is
        #: abandoned.
        self._remembers = self._interrupts.active and self._trainer.has_states
        logs: Logs = {}
        callbacks.call("on_train_begin", {})
        ended = False
        if self._resumed is not None:
            model.stop_training = self._resumed.stopped
            if not run.step:
                ended = self._resumed.stopped
                self._restore()
        while run.epoch < until and not ended:
            if run.epochs and not run.step and not self._epochs.have_more():
                break
            logs = self._epoch()
            ended = model.stop_training or self._epochs.has_ended
        callbacks.call("on_train_end", logs)

    def _restore(self) -> None:
        """Restore the states of callbacks and layers of a resumed training."""
        assert self._resumed is not None
        self._resumed.restore_rest(self._trainer, self._callbacks, self._run)
        self._resumed = None

    def _epoch(self) -> Logs:
        """Train the current epoch, from its first step or from the resumed position.

        Returns its logs.
        """
        trainer, run, callbacks = self._trainer, self._run, self._callbacks
        epoch = run.epoch
        callbacks.call("on_epoch_begin", epoch, {})
        means = run.means = Means(trainer.objective, run.sums)
        trainer.begin_epoch(None if run.seed is None else seed_of(epoch, run.seed))
        stopped = False
        if self._resumed is not None:
            stopped = self._resumed.stopped
            self._restore()
        if not stopped:
            self._steps(self._epochs.batches(run.begins, run.step, run.seed), means)
        self._settle()
        logs = means.logs()
        if callbacks.params.get("steps") is None:
            callbacks.params["steps"] = run.step
        if self._validation is not None and self._validation.is_next(epoch):
            logs.update(self._validated(self._validation))
            logs = Logged(sorted(logs.items()))
        run.end_epoch(logs, self._epochs.next)
        callbacks.call("on_epoch_end", epoch, logs)
        self._settle()
        return logs

    def _steps(self, batches: Iterator[Data], means: Means) -> None:
        """Make the steps of an epoch."""
        model, run, exchange = self._model, self._run, self._exchange
        while (data := self._read(batches)) is not None:
            number = run.step
            size = len(data) if data.share is None else data.share.total
            if self._step_begins is not None:
                self._step_begins(number, of_batch({}, number, size))
            if self._remembers:
                run.layers = self._trainer.layer_states()
            try:
                means.add(self._trainer.step(data))
            except Halted:
                return
            except NonFiniteGradientError as error:
                error.epoch, error.step = run.epoch, number
                self._callbacks.call("on_non_finite_gradient", number, error)
                if not model.stop_training:
                    raise
                means.add(error.measured)
            run.step, run.layers = number + 1, None
            if self._step_ends is not None:
                self._step_ends(number, of_batch(means.logs(), number, size))
            if model.stop_training or self._interrupts.seen:
                if not exchange.is_shared:
                    return
                # The other processes are told at the beginning of the next step, which no process
                # makes.
                exchange.halts = True

    def _read(self, batches: Iterator[Data]) -> Data | None:
        """Return the next batch.  Ctrl-C is not delayed here, so it interrupts a slow generator."""
        trainer = self._trainer
        trainer.is_open = not self._exchange.is_shared
        try:
            return next(batches, None)
        finally:
            trainer.is_open = False

    def _validated(self, validation: Validation) -> Logs:
        """Return losses and metrics on the validation data."""
        trainer, run, exchange = self._trainer, self._run, self._exchange
        run.layers = trainer.layer_states() if self._remembers else None
        trainer.is_open = not exchange.is_shared
        found, _ = evaluate(
            trainer.batches,
            trainer.objective,
            validation.source,
            self._callbacks,
            validation.steps,
            exchange,
        )
        trainer.is_open, run.layers = False, None
        return {f"val_{name}": value for name, value in found.items()}

    def _settle(self) -> None:
        """Exchange with the other processes whether to stop, and whether Ctrl-C was pressed."""
        model, interrupts = self._model, self._interrupts
        model.stop_training, interrupted = self._exchange.settle(
            model.stop_training, interrupts.seen
        )
        if interrupted:
            raise KeyboardInterrupt
