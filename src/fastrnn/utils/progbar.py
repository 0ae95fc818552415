"""A progress bar for custom loops."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Sequence
from typing import Any

from fastrnn.settings import integer, number, verbosity
from fastrnn.terminal import is_terminal, printable, write_line

__all__ = ["Progbar"]


class Progbar:
    """Show the progress of a loop: a bar on a terminal, one line at the end elsewhere.

    Parameters
    ----------
    target : int or None
        Number of steps; None if unknown.
    width : int, default 20
        Accepted for compatibility with Keras: the bar is as wide as the terminal.
    verbose : int, default 1
        0 shows nothing, 2 only the line at the end.
    interval : float, default 0.05
        Minimum number of seconds between updates of the bar.
    stateful_metrics : iterable of str, optional
        Names of values that are shown unchanged; of others the mean is shown.
    unit_name : str, default "step"
        Name of a step.

    Examples
    --------
    >>> bar = Progbar(2, verbose=0)
    >>> bar.update(1, [("loss", 0.5)])
    >>> bar.add(1, [("loss", 0.25)])
    >>> bar.values
    {'loss': 0.375}
    """

    def __init__(
        self,
        target: int | None,
        width: int = 20,
        verbose: int | str = 1,
        interval: float = 0.05,
        stateful_metrics: Iterable[str] | None = None,
        unit_name: str = "step",
    ) -> None:
        self.target = None if target is None else integer("target", target, least=0)
        self.width = integer("width", width, least=1)
        self.verbose = verbosity(verbose)
        self.interval = number("interval", interval)
        self.stateful_metrics = frozenset(stateful_metrics or ())
        self.unit_name = unit_name
        self._sums: dict[str, tuple[float, float]] = {}
        self._seen = 0
        self._start = time.perf_counter()
        self._bar: Any = None

    @property
    def values(self) -> dict[str, float]:
        """The values shown next to the bar."""
        return {name: total / (count or 1) for name, (total, count) in self._sums.items()}

    def update(
        self,
        current: int,
        values: Sequence[tuple[str, float]] | None = None,
        finalize: bool | None = None,
    ) -> None:
        """Update the bar.

        Parameters
        ----------
        current : int
            The number of completed steps.
        values : sequence of (str, float), optional
            Values of these steps.
        finalize : bool, optional
            Whether this was the last step; determined from `current` and `target` if left out.
        """
        steps = current - self._seen
        for name, value in values or ():
            total, count = self._sums.get(name, (0.0, 0.0))
            if name in self.stateful_metrics:
                self._sums[name] = (float(value), 1.0)
            else:
                self._sums[name] = (total + float(value) * steps, count + steps)
        self._seen = current
        ends = self.target is not None and current >= self.target if finalize is None else finalize
        if self.verbose == 1 and is_terminal(sys.stdout):
            self._draw()
        if ends and self.verbose:
            self._end()

    def add(self, n: int, values: Sequence[tuple[str, float]] | None = None) -> None:
        """Advance the bar by `n` steps."""
        self.update(self._seen + n, values)

    def _draw(self) -> None:
        if self._bar is None:
            from tqdm import tqdm

            self._bar = tqdm(
                total=self.target,
                unit=self.unit_name,
                mininterval=self.interval,
                leave=False,
                file=sys.stdout,
            )
        self._bar.set_postfix_str(printable(self._text()), refresh=False)
        self._bar.update(self._seen - self._bar.n)

    def _end(self) -> None:
        if self._bar is not None:
            self._bar.close()
            self._bar = None
        seconds = time.perf_counter() - self._start
        of = self._seen if self.target is None else self.target
        text = self._text()
        said = f"{self._seen}/{of} - {seconds:.0f}s"
        write_line(f"{said} - {text}" if text else said)

    def _text(self) -> str:
        return " - ".join(f"{name}: {value:.4f}" for name, value in self.values.items())
