"""Saving the model while it trains."""

from __future__ import annotations

import os
from typing import Any

from fastrnn.callbacks.callback import Logs
from fastrnn.callbacks.console import say
from fastrnn.callbacks.monitor import Mode, Monitor


class ModelCheckpoint(Monitor):
    """Save the model after every epoch, or after every epoch that was the best so far.

    Parameters
    ----------
    filepath : str or path
        May hold fields that the epoch (from 1) and its logs fill in:
        ``"weights.{epoch:02d}-{val_loss:.2f}.safetensors"``.  Missing folders are made.
    monitor : str, default "val_loss"
        What `save_best_only` goes by.
    verbose : int, default 0
        1 prints a line at every save.
    save_best_only : bool, default False
    save_weights_only : bool, default False
        Leave out how the model was compiled and the state of its optimizer.
    mode : {"auto", "min", "max"}
        Whether lower or higher is better; "auto" goes by the name.

    Notes
    -----
    A file holds the old or the new checkpoint at any moment, never a part of one.
    """

    def __init__(
        self,
        filepath: str | os.PathLike[str],
        monitor: str = "val_loss",
        verbose: int = 0,
        save_best_only: bool = False,
        save_weights_only: bool = False,
        mode: Mode = "auto",
    ) -> None:
        super().__init__(monitor, mode)
        self.filepath = os.fspath(filepath)
        self.verbose = verbose
        self.save_best_only = save_best_only
        self.save_weights_only = save_weights_only

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Save, if this epoch is worth it."""
        logs = logs or {}
        title = f"\nEpoch {epoch + 1:05d}:"
        if not self.save_best_only:
            self._save(epoch, logs, f"{title} saving model to ")
            return
        value = self.watched(logs)
        if value is None:
            return
        if self.is_better(value, self.best):
            improved = f"{title} {self.monitor} improved from {self.best:.5f} to {value:.5f}"
            self._save(epoch, logs, f"{improved}, saving model to ")
            self.best = value
        elif self.verbose:
            say(f"{title} {self.monitor} did not improve from {self.best:.5f}")

    def _save(self, epoch: int, logs: Logs, message: str) -> None:
        path = self._path(epoch, logs)
        if self.verbose:
            say(message + path)
        save: Any = self.model.save_weights if self.save_weights_only else self.model.save
        save(path)

    def _path(self, epoch: int, logs: Logs) -> str:
        try:
            return self.filepath.format(epoch=epoch + 1, **logs)
        except (KeyError, IndexError) as error:
            known = ", ".join(["epoch", *logs])
            raise ValueError(
                f"filepath {self.filepath!r} asks for the field {error}; it may hold {known}"
            ) from None
