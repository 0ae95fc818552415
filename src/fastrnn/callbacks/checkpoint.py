"""Saving the model during training."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from typing import Any, ClassVar

from fastrnn._older import reported
from fastrnn.callbacks import kept
from fastrnn.callbacks.callback import Logs
from fastrnn.callbacks.console import say
from fastrnn.callbacks.frequency import Frequency, checked
from fastrnn.callbacks.monitor import Mode, Monitor
from fastrnn.callbacks.template import FileTemplate
from fastrnn.files import path_text
from fastrnn.formats import check_ending, format_for
from fastrnn.settings import boolean, integer, number, verbosity


class ModelCheckpoint(Monitor):
    """Save the model after every epoch, every so many steps, or whenever it is the best so far.

    Parameters
    ----------
    filepath : str or path
        May contain fields for the epoch (from 1) and its logs:
        ``"weights.{epoch:02d}-{val_loss:.2f}.safetensors"``; when saving by steps also ``{batch}``,
        from 1.  A field is a name with an optional number format.  Missing folders are created.
        The file extension chooses the format; the Keras formats ``.h5``, ``.hdf5`` and ``.keras``
        cannot be used to resume; see :meth:`fastrnn.models.Model.save`.
    monitor : str, default "val_loss"
        The value for `save_best_only`.  If the training does not report it, a warning is issued and
        every model is saved, as in Keras.
    verbose : int, default 0
        1 prints a line at every save.
    save_best_only : bool, default False
    save_weights_only : bool, default False
        Whether to omit the compile options and the optimizer state.
    mode : {"auto", "min", "max"}
        Whether lower or higher is better; "auto" decides by the name.
    save_freq : {"epoch"} or int, default "epoch"
        When to save: after every epoch, or every so many steps, counted across epochs.  When saving
        by steps, only ``loss`` and the metrics can be monitored.
    initial_value_threshold : float, optional
        The value that the first one must improve on.
    period : int, default 1
        Save every so many epochs; an older argument of Keras.

    Notes
    -----
    Files are replaced atomically: they contain the old or the new checkpoint.

    Examples
    --------
    >>> from fastrnn.layers import Dense, Input
    >>> from fastrnn.models import Sequential
    >>> model = Sequential([Input((1,)), Dense(1)])
    >>> model.compile("adam", "mse")
    >>> x = np.linspace(-1, 1, 50)[:, np.newaxis]
    >>> callback = ModelCheckpoint("best.safetensors", save_best_only=True)
    >>> history = model.fit(
    ...     x, 3 * x, epochs=3, validation_split=0.2, callbacks=[callback], verbose=0
    ... )
    >>> from fastrnn.models import load_model
    >>> load_model("best.safetensors").count_params()
    2
    """

    is_for_first = True
    _kept: ClassVar[kept.Kept] = {"best": kept.measured, "_steps": kept.count}
    _without = "saves all the same"

    def __init__(
        self,
        filepath: str | os.PathLike[str],
        monitor: str = "val_loss",
        verbose: int = 0,
        save_best_only: bool = False,
        save_weights_only: bool = False,
        mode: Mode = "auto",
        save_freq: Frequency = "epoch",
        initial_value_threshold: float | None = None,
        period: int = 1,
    ) -> None:
        super().__init__(monitor, mode)
        self.filepath = path_text("filepath", filepath)
        self._template = FileTemplate("filepath", self.filepath)
        self.verbose = verbosity(verbose)
        self.save_best_only = boolean("save_best_only", save_best_only)
        self.save_weights_only = boolean("save_weights_only", save_weights_only)
        self._way = "write_weights" if self.save_weights_only else "write"
        check_ending(self.filepath, self._way)
        self.save_freq: Frequency = checked("save_freq", save_freq)
        if initial_value_threshold is not None:
            self.best = number("initial_value_threshold", initial_value_threshold)
        self.period = integer("period", period, least=1)
        self._epoch = 0
        self._steps = 0

    def check_reports(self, by_epoch: Sequence[str], by_step: Sequence[str]) -> None:
        """Check the fields of the file name, and that the monitored value will be reported."""
        if self.save_freq == "epoch":
            names = ["epoch", *by_epoch]
            if not (self.save_best_only and reported(self.monitor, self.at_times)):
                names = [name for name in names if name not in self.at_times]
        else:
            names = ["epoch", "batch", *by_step]
        self._template.check(names)
        found = format_for(self.filepath, self._way)
        if found is not None:
            found.require(self.filepath)  # before time is spent on an epoch
        if self.save_best_only:
            self.warn_unless_reported(names)

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Record the epoch."""
        self._epoch = epoch

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Save, if `save_freq` demands it."""
        if self.save_freq == "epoch":
            return
        self._steps += 1
        if self._steps >= int(self.save_freq):
            self._steps = 0
            self._consider({"epoch": self._epoch + 1, "batch": batch + 1}, logs or {})

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Save, if `save_freq` or an improvement demands it."""
        if self.save_freq != "epoch":
            return
        self._steps += 1
        if self._steps >= self.period:
            self._steps = 0
            self._consider({"epoch": epoch + 1}, logs or {})

    def _consider(self, place: dict[str, int], logs: Logs) -> None:
        title = f"\nEpoch {place['epoch']:05d}:"
        fields = {**place, **logs}
        if not self.save_best_only:
            self._save(fields, f"{title} saving model to ")
            return
        if self.waits(logs):
            return  # the best value is not updated
        value = self.watched(logs)
        if value is None:
            self._save(fields, f"{title} saving model to ")
            return
        before = (math.inf if self.mode == "min" else -math.inf) if self.best is None else self.best
        if self.is_better(value, self.best):
            improved = f"{title} {self.monitor} improved from {before:.5f} to {value:.5f}"
            self._save(fields, f"{improved}, saving model to ", value)
        elif self.verbose:
            say(f"{title} {self.monitor} did not improve from {before:.5f}")

    def _save(self, fields: dict[str, Any], message: str, best: float | None = None) -> None:
        path = self._template.filled(fields)
        if self.verbose:
            say(message + path)
        if best is not None:
            self.best = best
        save: Any = self.model.save_weights if self.save_weights_only else self.model.save
        save(path)
