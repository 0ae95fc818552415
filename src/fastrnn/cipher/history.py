"""The figures of a run, a row an epoch, and the table of them that stands in its directory."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import astuple, dataclass, fields

from fastrnn.cipher.network import ANSWER

__all__ = ["COLUMNS", "Epoch", "from_csv", "of_the_answers", "to_csv"]


@dataclass(frozen=True)
class Epoch:
    """The figures of one epoch; without held-out sentences the ``val_`` ones are None.

    Attributes
    ----------
    epoch : int
        Counted from 1.
    loss, accuracy : float
        Over the epoch, the mean of the cross entropy of what the model answers, padding included,
        or with weights of 0 where every sentence has a key of its own; and the share of characters
        that are right, for which padding does not count.
    val_loss, val_accuracy : float or None
        The same, after the epoch, of the held-out sentences.
    seconds : float
        How long the epoch took, with its validation.
    """

    epoch: int
    loss: float
    accuracy: float
    val_loss: float | None
    val_accuracy: float | None
    seconds: float

    @property
    def score(self) -> float:
        """What the best epoch has the least of: `val_loss`, or else `loss`."""
        return self.loss if self.val_loss is None else self.val_loss


def of_the_answers(logs: Mapping[str, float]) -> dict[str, float]:
    """Return the figures of what the model answers, where they are among those of other outputs.

    Parameters
    ----------
    logs : mapping of str to float
        What a callback is told: ``loss``, ``accuracy``, and both with ``val_`` in front of them.
        With several outputs, ``loss`` is the sum of all their losses, and the name of the layer
        that answers stands before the names of its own figures.

    Returns
    -------
    dict of str to float
        Those of the answers, without that name.
    """
    named = {name for name in logs if f"{ANSWER}_" in name}
    return {
        name.replace(f"{ANSWER}_", ""): value
        for name, value in logs.items()
        if name in named or not named
    }


COLUMNS = tuple(field.name for field in fields(Epoch))


def to_csv(epochs: list[Epoch]) -> str:
    """Return the table, with a head and every digit of every figure.

    Parameters
    ----------
    epochs : list of Epoch
        The rows.

    Returns
    -------
    str
        Comma-separated values; a figure that is None is empty.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(map(astuple, epochs))
    return text.getvalue()


def from_csv(text: str) -> list[Epoch]:
    """Return the rows of a table that `to_csv` wrote.

    Parameters
    ----------
    text : str
        The table.

    Returns
    -------
    list of Epoch
        The rows.

    Raises
    ------
    ValueError
        `text` is no such table.
    """
    try:
        rows = list(csv.reader(io.StringIO(text)))
    except csv.Error as error:
        raise ValueError(str(error)) from None
    if not rows or tuple(rows[0]) != COLUMNS:
        raise ValueError(f"the first line should be {','.join(COLUMNS)}")
    return [_epoch(number, row) for number, row in enumerate(rows[1:], start=1)]


def _epoch(number: int, row: list[str]) -> Epoch:
    """Return the row of epoch `number`."""
    if len(row) != len(COLUMNS) or row[0] != str(number):
        raise ValueError(
            f"line {number + 1} should be the {len(COLUMNS)} figures of epoch {number}"
        )
    loss, accuracy, val_loss, val_accuracy, seconds = (float(f) if f else None for f in row[1:])
    if loss is None or accuracy is None or seconds is None:
        raise ValueError(f"line {number + 1} lacks a figure")
    return Epoch(number, loss, accuracy, val_loss, val_accuracy, seconds)
