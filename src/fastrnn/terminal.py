"""Text for a terminal: without control sequences, and on whatever standard output there is."""

from __future__ import annotations

import re
import sys
from contextlib import suppress
from typing import Any

__all__ = ["is_terminal", "printable", "write_line"]

# Control characters but tab and line feed; lone surrogates; what breaks a line or turns the
# direction of writing round.
_UNSAFE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)


def printable(text: str) -> str:
    r"""Return `text` with control characters written as escapes.

    Names and words out of a file may hold what a terminal obeys, such as a sequence that clears the
    screen, or a right-to-left override.

    Parameters
    ----------
    text : str

    Returns
    -------
    str
        Tabs and line feeds stay; all other control characters, lone surrogates and marks of the
        direction of writing are written as ``\x1b`` or ``\u202e``.

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
    """Write a line for a person to read, as far as there is somewhere to write it.

    Parameters
    ----------
    text : str
        Written as :func:`printable` returns it.
    stream : file, optional
        ``sys.stdout`` of this moment if left out.  Nothing is written where that is None or closed.
        Characters that its encoding lacks become escapes.

    Raises
    ------
    OSError
        If the stream cannot be written to, such as a pipe that nobody reads any more.
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
    """Return whether a stream is a terminal; one that is None, closed or unable to say is none."""
    with suppress(AttributeError, ValueError, OSError):
        return bool(stream.isatty())
    return False
