"""The table of a model's layers, as text and as HTML."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from itertools import zip_longest
from textwrap import wrap
from typing import NamedTuple

from fastrnn.layers import Layer
from fastrnn.layers.shapes import Shape

__all__ = ["Row", "Table", "row_of"]

#: Where the columns end, as parts of a line, and how long a line is: without and with the layers
#: that each one reads.
PLAIN, CONNECTED = ((0.45, 0.85, 1.0), 65), ((0.34, 0.59, 0.70, 1.0), 80)
HEAD = ("Layer (type)", "Output Shape", "Param #", "Connected to")


class Row(NamedTuple):
    """What the table says of a layer; `reads` names the layers that it is called on."""

    name: str
    kind: str
    shape: str
    size: str
    reads: tuple[str, ...] = ()


def row_of(
    layer: Layer, shape: Shape | list[Shape] | None, reads: Sequence[str] = ()
) -> tuple[Row, int]:
    """Return the row of a layer, and how many numbers its weights hold.

    Parameters
    ----------
    layer : Layer
    shape : tuple, or list of them, or None
        What it puts out; None where it is not known yet.
    reads : sequence of str
        The names of the layers that it is called on.
    """
    count = layer.count_params() if layer.built else 0
    return (
        Row(
            layer.name,
            layer.kind,
            "?" if shape is None else str(shape),
            str(count) if layer.built else "unbuilt",
            tuple(reads),
        ),
        count,
    )


class Table(NamedTuple):
    """The layers of a model, and how many numbers its weights hold.

    Attributes
    ----------
    title : str
        The kind of the model and its name.
    rows : list of Row
    total, trained : int
        How many numbers the weights hold, and how many of them trainings change.
    is_chain : bool
        Whether each layer reads the one before, so that nothing needs to be said about that.
    """

    title: str
    rows: list[Row]
    total: int
    trained: int
    is_chain: bool

    def text(self, width: int | None = None) -> str:
        """Return the table that ``summary`` prints.

        Parameters
        ----------
        width : int, optional
            Characters a line: 65, or 80 where the table says what each layer reads, if left out.
            Text that is too long for its column is cut in the former, as Keras does, and goes on
            in the next line in the latter.
        """
        parts, usual = PLAIN if self.is_chain else CONNECTED
        ends = [int((width or usual) * part) for part in parts]
        rule = "_" * ends[-1]
        lines = [rule, _line(HEAD, ends), "=" * ends[-1]]
        for row in self.rows:
            fields = (f"{row.name} ({row.kind})", row.shape, row.size)
            lines += [_line(fields, ends)] if self.is_chain else _lines(fields, row.reads, ends)
            lines.append(rule)
        if self.rows:
            lines[-1] = "=" * ends[-1]
        return "\n".join([*lines, *self._totals(), rule])

    def html(self) -> str:
        """Return the table for a notebook."""
        head = ["Layer", "Type", *HEAD[1:]]
        if self.is_chain:
            head.pop()
        lines = [f"<p><b>{escape(self.title)}</b></p><table><thead><tr>"]
        lines += [f"<th>{escape(name)}</th>" for name in head]
        lines.append("</tr></thead><tbody>")
        for row in self.rows:
            fields = (row.name, row.kind, row.shape, row.size, ", ".join(row.reads))
            cells = (f"<td>{escape(field)}</td>" for field in fields[: len(head)])
            lines.append(f"<tr>{''.join(cells)}</tr>")
        totals = "<br>".join(escape(line) for line in self._totals())
        return "".join([*lines, f"</tbody></table><p>{totals}</p>"])

    def _totals(self) -> list[str]:
        return [
            f"Total params: {self.total:,}",
            f"Trainable params: {self.trained:,}",
            f"Non-trainable params: {self.total - self.trained:,}",
        ]


def _line(fields: Sequence[str], ends: Sequence[int]) -> str:
    line = ""
    for field, end in zip(fields, ends, strict=False):
        # One blank stays between the columns, however long the field.
        line = (line + field)[: end - 1].ljust(end)
    return line.rstrip()


def _lines(fields: Sequence[str], reads: Sequence[str], ends: Sequence[int]) -> list[str]:
    """Return the lines of a row, in which the text of every column is broken where it has to be."""
    room = [end - begin - 1 for begin, end in zip((0, *ends), ends, strict=False)]
    columns = [wrap(text, width) for text, width in zip(fields, room, strict=False)]
    columns.append([line for name in reads for line in wrap(name, room[-1])])
    return [_line(cells, ends) for cells in zip_longest(*columns, fillvalue="")]
