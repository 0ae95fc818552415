"""What argparse lacks: help where no command is given, the nearest name where one is wrong."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import Any, NoReturn

from fastrnn.cipher.errors import nearest
from fastrnn.terminal import printable

__all__ = ["Parser"]

#: What a value should be, by the type that reads it.
WANTED = {int: "a whole number", float: "a number"}


class Parser(argparse.ArgumentParser):
    """A parser of a program or of one of its commands; options are to be written out in full."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **{"allow_abbrev": False, **options})
        self.set_defaults(parser=self)
        self._words: list[str] = []

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

    def parse_known_args(  # type: ignore[override]
        self, args: Sequence[str] | None = None, namespace: Any = None
    ) -> tuple[argparse.Namespace, list[str]]:
        """Read what is known of the words, and keep them for the message about an error."""
        self._words = [*(sys.argv[1:] if args is None else args)]
        return super().parse_known_args(args, namespace)

    def refuse(self, words: Sequence[str]) -> NoReturn:
        """End with a usage error about words that mean nothing here."""
        hints = (
            nearest(word.partition("=")[0], self.options) for word in words if word.startswith("-")
        )
        self.error(f"unrecognized arguments: {' '.join(words)}{''.join(hints)}")

    def error(self, message: str) -> NoReturn:
        """End with a usage error: a line about the usage, and one about what is wrong."""
        if message.startswith("the following arguments are required"):
            # A misspelled option is the cause, and the one that is missing its consequence.
            words, self._words = self._words, []
            words = words[: words.index("--")] if "--" in words else words
            names = [word.partition("=")[0] for word in words if word.startswith("--")]
            unknown = [name for name in names if name not in self.options]
            if unknown:
                self.refuse(unknown)
        positional = [action for action in self._actions if not action.option_strings]
        usage = [f"usage: {self.prog} [OPTION ...]", *map(self._format_of, positional)]
        said = printable(" ".join(message.split()))
        self.exit(
            2,
            f"{' '.join(usage)}\n(see {self.prog} --help)\n{self.prog}: error: {said}\n",
        )

    @staticmethod
    def _format_of(action: argparse.Action) -> str:
        """Return a positional argument as the line about the usage shows it."""
        name = str(action.metavar or action.dest)
        if isinstance(action, argparse._SubParsersAction):
            return f"{name} ..."
        return f"[{name} ...]" if action.nargs == "*" else name

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        try:
            super()._check_value(action, value)
        except argparse.ArgumentError:
            choices = [str(choice) for choice in action.choices or ()]
            said = f"{value!r}, but it should be one of {', '.join(choices)}"
            near = nearest(str(value), choices) or self._nearest_within(action, str(value))
            raise argparse.ArgumentError(action, said + near) from None

    @staticmethod
    def _nearest_within(action: argparse.Action, word: str) -> str:
        """Return a question about a command of one of the commands, such as ``cipher train``."""
        for name, command in dict(action.choices or {}).items() if _is_commands(action) else ():
            for inner in filter(_is_commands, command._actions):
                near = nearest(word, inner.choices)
                if near:
                    return near.replace("mean ", f"mean {name} ")
        return ""

    def _get_value(self, action: argparse.Action, arg_string: str) -> Any:
        try:
            return super()._get_value(action, arg_string)
        except argparse.ArgumentError:
            kind: Any = action.type
            wanted = WANTED.get(kind)
            if wanted is None:
                raise
            said = f"{arg_string!r}, but it should be {wanted}"
            raise argparse.ArgumentError(action, said) from None


def _is_commands(action: argparse.Action) -> bool:
    return isinstance(action, argparse._SubParsersAction)
