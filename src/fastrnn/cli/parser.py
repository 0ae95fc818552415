"""What argparse lacks: help where no command is given, and the nearest name where one is wrong."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from typing import Any, NoReturn

from fastrnn.terminal import printable

__all__ = ["Parser", "nearest"]


class Parser(argparse.ArgumentParser):
    """A parser of a program or of one of its commands; options are to be written out in full."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **{"allow_abbrev": False, **options})
        self.set_defaults(parser=self)

    def add_commands(self) -> argparse._SubParsersAction[argparse.ArgumentParser]:
        """Return what commands are added to; without one of them, the help is printed."""
        self.set_defaults(run=self._help)
        return self.add_subparsers(metavar="COMMAND", title="commands", parser_class=Parser)

    def _help(self, arguments: argparse.Namespace) -> int:
        self.print_help()
        return 0

    @property
    def options(self) -> list[str]:
        """All options, as they are written."""
        return [option for action in self._actions for option in action.option_strings]

    def refuse(self, words: Sequence[str]) -> NoReturn:
        """End with a usage error about words that mean nothing here."""
        hints = (
            nearest(word.partition("=")[0], self.options) for word in words if word.startswith("-")
        )
        self.error(f"unrecognized arguments: {' '.join(words)}{''.join(hints)}")

    def error(self, message: str) -> NoReturn:
        """End with a usage error of one line."""
        super().error(printable(" ".join(message.split())))

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        try:
            super()._check_value(action, value)
        except argparse.ArgumentError:
            choices = [str(choice) for choice in action.choices or ()]
            said = f"{value!r}, but it should be one of {', '.join(choices)}"
            raise argparse.ArgumentError(action, said + nearest(str(value), choices)) from None


def nearest(word: str, known: Iterable[str]) -> str:
    """Return a question about what was meant, for the end of a message; empty if nothing is near.

    Parameters
    ----------
    word : str
        What was given.
    known : iterable of str
        What could have been.
    """
    found = get_close_matches(word, [*known], n=1, cutoff=0.6)
    return f"; did you mean {found[0]}?" if found else ""
