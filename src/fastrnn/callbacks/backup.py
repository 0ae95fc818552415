"""Backups of a training, which continues when its program is started again."""

from __future__ import annotations

import os
from contextlib import suppress
from time import monotonic
from typing import Any, ClassVar

from fastrnn.callbacks import kept
from fastrnn.callbacks.callback import Callback, Logs
from fastrnn.callbacks.console import say
from fastrnn.callbacks.frequency import Frequency, checked
from fastrnn.construction import Harmless
from fastrnn.files import path_text, remove_leftovers
from fastrnn.settings import boolean, number


class BackupAndRestore(Callback):
    """Save the training regularly, and continue from the last save after an interruption.

    Start a killed or interrupted program again: `fit` finds the file and continues.  The result is
    bit for bit that of an uninterrupted training: weights, optimizer, random numbers, the position
    in the shuffled epoch, the history, and the states of other callbacks.

    Parameters
    ----------
    backup_dir : str or path
        A folder for this training only; created if necessary.  The file in it is
        ``training.safetensors``.
    save_freq : {"epoch"}, int or None, default "epoch"
        When to save: after every epoch, or after every so many steps.
    save_seconds : float, optional
        Also save after the first step that ends so many seconds after the last save.
    delete_checkpoint : bool, default True
        Whether to remove the file at the end of the training.

    See Also
    --------
    fastrnn.models.Model.fit : With ``resume=``, continues from any file that a training saved.

    Notes
    -----
    Compile the model and call `fit` as the first time; only `epochs` may be larger.  This callback
    is called after all others, whose states are saved with the model's.

    Examples
    --------
    >>> from fastrnn.layers import Dense, Input
    >>> from fastrnn.models import Sequential
    >>> model = Sequential([Input((1,)), Dense(1)])
    >>> model.compile("adam", "mse")
    >>> x = np.linspace(-1, 1, 50)[:, np.newaxis]
    >>> callback = BackupAndRestore("backup")
    >>> history = model.fit(
    ...     x, 3 * x, epochs=3, validation_split=0.2, callbacks=[callback], verbose=0
    ... )
    >>> history.epoch
    [0, 1, 2]
    """

    #: Keras's arguments without an effect here, at their defaults.
    harmless: ClassVar[Harmless] = {
        "double_checkpoint": ((False,), "a file is replaced whole or not at all, so one will do"),
    }
    is_last = True
    is_for_first = True

    _kept: ClassVar[kept.Kept] = {"_steps": kept.count}

    def __init__(
        self,
        backup_dir: str | os.PathLike[str],
        save_freq: Frequency | None = "epoch",
        save_seconds: float | None = None,
        delete_checkpoint: bool = True,
    ) -> None:
        if save_freq is not None and save_freq is not False:
            save_freq = checked("save_freq", save_freq)
        if save_seconds is not None:
            save_seconds = number("save_seconds", save_seconds, above=0)
        self.backup_dir = path_text("backup_dir", backup_dir)
        self.save_freq = save_freq or None
        self.save_seconds = save_seconds
        self.delete_checkpoint = boolean("delete_checkpoint", delete_checkpoint)
        self._steps = 0
        self._saved_at = 0.0

    @property
    def path(self) -> str:
        """The file."""
        return os.path.join(self.backup_dir, "training.safetensors")

    def resume_from(self) -> str | None:
        """Return the file, if it exists."""
        return self.path if os.path.exists(self.path) else None

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Start the clock, and remove temporary files of interrupted saves."""
        remove_leftovers(self.backup_dir)
        self._steps, self._saved_at = 0, monotonic()

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Save, if it is time."""
        self._steps += 1
        by_steps = isinstance(self.save_freq, int) and self._steps % self.save_freq == 0
        if by_steps or self._seconds_are_over():
            self._save()

    def _seconds_are_over(self) -> bool:
        return self.save_seconds is not None and monotonic() >= self._saved_at + self.save_seconds

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Save, if it is time."""
        if self.save_freq == "epoch":
            self._save()

    def on_interrupt(self) -> None:
        """Save, and print how to continue."""
        self._save()
        say(f"\nInterrupted; saved to {self.path}: start the program again to go on from there")

    def on_train_end(self, logs: Logs | None = None) -> None:
        """Remove the file."""
        if self.delete_checkpoint:
            with suppress(FileNotFoundError):
                os.unlink(self.path)
            with suppress(OSError):  # there may be something else in it
                os.rmdir(self.backup_dir)

    def _save(self) -> None:
        model: Any = self.model
        model.save(self.path)
        self._saved_at = monotonic()
