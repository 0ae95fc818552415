"""Callbacks that change the learning rate from epoch to epoch."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import ClassVar

from fastrnn.callbacks import kept
from fastrnn.callbacks.callback import Callback, Logs
from fastrnn.callbacks.monitor import Mode, Monitor
from fastrnn.settings import integer, number, verbosity


class LearningRateScheduler(Callback):
    """Set the learning rate before every epoch.

    Parameters
    ----------
    schedule : callable
        Takes the epoch, from 0, and the current learning rate, and returns the new one.  A function
        with a single parameter gets only the epoch.
    verbose : int, default 0
        1 prints a line at every epoch.

    Notes
    -----
    Adds ``learning_rate`` to the logs of every epoch.  For a rate that changes at every step, use
    :mod:`fastrnn.optimizers.schedules`.

    Examples
    --------
    >>> from fastrnn.layers import Dense, Input
    >>> from fastrnn.models import Sequential
    >>> model = Sequential([Input((1,)), Dense(1)])
    >>> model.compile("adam", "mse")
    >>> x = np.linspace(-1, 1, 50)[:, np.newaxis]
    >>> callback = LearningRateScheduler(lambda epoch, rate: 0.01 / (1 + epoch))
    >>> history = model.fit(
    ...     x, 3 * x, epochs=3, validation_split=0.2, callbacks=[callback], verbose=0
    ... )
    >>> round(model.optimizer.learning_rate, 4)
    0.0033
    """

    reports = ("learning_rate",)

    def __init__(self, schedule: Callable[..., float], verbose: int = 0) -> None:
        if not callable(schedule):
            raise TypeError(
                f"schedule is of type {type(schedule).__name__}; it should be a function of the "
                "epoch and the learning rate"
            )
        self.schedule = schedule
        self.verbose = verbosity(verbose)

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Set the rate."""
        optimizer = self.model.optimizer
        before = optimizer.learning_rate
        rate = optimizer.learning_rate = self._rate_of(epoch, before)
        if self.verbose:
            self.say(f"\nEpoch {epoch + 1:05d}: setting learning rate to {rate:g}")

    def _rate_of(self, epoch: int, before: float) -> float:
        try:
            inspect.signature(self.schedule).bind(epoch, before)
        except TypeError:
            return self.schedule(epoch)
        except ValueError:  # signatures of some built-in functions cannot be inspected
            try:
                return self.schedule(epoch, before)
            except TypeError:
                return self.schedule(epoch)
        return self.schedule(epoch, before)

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Add the rate to the logs."""
        if logs is not None:
            logs["learning_rate"] = self.model.optimizer.learning_rate


class ReduceLROnPlateau(Monitor):
    """Reduce the learning rate when a value has stopped improving.

    Parameters
    ----------
    monitor : str, default "val_loss"
    factor : float, default 0.1
        Factor of the reduction; above 0 and below 1.
    patience : int, default 10
        Number of epochs without an improvement before a reduction.
    verbose : int, default 0
        1 prints a line at every change.
    mode : {"auto", "min", "max"}
        Whether lower or higher is better; "auto" decides by the name.
    min_delta : float, default 1e-4
        Minimum change that counts as an improvement.
    cooldown : int, default 0
        Number of epochs after a reduction during which no waiting is counted.
    min_lr : float, default 0
        Lower limit of the learning rate.

    Notes
    -----
    Adds ``learning_rate``, the rate of the epoch's steps, to the logs of every epoch.

    Examples
    --------
    >>> from fastrnn.layers import Dense, Input
    >>> from fastrnn.models import Sequential
    >>> model = Sequential([Input((1,)), Dense(1)])
    >>> model.compile("adam", "mse")
    >>> x = np.linspace(-1, 1, 50)[:, np.newaxis]
    >>> callback = ReduceLROnPlateau(factor=0.5, patience=2)
    >>> history = model.fit(
    ...     x, 3 * x, epochs=3, validation_split=0.2, callbacks=[callback], verbose=0
    ... )
    >>> model.optimizer.learning_rate <= 0.001
    True
    """

    _kept: ClassVar[kept.Kept] = {
        "best": kept.measured,
        "wait": kept.count,
        "cooldown_counter": kept.count,
    }
    reports = ("learning_rate",)

    def __init__(
        self,
        monitor: str = "val_loss",
        factor: float = 0.1,
        patience: int = 10,
        verbose: int = 0,
        mode: Mode = "auto",
        min_delta: float = 1e-4,
        cooldown: int = 0,
        min_lr: float = 0.0,
    ) -> None:
        super().__init__(monitor, mode, min_delta)
        self.factor = number("factor", factor, above=0, below=1)
        self.patience = integer("patience", patience, least=0)
        self.verbose = verbosity(verbose)
        self.cooldown = integer("cooldown", cooldown, least=0)
        self.min_lr = number("min_lr", min_lr, least=0)
        self._begin()

    def _begin(self) -> None:
        self.wait = 0
        self.cooldown_counter = 0
        self.best = None

    def in_cooldown(self) -> bool:
        """Return whether the cooldown is in progress."""
        return self.cooldown_counter > 0

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Reset the state."""
        self._begin()

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Compare, and reduce the rate if necessary."""
        if logs is not None:
            logs["learning_rate"] = self.model.optimizer.learning_rate
        value = self.watched(logs)
        if value is None:
            return
        if self.in_cooldown():
            self.cooldown_counter -= 1
            self.wait = 0
        if self.is_better(value, self.best):
            self.best = value
            self.wait = 0
        elif not self.in_cooldown():
            self.wait += 1
            if self.wait >= self.patience:
                self._reduce(epoch)

    def _reduce(self, epoch: int) -> None:
        optimizer = self.model.optimizer
        before = optimizer.learning_rate
        if before <= self.min_lr:
            return
        optimizer.learning_rate = max(before * self.factor, self.min_lr)
        self.cooldown_counter = self.cooldown
        self.wait = 0
        if self.verbose:
            self.say(
                f"\nEpoch {epoch + 1:05d}: reducing learning rate to {optimizer.learning_rate:g}"
            )
