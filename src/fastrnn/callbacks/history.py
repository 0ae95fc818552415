"""The history of a training."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np

from fastrnn.callbacks.callback import Callback, Logs
from fastrnn.callbacks.curves import HELD_OUT, TRAINING, Curve, check_drawing, draw
from fastrnn.callbacks.logged import Logged

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Prefix of the names of validation values.
PREFIX = "val_"


class History(Callback):
    """The result of ``fit``: the logs of all epochs.

    Attributes
    ----------
    history : dict of str to list of float
        For each entry of the logs a list with a value per epoch: ``loss``, ``accuracy``,
        ``val_loss``...  Names of older versions of Keras, such as ``acc``, are aliases.
    epoch : list of int
        Indices of the trained epochs, from 0.

    Notes
    -----
    ``print(history)`` shows a table with a line per epoch, as notebooks do;
    ``pandas.DataFrame(history.history, history.epoch)`` converts it to a data frame.

    Examples
    --------
    >>> history = History()
    >>> history.on_epoch_end(0, {"loss": 0.5, "val_loss": 0.75})
    >>> history.on_epoch_end(1, {"loss": 0.25, "val_loss": 0.5})
    >>> history
    <History: 2 epochs, the last loss=0.2500, val_loss=0.5000>
    >>> print(history)
    epoch    loss  val_loss
        1  0.5000    0.7500
        2  0.2500    0.5000
    """

    def __init__(self) -> None:
        self.history: dict[str, list[float]] = Logged()
        self.epoch: list[int] = []
        self._told: dict[str, list[int]] = {}

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Reset the history."""
        self.history, self.epoch, self._told = Logged(), [], {}

    def fill(self, epochs: Sequence[tuple[int, Logs]]) -> None:
        """Set the epochs of a resumed training, with their logs."""
        self.history, self.epoch, self._told = Logged(), [], {}
        for epoch, logs in epochs:
            self.on_epoch_end(epoch, logs)

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Append the logs of the epoch."""
        self.epoch.append(epoch)
        for name, value in (logs or {}).items():
            self.history.setdefault(name, []).append(value)
            self._told.setdefault(name, []).append(epoch)

    def plot(self, names: Sequence[str] | None = None, axes: Any = None) -> NDArray[Any]:
        """Plot loss and metrics by epoch, for training and validation.

        Parameters
        ----------
        names : sequence of str, optional
            Names to plot, without ``val_``; all if left out.
        axes : matplotlib.axes.Axes or sequence of them, optional
            Axes to draw on, one for each name; those of a new pyplot figure if left out.

        Returns
        -------
        ndarray of matplotlib.axes.Axes, shape (names,)
            ``axes[0].figure.savefig("history.svg")`` writes the figure.

        Raises
        ------
        ImportError
            If matplotlib is not installed; the extra ``plot`` has it.
        ValueError
            If there are no epochs, no such name, or the number of `axes` differs.

        Examples
        --------
        >>> history = History()
        >>> history.on_epoch_end(0, {"loss": 0.5, "val_loss": 0.75})
        >>> axes = history.plot()  # doctest: +SKIP
        """
        check_drawing()
        if not self.history:
            raise ValueError("there is nothing to draw: the history has no epochs")
        known = [name for name in self._names() if self._base(name) == name]
        wanted = known if names is None else [names] if isinstance(names, str) else list(names)
        for name in wanted:
            if name not in known:
                raise ValueError(f"names has {name!r}; it should be of {', '.join(known)}")
        if axes is None:
            from matplotlib import pyplot

            size = (4.5 * len(wanted), 3.5)
            _, grid = pyplot.subplots(
                1, len(wanted), squeeze=False, figsize=size, layout="constrained"
            )
            given = grid[0]
        else:
            given = np.array(axes, dtype=object).reshape(-1)
            if len(given) != len(wanted):
                raise ValueError(
                    f"axes has {len(given)} entries; it should have {len(wanted)}, "
                    f"for {', '.join(wanted)}"
                )
        for panel, name in zip(given, wanted, strict=True):
            curves = {TRAINING: self._curve(name)}
            if f"{PREFIX}{name}" in self.history:
                curves[HELD_OUT] = self._curve(f"{PREFIX}{name}")
            draw(panel, name, curves)
        return np.asarray(given)

    def _curve(self, name: str) -> Curve:
        """Return the epochs in which a quantity was reported, and its values.

        With ``validation_freq``, only some epochs are validated.
        """
        values = self.history[name]
        epochs = self._told.get(name, [])
        if len(epochs) != len(values):  # set by the user
            epochs = self.epoch[len(self.epoch) - len(values) :]
        return [epoch + 1 for epoch in epochs], values

    def _names(self) -> list[str]:
        """Return the names of the values, those of the training first, with the loss first."""
        return sorted(
            self.history, key=lambda name: (self._base(name) != name, not name.endswith("loss"))
        )

    def _base(self, name: str) -> str:
        """Return the name of a quantity without ``val_``."""
        base = name.removeprefix(PREFIX)
        return base if base in self.history else name

    def _rows(self) -> list[list[str]]:
        """Return the table as texts: the header, and a row per epoch."""
        names = self._names()
        columns = [dict(zip(*self._curve(name), strict=False)) for name in names]
        rows = [["epoch", *names]]
        for epoch in (epoch + 1 for epoch in self.epoch):
            values = (_number(column[epoch]) if epoch in column else "" for column in columns)
            rows.append([str(epoch), *values])
        return rows

    def __repr__(self) -> str:
        if not self.epoch:
            return "<History: no epochs>"
        count = len(self.epoch)
        ends = ((name, self.history[name][-1:]) for name in self._names())
        last = ", ".join(f"{name}={_number(end[0])}" for name, end in ends if end)
        return f"<History: {count} epoch{'' if count == 1 else 's'}, the last {last}>"

    def __str__(self) -> str:
        rows = self._rows()
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        return "\n".join(
            "  ".join(text.rjust(width) for text, width in zip(row, widths, strict=True))
            for row in rows
        )

    def _repr_html_(self) -> str:
        """Return the table for a notebook."""
        head, *rows = self._rows()
        lines = ["<table><thead><tr>", *(f"<th>{escape(name)}</th>" for name in head)]
        lines.append("</tr></thead><tbody>")
        cells = ("".join(f"<td>{escape(text)}</td>" for text in row) for row in rows)
        lines += [f"<tr>{row}</tr>" for row in cells]
        return "".join([*lines, "</tbody></table>"])


def _number(value: Any) -> str:
    """Return a short text for a number or several."""
    if np.ndim(value):
        return f"[{' '.join(map(_number, np.ravel(value)))}]"
    return f"{value:.4f}" if abs(value) >= 1e-3 or value == 0 else f"{value:.2e}"
