"""The texts that ``decode`` and ``encode`` work on: arguments, or lines of standard input."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from typing import NamedTuple

from fastrnn.terminal import is_terminal

__all__ = ["Text", "add_texts", "counted", "texts"]


class Text(NamedTuple):
    """A text and where it comes from."""

    text: str
    place: str


def counted(number: int, what: str) -> str:
    """Return a number and what it counts, in the plural where there is not one."""
    return f"{number} {what}{'' if number == 1 else 's'}"


def add_texts(parser: argparse.ArgumentParser) -> None:
    """Add the texts to a subcommand's arguments."""
    parser.add_argument(
        "texts",
        nargs="*",
        metavar="TEXT",
        help="a text, in quotes if it has spaces (default: the lines of standard input)",
    )


def texts(arguments: argparse.Namespace) -> Iterator[Text]:
    """Yield the texts that the command line gives or, where it gives none, standard input's lines.

    Parameters
    ----------
    arguments : argparse.Namespace
        With what `add_texts` adds.

    Yields
    ------
    Text
        A text without its line break.

    Raises
    ------
    CorpusError
        A line is not UTF-8; the message names it.
    """
    from fastrnn.cipher.errors import CorpusError

    for number, text in enumerate(arguments.texts, start=1):
        yield Text(text, f"argument {number}")
    if arguments.texts:
        return
    if sys.stdin is None or sys.stdin.closed:
        raise CorpusError("standard input is closed; give the texts as arguments")
    if is_terminal(sys.stdin):
        print("type a text and press Enter; Ctrl-D on an empty line ends", file=sys.stderr)
    # A stream of text that stands in for standard input has no bytes.
    for number, line in enumerate(getattr(sys.stdin, "buffer", sys.stdin), start=1):
        place = f"standard input, line {number}"
        try:
            text = line if isinstance(line, str) else line.decode("utf-8")
        except UnicodeDecodeError:
            raise CorpusError(f"{place}: not UTF-8; convert it to UTF-8 text") from None
        if number == 1:
            text = text.removeprefix("\ufeff")
        yield Text(text.removesuffix("\n").removesuffix("\r"), place)
