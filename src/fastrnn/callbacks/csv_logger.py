"""Logging to a CSV file."""

from __future__ import annotations

import csv
import io
import os
from contextlib import suppress
from typing import Any

import numpy as np

from fastrnn.callbacks import kept
from fastrnn.callbacks.callback import Callback, Logs
from fastrnn.files import (
    append_to_file,
    check_regular,
    make_folder,
    path_text,
    replace_file,
)
from fastrnn.settings import boolean


class CSVLogger(Callback):
    """Write a line per epoch to a CSV file: ``epoch`` (from 0), then the logs.

    The columns are those of the first epoch; if it was not validated, columns for the validation
    are added.  Missing values are ``NA``.

    Parameters
    ----------
    filename : str or path
        Missing folders are made.
    separator : str, default ","
    append : bool, default False
        Whether to append to an existing file, without a new header.

    Examples
    --------
    >>> from fastrnn.layers import Dense, Input
    >>> from fastrnn.models import Sequential
    >>> model = Sequential([Input((1,)), Dense(1)])
    >>> model.compile("adam", "mse")
    >>> x = np.linspace(-1, 1, 50)[:, np.newaxis]
    >>> callback = CSVLogger("history.csv")
    >>> history = model.fit(
    ...     x, 3 * x, epochs=3, validation_split=0.2, callbacks=[callback], verbose=0
    ... )
    >>> from pathlib import Path
    >>> Path("history.csv").read_text().split()[0]
    'epoch,loss,val_loss'
    """

    is_for_first = True

    def __init__(
        self, filename: str | os.PathLike[str], separator: str = ",", append: bool = False
    ) -> None:
        self.filename = path_text("filename", filename)
        self.separator = separator
        self.append = boolean("append", append)
        self._columns: list[str] | None = None

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Create the folder and, unless appending, a new file."""
        make_folder(os.path.dirname(os.path.realpath(self.filename)))
        check_regular(self.filename, "written")
        self._columns = self._columns_there() if self.append else None
        if not self.append:
            replace_file(self.filename, b"")

    def _columns_there(self) -> list[str] | None:
        try:
            with open(self.filename, newline="", encoding="utf-8") as file:
                return next(csv.reader(file, delimiter=self.separator), None)
        except FileNotFoundError:
            return None

    def check_state(self, state: dict[str, Any], model: Any) -> None:
        """Raise ``ValueError`` unless a state is the content of a file with its columns."""
        if set(state) != {"text", "columns"}:
            raise ValueError(f"it holds {sorted(state)}; it should hold ['columns', 'text']")
        kept.text("text", state["text"], model)
        kept.texts("columns", state["columns"], model)

    def get_state(self) -> dict[str, Any]:
        """Return the content of the file."""
        text = ""
        with (
            suppress(FileNotFoundError),
            open(self.filename, newline="", encoding="utf-8") as file,
        ):
            text = file.read()
        return {"text": text, "columns": self._columns}

    def set_state(self, state: dict[str, Any]) -> None:
        """Restore the content of the file, so that no line is missing or duplicated."""
        self._columns = state["columns"]
        replace_file(self.filename, state["text"].encode())

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Write the line.

        The file is closed after each line, so that no line is lost if the program is killed.
        """
        row = {"epoch": epoch, **(logs or {})}
        lines = io.StringIO(newline="")
        writer = csv.writer(lines, delimiter=self.separator, lineterminator="\n")
        if self._columns is None:
            self._columns = list(row)
            if not any(name.startswith("val_") for name in row):
                # A later epoch may be validated.
                self._columns += [f"val_{name}" for name in row if name != "epoch"]
            writer.writerow(self._columns)
        cells: list[Any] = [row.get(column, "NA") for column in self._columns]
        # A metric with several values, in Keras's format.
        writer.writerow([f"[{', '.join(map(str, c))}]" if np.ndim(c) else c for c in cells])
        append_to_file(self.filename, lines.getvalue().encode())
