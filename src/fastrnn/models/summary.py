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

#: Ends of the columns as fractions of a line, and the length of a line, without and with the column
#: of inputs; and the same with a column that says what is trained.
LAYOUTS = {
    (True, False): ((0.45, 0.85, 1.0), 65),
    (False, False): ((0.34, 0.59, 0.70, 1.0), 80),
    (True, True): ((0.40, 0.72, 0.86, 1.0), 75),
    (False, True): ((0.32, 0.55, 0.65, 0.76, 1.0), 95),
}
HEAD = ("Layer (type)", "Output Shape", "Param #", "Trainable", "Connected to")


class Row(NamedTuple):
    """A row of the table; `reads` has the names of the layer's inputs.

    `trains` is Y or N, and ``-`` for a layer without weights.
    """

    name: str
    kind: str
    shape: str
    size: str
    trains: str
    reads: tuple[str, ...] = ()


def row_of(
    layer: Layer, shape: Shape | list[Shape] | None, reads: Sequence[str] = (), indent: str = ""
) -> Row:
    """Return the row of a layer.

    Parameters
    ----------
    layer : Layer
    shape : tuple, or list of them, or None
        Shape of its outputs; None if it is not built.
    reads : sequence of str
        The names of the layers that it is called on.
    indent : str
        What stands before the name.
    """
    count = layer.count_params() if layer.built else 0
    return Row(
        indent + layer.name,
        layer.kind,
        "?" if shape is None else str(shape),
        str(count) if layer.built else "unbuilt",
        "-" if layer.built and not count else "Y" if layer.trainable else "N",
        tuple(reads),
    )


class Table(NamedTuple):
    """The layers of a model, and the numbers of parameters.

    Attributes
    ----------
    title : str
        Class and name of the model.
    rows : list of Row
    total, trained : int
        Number of parameters, and of trainable parameters.
    is_chain : bool
        Whether each layer reads the one before, so that no column of inputs is needed.
    """

    title: str
    rows: list[Row]
    total: int
    trained: int
    is_chain: bool
    shows_trainable: bool = False

    def text(self, width: int | None = None) -> str:
        """Return the table as text.

        Parameters
        ----------
        width : int, optional
            Characters per line; if left out 65, or 80 with the column of inputs.  Without that
            column, text that is too long is cut, as in Keras; with it, the text is wrapped.
        """
        parts, usual = LAYOUTS[self.is_chain, self.shows_trainable]
        ends = [int((width or usual) * part) for part in parts]
        rule = "_" * ends[-1]
        lines = [rule, _line(self._head(), ends), "=" * ends[-1]]
        for row in self.rows:
            fields = [f"{row.name} ({row.kind})", row.shape, row.size]
            fields += [row.trains] * self.shows_trainable
            lines += [_line(fields, ends)] if self.is_chain else _lines(fields, row.reads, ends)
            lines.append(rule)
        if self.rows:
            lines[-1] = "=" * ends[-1]
        return "\n".join([*lines, *self._totals(), rule])

    def html(self) -> str:
        """Return the table for a notebook."""
        head = ["Layer", "Type", *self._head()[1:]]
        lines = [f"<p><b>{escape(self.title)}</b></p><table><thead><tr>"]
        lines += [f"<th>{escape(name)}</th>" for name in head]
        lines.append("</tr></thead><tbody>")
        for row in self.rows:
            fields = [row.name, row.kind, row.shape, row.size]
            fields += [row.trains] * self.shows_trainable + [", ".join(row.reads)]
            cells = (f"<td>{escape(field)}</td>" for field in fields[: len(head)])
            lines.append(f"<tr>{''.join(cells)}</tr>")
        totals = "<br>".join(escape(line) for line in self._totals())
        return "".join([*lines, f"</tbody></table><p>{totals}</p>"])

    def _head(self) -> list[str]:
        left_out = {"Connected to"} if self.is_chain else set()
        left_out |= set() if self.shows_trainable else {"Trainable"}
        return [title for title in HEAD if title not in left_out]

    def _totals(self) -> list[str]:
        return [
            f"Total params: {self.total:,}",
            f"Trainable params: {self.trained:,}",
            f"Non-trainable params: {self.total - self.trained:,}",
        ]


def _line(fields: Sequence[str], ends: Sequence[int]) -> str:
    line = ""
    for field, end in zip(fields, ends, strict=False):
        # Columns are separated by one blank at least.
        line = (line + field)[: end - 1].ljust(end)
    return line.rstrip()


def _lines(fields: Sequence[str], reads: Sequence[str], ends: Sequence[int]) -> list[str]:
    """Return the lines of a row, with the text of each column wrapped."""
    room = [end - begin - 1 for begin, end in zip((0, *ends), ends, strict=False)]
    columns = [wrap(text, width) for text, width in zip(fields, room, strict=False)]
    columns.append([line for name in reads for line in wrap(name, room[-1])])
    return [_line(cells, ends) for cells in zip_longest(*columns, fillvalue="")]
