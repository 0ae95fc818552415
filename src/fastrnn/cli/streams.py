"""The standard streams as a program can rely on them, whatever they are.

A stream may be missing or closed, lack ``isatty``, have an encoding with few characters, or be a
pipe whose reader has gone. What a file holds, such as the characters of a model, may be an order to
a terminal. All of that is dealt with in one place, where text goes out, and not at each ``print``.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from fastrnn.terminal import is_terminal, printable

__all__ = ["Output", "safe_streams"]


class Output:
    """Replaces a standard stream.

    Parameters
    ----------
    stream : file or None
        Where text goes; None where there is no such stream.
    name : str
        What errors call it.

    Attributes
    ----------
    is_optional : bool
        Whether the work matters more than what is printed: what cannot be written is left out then,
        silently. Otherwise it is an ``OSError``.
    escapes : bool
        Whether control characters are written as escapes.
    """

    def __init__(self, stream: Any, name: str) -> None:
        usable = stream is not None and not getattr(stream, "closed", False)
        self._stream = stream if usable else None
        self._name = name
        self.is_optional = False
        self.escapes = False

    def write(self, text: str) -> int:
        """Write as much of `text` as the stream can take, and return its length."""
        shown = printable(text) if self.escapes else text
        if self._stream is not None:
            try:
                try:
                    self._stream.write(shown)
                except UnicodeEncodeError:
                    encoding = getattr(self._stream, "encoding", None) or "ascii"
                    self._stream.write(shown.encode(encoding, "backslashreplace").decode(encoding))
            except (OSError, ValueError) as error:
                self._fail(error)
        return len(text)

    def flush(self) -> None:
        """Pass on what was written."""
        flush = getattr(self._stream, "flush", None)
        if flush is not None:
            try:
                flush()
            except (OSError, ValueError) as error:
                self._fail(error)

    def isatty(self) -> bool:
        """Return whether the stream is a terminal."""
        return is_terminal(self._stream)

    def _fail(self, error: OSError | ValueError) -> None:
        """Write nothing more, and say why if that matters."""
        stream, self._stream = self._stream, None
        # What the stream still holds should not fail again when Python ends.
        with suppress(OSError, ValueError, AttributeError):
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self._number(stream))
            os.close(nowhere)
        # A closed stream is treated as if there were none.
        if not self.is_optional and isinstance(error, OSError):
            raise OSError(error.errno, error.strerror, self._name) from None

    @staticmethod
    def _number(stream: Any) -> int:
        number: int = stream.fileno()
        return number

    def __getattr__(self, name: str) -> Any:
        return getattr(self.__dict__.get("_stream"), name)


@contextmanager
def safe_streams() -> Iterator[Output]:
    """Let ``sys.stdout`` and ``sys.stderr`` be an `Output` each, and yield the first.

    What is printed on standard output has its control characters escaped, unless that is changed.
    Standard error is always optional.
    """
    before = sys.stdout, sys.stderr
    output, errors = Output(sys.stdout, "standard output"), Output(sys.stderr, "standard error")
    output.escapes = True
    errors.is_optional = True
    sys.stdout, sys.stderr = output, errors
    try:
        yield output
    finally:
        output.is_optional = True
        output.flush()
        errors.flush()
        sys.stdout, sys.stderr = before
