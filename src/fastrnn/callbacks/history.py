"""The record of a training."""

from __future__ import annotations

from collections.abc import Sequence

from fastrnn.callbacks.callback import Callback, Logs


class History(Callback):
    """What ``fit`` returns.

    Attributes
    ----------
    history : dict of str to list of float
        A list an entry of the logs, a value an epoch: ``loss``, ``accuracy``, ``val_loss``...
    epoch : list of int
        The epochs that were run, the first is 0.
    """

    def __init__(self) -> None:
        self.history: dict[str, list[float]] = {}
        self.epoch: list[int] = []

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Start anew."""
        self.history, self.epoch = {}, []

    def fill(self, epochs: Sequence[tuple[int, Logs]]) -> None:
        """Take over the epochs of a training that goes on, each with its logs."""
        self.history, self.epoch = {}, []
        for epoch, logs in epochs:
            self.on_epoch_end(epoch, logs)

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Note the epoch."""
        self.epoch.append(epoch)
        for name, value in (logs or {}).items():
            self.history.setdefault(name, []).append(value)
