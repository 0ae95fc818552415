"""Tables in plain text, for a terminal, and in Markdown, for the README."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

NOTHING = "-"


@dataclass
class Table:
    """A title, the names of the columns, rows of text, and notes below the rows."""

    title: str
    columns: Sequence[str]
    rows: list[Sequence[str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def without_empty_columns(self) -> Table:
        """The same table without columns that are empty in every row."""
        full = [
            i
            for i in range(len(self.columns))
            if not self.rows or any(row[i] != NOTHING for row in self.rows)
        ]

        def kept(line: Sequence[str]) -> list[str]:
            return [line[i] for i in full]

        rows: list[Sequence[str]] = [kept(row) for row in self.rows]
        return Table(self.title, kept(self.columns), rows, self.notes)

    def text(self) -> str:
        """The table as plain text: the first column left-aligned, the others right-aligned."""
        lines = [self.columns, *self.rows]
        widths = [max(len(line[i]) for line in lines) for i in range(len(self.columns))]

        def laid_out(line: Sequence[str]) -> str:
            first = line[0].ljust(widths[0])
            rest = (cell.rjust(width) for cell, width in zip(line[1:], widths[1:], strict=True))
            return "  ".join([first, *rest]).rstrip()

        ruler = "  ".join("-" * width for width in widths)
        body = [laid_out(self.columns), ruler, *(laid_out(row) for row in self.rows)]
        return "\n".join([self.title, "", *body, *([""] if self.notes else []), *self.notes])

    def markdown(self) -> str:
        """The table in Markdown, under a heading."""

        def laid_out(line: Sequence[str]) -> str:
            return "| " + " | ".join(line) + " |"

        ruler = "|" + "|".join(["---"] + ["---:"] * (len(self.columns) - 1)) + "|"
        body = [laid_out(self.columns), ruler, *(laid_out(row) for row in self.rows)]
        notes = [f"\n{note}" for note in self.notes]
        return "\n".join([f"### {self.title}", "", *body, *notes])


def duration(seconds: float) -> str:
    """Format a time with three digits and a suitable unit."""
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if seconds >= size:
            value = seconds / size
            return f"{value:.{2 if value < 10 else 1 if value < 100 else 0}f} {unit}"
    return f"{seconds * 1e9:.0f} ns"


def times(ratio: float) -> str:
    """Format a ratio, such as 3.4x."""
    return f"{ratio:.{1 if ratio < 100 else 0}f}x"
