"""The progress of a training run: a bar on a terminal, and a line an epoch."""

from __future__ import annotations

import sys
from typing import Any

from fastrnn.callbacks import Callback
from fastrnn.cipher.history import Epoch, of_the_answers
from fastrnn.cipher.training import Training
from fastrnn.terminal import columns, is_terminal, joined

__all__ = ["Progress"]

#: What a bar shows: the rate is left out, so that the figures have room in 80 columns.
BAR = "{l_bar}{bar}| {n_fmt}/{total_fmt} [{elapsed}<{remaining}{postfix}]"

#: Digits of figures, decimals of seconds and what is between them: the first that leaves room.
FORMS = ((5, 1, "  "), (4, 1, "  "), (4, 1, " "), (4, 0, " "), (3, 0, " "), (2, 0, " "))


class Progress(Callback):
    """Shows the progress of `training`; an epoch that did not end leaves a bar until `close`.

    Parameters
    ----------
    training : Training
        The run; its epochs are told when it has kept them.
    """

    def __init__(self, training: Training) -> None:
        self._training = training
        self._bar: Any = None

    def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Begin a bar, where there is a terminal."""
        if is_terminal(sys.stderr):
            from tqdm import tqdm

            self._bar = tqdm(
                desc=f"epoch {epoch + 1}/{self._epochs}",
                total=self._training.steps,
                initial=self._training.step,
                leave=False,
                dynamic_ncols=True,
                bar_format=BAR,
            )

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        """Move the bar on."""
        if self._bar is not None:
            logs = of_the_answers(logs or {})
            if logs:
                names = sorted(logs, key=lambda name: name != "loss")  # the loss first
                figures = (f"{name} {logs[name]:.4f}" for name in names)
                self._bar.set_postfix_str(", ".join(figures), refresh=False)
            self._bar.update()

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Replace the bar by the epoch's line."""
        self.close()
        print(
            _line(f"epoch {epoch + 1}/{self._epochs}", self._training.epochs[-1], columns()),
            flush=True,
        )

    def close(self) -> None:
        """Take the bar away; does nothing where there is none."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None

    @property
    def _epochs(self) -> int:
        return self._training.lesson.config.settings.epochs


def _line(epoch: str, row: Epoch, width: int) -> str:
    """Return the figures of an epoch with as many digits as fit in a line, or in several lines."""
    figures = {
        "loss": row.loss,
        "accuracy": row.accuracy,
        "val_loss": row.val_loss,
        "val_accuracy": row.val_accuracy,
    }
    for digits, decimals, gap in FORMS:
        shown = [
            f"{name} {value:.{digits}f}" for name, value in figures.items() if value is not None
        ]
        parts = [epoch, *shown, f"{row.seconds:.{decimals}f} s"]
        if len(gap.join(parts)) < width:
            return gap.join(parts)
    return joined(parts, "  ", width - 1)
