"""Early stopping."""

from __future__ import annotations

import math
from typing import Any, ClassVar

from fastrnn.callbacks import kept
from fastrnn.callbacks.callback import Callback, Logs
from fastrnn.callbacks.monitor import Mode, Monitor
from fastrnn.settings import boolean, integer, number, verbosity


class EarlyStopping(Monitor):
    """Stop the training when a value has stopped improving.

    Parameters
    ----------
    monitor : str, default "val_loss"
    min_delta : float, default 0
        Minimum change that counts as an improvement.
    patience : int, default 0
        Number of epochs without an improvement before stopping.
    verbose : int, default 0
        1 prints a line when it stops the training.
    mode : {"auto", "min", "max"}
        Whether lower or higher is better; "auto" decides by the name.
    baseline : float, optional
        Only an improvement that is better than the baseline resets the waiting.  The training never
        stops at an epoch that is the best so far.
    restore_best_weights : bool, default False
        Whether to restore the weights of the best epoch.
    start_from_epoch : int, default 0
        Epochs before this one are ignored.

    Attributes
    ----------
    stopped_epoch : int
        Index of the epoch at which training stopped; 0 if it was not stopped.

    Examples
    --------
    >>> from fastrnn.layers import Dense, Input
    >>> from fastrnn.models import Sequential
    >>> model = Sequential([Input((1,)), Dense(1)])
    >>> model.compile("adam", "mse")
    >>> x = np.linspace(-1, 1, 50)[:, np.newaxis]
    >>> callback = EarlyStopping(patience=2, restore_best_weights=True)
    >>> history = model.fit(
    ...     x, 3 * x, epochs=3, validation_split=0.2, callbacks=[callback], verbose=0
    ... )
    >>> len(history.epoch) <= 3
    True
    """

    _kept: ClassVar[kept.Kept] = {
        "wait": kept.count,
        "stopped_epoch": kept.count,
        "best": kept.measured,
        "best_epoch": kept.count,
        "_best_weights": kept.weights,
    }

    def __init__(
        self,
        monitor: str = "val_loss",
        min_delta: float = 0.0,
        patience: int = 0,
        verbose: int = 0,
        mode: Mode = "auto",
        baseline: float | None = None,
        restore_best_weights: bool = False,
        start_from_epoch: int = 0,
    ) -> None:
        super().__init__(monitor, mode, min_delta)
        self.patience = integer("patience", patience, least=0)
        self.verbose = verbosity(verbose)
        self.baseline = None if baseline is None else number("baseline", baseline)
        self.restore_best_weights = boolean("restore_best_weights", restore_best_weights)
        self.start_from_epoch = integer("start_from_epoch", start_from_epoch, least=0)
        self._begin()

    def _begin(self) -> None:
        self.wait = 0
        self.stopped_epoch = 0
        self.best = None
        self.best_epoch = 0
        self._best_weights: list[Any] | None = None

    def get_state(self) -> dict[str, Any]:
        """Return the state; weights have the gates in the order of files."""
        state, best = super().get_state(), self._best_weights
        if best is not None:
            pairs = zip(self.model.weights, best, strict=True)
            state["_best_weights"] = [weight.from_keras(array) for weight, array in pairs]
        return state

    def set_state(self, state: dict[str, Any]) -> None:
        """Restore a state from :meth:`get_state`."""
        super().set_state(state)
        if self._best_weights is not None:
            pairs = zip(self.model.weights, self._best_weights, strict=True)
            self._best_weights = [weight.to_keras(array) for weight, array in pairs]

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Reset the state."""
        self._begin()

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Compare, and stop the training if necessary."""
        value = self.watched(logs)
        if value is None or epoch < self.start_from_epoch:
            return
        better = self.is_better(value, self.best)
        if self.restore_best_weights and (better or self._best_weights is None):
            self._best_weights = self.model.get_weights()
        self.wait += 1
        if better:
            self.best, self.best_epoch = value, epoch
            if self.baseline is None or self.is_better(value, self.baseline):
                self.wait = 0
        elif self.wait >= self.patience and epoch > 0:
            self.stopped_epoch = epoch
            self.model.stop_training = True

    def on_train_end(self, logs: Logs | None = None) -> None:
        """Restore the best weights, if `restore_best_weights`."""
        if self.stopped_epoch and self.verbose:
            self.say(f"Epoch {self.stopped_epoch + 1:05d}: early stopping")
        if self._best_weights is not None:
            self.model.set_weights(self._best_weights)


class TerminateOnNaN(Callback):
    """Stop the training, without an error, at the first infinite or NaN loss or gradient.

    Without this callback, such a gradient raises an error.

    Parameters
    ----------
    raise_error : bool, default False
        Whether to raise ``RuntimeError`` at a loss that is not finite, instead.

    Examples
    --------
    >>> from fastrnn.layers import Dense, Input
    >>> from fastrnn.models import Sequential
    >>> model = Sequential([Input((1,)), Dense(1)])
    >>> model.compile("adam", "mse")
    >>> x = np.linspace(-1, 1, 50)[:, np.newaxis]
    >>> callback = TerminateOnNaN()
    >>> history = model.fit(
    ...     x, 3 * x, epochs=3, validation_split=0.2, callbacks=[callback], verbose=0
    ... )
    >>> history.epoch
    [0, 1, 2]
    """

    def __init__(self, raise_error: bool = False) -> None:
        self.raise_error = boolean("raise_error", raise_error)

    def on_non_finite_gradient(self, batch: int, error: ArithmeticError) -> None:
        """Print the cause, and stop the training."""
        if self.raise_error:
            return  # the error follows
        loss = getattr(error, "logs", {}).get("loss")
        self.say(f"Batch {batch}: the loss is {loss}, terminating training: {error}")
        self.model.stop_training = True

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Stop the training if the loss is not finite."""
        loss = (logs or {}).get("loss")
        already = self.model.stop_training  # reported, if its gradient was not finite
        if loss is not None and not math.isfinite(loss) and not already:
            if self.raise_error:
                raise RuntimeError(f"the loss is {loss} at batch {batch}")
            self.say(f"Batch {batch}: the loss is {loss}, terminating training")
            self.model.stop_training = True
