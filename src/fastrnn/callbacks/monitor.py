"""Whether a watched value has become better."""

from __future__ import annotations

import math
import warnings
from typing import Literal

from fastrnn.callbacks.callback import Callback, Logs

Mode = Literal["auto", "min", "max"]


class Monitor(Callback):
    """Base of the callbacks that watch one entry of the logs.

    Parameters
    ----------
    monitor : str
        Its name, such as ``"val_loss"``.
    mode : {"auto", "min", "max"}
        Whether lower or higher is better; "auto" goes by the name.
    min_delta : float
        By how much a value must be better to count.
    """

    def __init__(self, monitor: str, mode: Mode, min_delta: float = 0.0) -> None:
        if mode not in ("auto", "min", "max"):
            raise ValueError(f"mode is {mode!r}; it should be 'auto', 'min' or 'max'")
        higher = any(part in monitor for part in ("acc", "auc", "precision", "recall", "f1"))
        self.monitor = monitor
        self.mode: Mode = ("max" if higher else "min") if mode == "auto" else mode
        self.min_delta = abs(float(min_delta))
        self.best = self.worst

    @property
    def worst(self) -> float:
        """What every number is better than."""
        return -math.inf if self.mode == "max" else math.inf

    def is_better(self, value: float, than: float) -> bool:
        """Return whether `value` is better than `than`; NaN never is."""
        if self.mode == "max":
            return value > than + self.min_delta
        return value < than - self.min_delta

    def watched(self, logs: Logs | None) -> float | None:
        """Return the watched value, or None with a warning if the logs lack it."""
        value = (logs or {}).get(self.monitor)
        if value is None:
            known = ", ".join(logs or {}) or "nothing"
            warnings.warn(
                f"{type(self).__name__} watches {self.monitor!r}, which this training does not "
                f"report (it reports {known}); it does nothing",
                stacklevel=2,
            )
        return value
