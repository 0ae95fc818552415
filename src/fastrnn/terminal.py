"""Text for terminals: without control characters, and robust output."""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

__all__ = ["Status", "columns", "is_terminal", "joined", "printable", "write_line"]

#: Default number of columns.
COLUMNS = 80

# Control characters but tab and line feed; lone surrogates; what breaks a line or turns the
# direction of writing round.
_UNSAFE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)


def printable(text: str) -> str:
    r"""Return `text` with control characters written as escapes.

    Text from a file may contain control sequences for the terminal, such as one that clears the
    screen, or a right-to-left override.

    Parameters
    ----------
    text : str

    Returns
    -------
    str
        Tabs and line feeds are kept; other control characters, lone surrogates and bidirectional
        controls are written as ``\x1b`` or ``\u202e``.

    Examples
    --------
    >>> print(printable("\x1b[2Jname"))
    \x1b[2Jname
    """
    return _UNSAFE.sub(_escaped, text)


def _escaped(match: re.Match[str]) -> str:
    code = ord(match[0])
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


def write_line(text: str, stream: Any = None) -> None:
    """Write a line to a stream, if it is open.

    Parameters
    ----------
    text : str
        Written as :func:`printable` returns it.
    stream : file, optional
        The current ``sys.stdout`` if left out.  Nothing is written if it is None or closed.
        Characters that its encoding lacks become escapes.

    Raises
    ------
    OSError
        If the stream cannot be written to, such as a pipe whose reader has ended.
    """
    stream = sys.stdout if stream is None else stream
    if stream is None or getattr(stream, "closed", False):
        return
    line = printable(text) + "\n"
    try:
        stream.write(line)
    except UnicodeEncodeError:
        encoding = getattr(stream, "encoding", None) or "ascii"
        stream.write(line.encode(encoding, "backslashreplace").decode(encoding))
    flush = getattr(stream, "flush", None)
    if flush is not None:
        flush()


def is_terminal(stream: Any) -> bool:
    """Return whether a stream is a terminal; False if it is None, closed or not a file."""
    with suppress(AttributeError, ValueError, OSError):
        return bool(stream.isatty())
    return False


def columns(stream: Any = None) -> int:
    """Return the width of a stream in characters.

    Parameters
    ----------
    stream : file, optional
        The current ``sys.stdout`` if left out.

    Returns
    -------
    int
        The width of the terminal, from the operating system or the environment variable
        ``COLUMNS``; 80 if the stream is not a terminal.
    """
    if not is_terminal(sys.stdout if stream is None else stream):
        return COLUMNS
    return shutil.get_terminal_size((COLUMNS, 24)).columns


def joined(parts: Sequence[str], gap: str, width: int, indent: str = "  ") -> str:
    r"""Join parts into lines of at most `width` characters, breaking only between parts.

    Parameters
    ----------
    parts : sequence of str
        Parts are never broken.
    gap : str
        Separator between parts of a line.
    width : int
        Maximum length of a line, which a single long part may exceed.
    indent : str, default two blanks
        Prefix of the lines after the first.

    Examples
    --------
    >>> print(joined(["epoch 1/5", "loss 0.25", "accuracy 0.9"], "  ", 24))
    epoch 1/5  loss 0.25
      accuracy 0.9
    """
    lines = [""]
    for part in parts:
        longer = lines[-1] + (gap if lines[-1].strip() else "") + part
        if len(longer) > width and lines[-1].strip():
            lines.append(indent + part)
        else:
            lines[-1] = longer
    return "\n".join(lines)


class Status:
    """A status line on standard error, which is removed when the command is done.

    Nothing is written if standard error is not a terminal.

    Parameters
    ----------
    plain : bool, default False
        Whether to write each text as a line if it is not a terminal.
    """

    def __init__(self, plain: bool = False) -> None:
        self._is_plain = plain
        self._shown = 0

    def say(self, text: str) -> None:
        """Replace the text of the line."""
        stream = sys.stderr
        if is_terminal(stream):
            shown = printable(text)[: columns(stream) - 1]
            self._write("\r" + shown.ljust(self._shown))
            self._shown = len(shown)
        elif self._is_plain:
            with suppress(OSError):
                write_line(text, stream)

    def clear(self) -> None:
        """Remove the line, so that other output can follow."""
        if self._shown:
            self._write("\r" + " " * self._shown + "\r")
            self._shown = 0

    @staticmethod
    def _write(text: str) -> None:
        """Write to standard error; errors are ignored."""
        with suppress(OSError, ValueError, AttributeError):
            sys.stderr.write(text)
            sys.stderr.flush()

    def __enter__(self) -> Status:  # noqa: PYI034  Self is newer than Python 3.10
        return self

    def __exit__(self, *error: object) -> None:
        self.clear()
