"""The base of callbacks that monitor a value."""

from __future__ import annotations

import warnings
from collections.abc import Collection, Sequence
from typing import Literal

import numpy as np

from fastrnn._older import reported
from fastrnn.callbacks.callback import Callback, Logs
from fastrnn.settings import number

Mode = Literal["auto", "min", "max"]

#: Parts of the names of metrics for which higher is better.
HIGHER_IS_BETTER = (
    *("acc", "auc", "precision", "recall", "sensitivity", "specificity", "true_", "score"),
    *("f1", "cosine_similarity", "r2"),
)


class Monitor(Callback):
    """Base of the callbacks that monitor an entry of the logs.

    Parameters
    ----------
    monitor : str
        Its name, such as ``"val_loss"``.
    mode : {"auto", "min", "max"}
        Whether lower or higher is better; "auto" decides by the name: higher for accuracies and
        similar metrics, else lower.  Keras requires it for metrics that it does not know.
    min_delta : float
        Minimum change that counts as an improvement.
    """

    #: Consequence of a missing value, for the warning.
    _without = "does nothing"

    def __init__(self, monitor: str, mode: Mode, min_delta: float = 0.0) -> None:
        if mode not in ("auto", "min", "max"):
            raise ValueError(f"mode is {mode!r}; it should be 'auto', 'min' or 'max'")
        higher = any(part in monitor.lower() for part in HIGHER_IS_BETTER)
        self.monitor = monitor
        self.mode: Mode = ("max" if higher else "min") if mode == "auto" else mode
        self.min_delta = abs(number("min_delta", min_delta))
        #: None until there is a value.
        self.best: float | None = None

    def is_better(self, value: float, than: float | None) -> bool:
        """Return whether `value` is better than `than`.

        As in Keras, any first value is an improvement, even NaN.  Comparisons with NaN are false,
        so nothing improves on a first NaN.
        """
        if than is None:
            return True
        if self.mode == "max":
            return value - self.min_delta > than
        return value + self.min_delta < than

    def check_reports(self, by_epoch: Sequence[str], by_step: Sequence[str]) -> None:
        """Warn before the training if it will not report the value."""
        self.warn_unless_reported(by_epoch)

    def warn_unless_reported(self, names: Sequence[str]) -> None:
        """Warn if the monitored value is not among the names."""
        if reported(self.monitor, names) is None:
            self._warn(names)

    @property
    def at_times(self) -> Collection[str]:
        """Names that only some epochs report, for instance with ``validation_freq``."""
        names: Collection[str] = getattr(self, "params", {}).get("at_times", ())
        return names

    def waits(self, logs: Logs | None) -> bool:
        """Return whether the monitored value is missing now, but reported in other epochs."""
        late = reported(self.monitor, self.at_times)
        return late is not None and late not in (logs or {})

    def watched(self, logs: Logs | None) -> float | None:
        """Return the monitored value, or None if it is missing; warn if no epoch reports it."""
        known = logs or {}
        name = reported(self.monitor, known.keys())
        value = None if name is None else known[name]
        if np.ndim(value):  # type: ignore[arg-type]
            raise ValueError(
                f"monitor is {self.monitor!r}, which has {np.size(value)} numbers; "  # type: ignore[arg-type]
                "it should be one that has one"
            )
        if value is None and not self.waits(logs):
            self._warn(logs or {})
        return value

    def _warn(self, names: Collection[str]) -> None:
        known = ", ".join(names) or "nothing"
        warnings.warn(
            f"{type(self).__name__} watches {self.monitor!r}, which this training does not "
            f"report (it reports {known}); it {self._without}",
            stacklevel=3,
        )
