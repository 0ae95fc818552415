"""Progress output of a training."""

from __future__ import annotations

import sys
import time
from contextlib import suppress
from typing import Any

import numpy as np

from fastrnn.callbacks.callback import Callback, Logs
from fastrnn.callbacks.console import say
from fastrnn.settings import verbosity
from fastrnn.terminal import columns, is_terminal, joined, printable


def progress(verbose: Any) -> list[Callback]:
    """Return the callbacks for the output of `verbose`.

    Parameters
    ----------
    verbose : {0, 1, 2, "auto"}
        0: silent; 1: a progress bar on a terminal, else plain lines; 2: plain lines; "auto" is 1.

    Raises
    ------
    ValueError
        If it is neither a whole number nor "auto".
    """
    verbose = verbosity(verbose)
    if not verbose:
        return []
    if verbose != 2 and is_terminal(sys.stdout):
        return [ProgressBar()]
    return [ProgressLines()]


#: Values that the bar shows; the rate is omitted to fit loss and metrics in 80 columns.
BAR = "{l_bar}{bar}| {n_fmt}/{total_fmt} [{elapsed}<{remaining}{postfix}]"


def line_of(logs: Logs | None) -> str:
    """Return logs as Keras prints them: ``loss: 0.1234 - accuracy: 0.9876``."""
    return " - ".join(_parts_of(logs))


def _parts_of(logs: Logs | None) -> list[str]:
    return [f"{name}: {_number(value)}" for name, value in (logs or {}).items()]


def _number(value: Any) -> str:
    if np.ndim(value):  # a metric with several values
        return f"[{' '.join(map(_number, np.ravel(value)))}]"
    return f"{value:.4f}" if abs(value) > 1e-3 or value == 0 else f"{value:.4e}"


class ProgressLines(Callback):
    """Two lines per epoch: its number, then seconds, loss and metrics.

    Examples
    --------
    >>> from fastrnn.layers import Dense, Input
    >>> from fastrnn.models import Sequential
    >>> model = Sequential([Input((1,)), Dense(1)])
    >>> model.compile("adam", "mse")
    >>> x = np.linspace(-1, 1, 50)[:, np.newaxis]
    >>> history = model.fit(x, 3 * x, verbose=2)  # doctest: +SKIP
    Epoch 1/1
     - 0.0s - loss: 3.5120
    """

    is_for_first = True

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Print the numbers of samples."""
        samples, steps = self.params.get("samples"), self.params.get("steps")
        if samples is not None:
            text = f"Train on {samples} samples"
        elif steps is not None:
            text = f"Train for {steps} steps an epoch"
        else:
            text = "Train on all batches that come"
        validation = self.params.get("validation_samples")
        say(text + (f", validate on {validation} samples" if validation else ""))

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Print the number of the epoch."""
        say(f"Epoch {epoch + 1}/{self.params['epochs']}")
        self._start = time.perf_counter()

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Print the time, the loss and the metrics of the epoch."""
        # In a log file, an epoch is one line of any length; for a terminal, it is broken between
        # words.
        parts = [self._seconds(), *_parts_of(logs)]
        width = columns() if is_terminal(sys.stdout) else sys.maxsize
        say(joined(parts, " - ", width))

    def _seconds(self) -> str:
        seconds = time.perf_counter() - self._start
        return f"{seconds:.0f}s" if seconds >= 10 else f"{seconds:.1f}s"


class ProgressBar(ProgressLines):
    """The same, with a progress bar during each epoch.

    Examples
    --------
    >>> from fastrnn.layers import Dense, Input
    >>> from fastrnn.models import Sequential
    >>> model = Sequential([Input((1,)), Dense(1)])
    >>> model.compile("adam", "mse")
    >>> x = np.linspace(-1, 1, 50)[:, np.newaxis]
    >>> history = model.fit(x, 3 * x, callbacks=[ProgressBar()], verbose=0)  # doctest: +SKIP
    """

    _bar: Any = None
    _done = 0

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Print the numbers of samples, and get the position of a resumed training."""
        super().on_train_begin(logs)
        self._done = self.params.get("steps_done", 0)

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Print the number of the epoch, and draw the bar."""
        from tqdm import tqdm

        super().on_epoch_begin(epoch, logs)
        done, self._done = self._done, 0
        self._bar = tqdm(
            total=self.params["steps"],
            initial=done,
            leave=False,
            file=sys.stdout,
            dynamic_ncols=True,
            bar_format=BAR,
        )

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Update the bar."""
        # The text is formatted only when the bar is redrawn, not at every step.
        if self._bar.n + 1 >= self._bar.last_print_n + self._bar.miniters:
            self._bar.set_postfix_str(printable(line_of(logs)), refresh=False)
        self._bar.update()

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Remove the bar, and print the time, the loss and the metrics of the epoch."""
        self._bar.close()
        super().on_epoch_end(epoch, logs)

    def on_train_end(self, logs: Logs | None = None) -> None:
        """Remove the bar of an epoch that did not end."""
        self.release()

    def release(self) -> None:
        """Remove the bar of an epoch that ended with an error."""
        if self._bar is not None:
            with suppress(OSError, ValueError):  # of standard output, such as a closed one
                self._bar.close()
