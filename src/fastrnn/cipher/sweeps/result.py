"""The table of what came out of a sweep."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fastrnn.cipher.history import Epoch
from fastrnn.cipher.settings import Settings

__all__ = ["SweepResult", "SweepRun"]

#: The columns of figures, and how the printed table shows them.
FIGURES = {
    "epochs": "d",
    "loss": ".5f",
    "val_loss": ".5f",
    "val_accuracy": ".5f",
    "seconds": ".1f",
}


@dataclass(frozen=True)
class SweepRun:
    """One run.

    Attributes
    ----------
    path : Path
        Its directory.
    settings : Settings
        What it was told.
    state : str
        ``"trained"``, ``"skipped"`` where it was finished before, or ``"failed"``.
    history : tuple of Epoch
        The figures of its epochs.
    error : str or None
        Why it failed, in one line.

    Examples
    --------
    >>> result = sweep({"units": [4, 8], "sentences": 200, "epochs": 1}, "runs", jobs=1)
    >>> run = result.best
    >>> run.state, len(run.history), run.error
    ('trained', 1, None)
    """

    path: Path
    settings: Settings
    state: str
    history: tuple[Epoch, ...] = ()
    error: str | None = None

    @property
    def best_epoch(self) -> Epoch | None:
        """The epoch with the least `val_loss`, whose model is ``best.safetensors``."""
        return min(self.history, key=_score, default=None)

    @property
    def seconds(self) -> float | None:
        """How long all its epochs took; None if it has none."""
        return sum(epoch.seconds for epoch in self.history) if self.history else None

    @property
    def figures(self) -> dict[str, Any]:
        """The row of the table, without the settings."""
        best = self.best_epoch
        return {
            "epochs": len(self.history),
            "loss": best and best.loss,
            "val_loss": best and best.val_loss,
            "val_accuracy": best and best.val_accuracy,
            "seconds": self.seconds,
        }


def _score(epoch: Epoch) -> float:
    return epoch.score if math.isfinite(epoch.score) else math.inf


@dataclass(frozen=True)
class SweepResult:
    """The runs of a sweep; printed, it is their table.

    Attributes
    ----------
    folder : Path
        Which holds the runs' directories and ``sweep.csv``.
    varied : tuple of str
        The settings in which they differ.
    runs : tuple of SweepRun
        By the `val_loss` of their best epoch (`loss` where nothing is held out), the least first.
        Those that failed are last.

    Examples
    --------
    >>> result = sweep({"units": [4, 8], "sentences": 200, "epochs": 1}, "runs", jobs=1)
    >>> result.varied, len(result.runs), result.best.settings.units in (4, 8)
    (('units',), 2, True)
    """

    folder: Path
    varied: tuple[str, ...]
    runs: tuple[SweepRun, ...]

    @classmethod
    def of(cls, folder: Path, varied: Sequence[str], runs: Sequence[SweepRun]) -> SweepResult:
        """Return the runs in their order."""
        return cls(folder, tuple(varied), tuple(sorted(runs, key=_place)))

    @property
    def failed(self) -> tuple[SweepRun, ...]:
        """The runs that failed."""
        return tuple(run for run in self.runs if run.error is not None)

    @property
    def best(self) -> SweepRun | None:
        """The run with the least `val_loss`; None if none is finished."""
        first = self.runs[0]
        return None if first.error is not None else first

    def __str__(self) -> str:
        rows = [[*self.varied, *FIGURES, ""]]
        for run in self.runs:
            settings = [_shown(getattr(run.settings, name)) for name in self.varied]
            figures = [_shown(run.figures[name], form) for name, form in FIGURES.items()]
            note = "best" if run is self.best else ""
            rows.append([*settings, *figures, f"failed: {run.error}" if run.error else note])
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        # Words begin, and numbers end, one below the other.
        words = [
            any(isinstance(getattr(run.settings, name), str) for run in self.runs)
            for name in self.varied
        ]
        left = [*words, *(False for _ in FIGURES), True]
        return "\n".join(
            "  ".join(
                text.ljust(width) if is_left else text.rjust(width)
                for text, width, is_left in zip(row, widths, left, strict=True)
            ).rstrip()
            for row in rows
        )

    def to_csv(self) -> str:
        """Return the table with a head and every digit of every figure.

        Returns
        -------
        str
            Comma-separated values: the run's directory in `folder`, the settings that vary, the
            figures of the best epoch and which it was, and why a run failed. What is not there is
            empty.
        """
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(["run", *self.varied, *FIGURES, "best_epoch", "error"])
        for run in self.runs:
            settings = (getattr(run.settings, name) for name in self.varied)
            best = run.best_epoch and run.best_epoch.epoch
            writer.writerow([run.path.name, *settings, *run.figures.values(), best, run.error])
        return text.getvalue()


def _place(run: SweepRun) -> tuple[bool, float]:
    return run.error is not None, math.inf if run.best_epoch is None else _score(run.best_epoch)


def _shown(value: Any, form: str = "") -> str:
    return "-" if value is None else format(value, form)
