"""``fastrnn completion``: let a shell complete commands, options and their values."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Iterator
from typing import Any

from fastrnn.cipher.ciphers import CIPHERS

__all__ = ["add_parser", "complete"]

SHELLS = ("bash", "zsh", "fish")

#: What argcomplete sets in the environment where a shell asks for completions.
ASKED = "_ARGCOMPLETE"

#: zsh has completion only once compinit has run, which the zshrc of a new user does not call; -i
#: leaves out what others may write, where compinit alone would ask at every start.
START_OF_ZSH = "(( $+functions[compdef] )) || { autoload -Uz compinit && compinit -i }"


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the subcommand to those of its parent."""
    parser = commands.add_parser(
        "completion",
        help="print a script for completion in bash, zsh or fish",
        description="""Print a script for a shell. Once the shell has read it, the TAB key completes
commands, options, their values and the names of files. Needs argcomplete:
pip install 'fastrnn[completion]'.""",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="""for every new shell:
  bash  add to ~/.bashrc: eval "$(fastrnn completion bash)"
  zsh   add to ~/.zshrc, at the end: eval "$(fastrnn completion zsh)"
  fish  add to ~/.config/fish/config.fish: fastrnn completion fish | source""",
    )
    parser.add_argument("shell", metavar="SHELL", choices=SHELLS, help=", ".join(SHELLS))
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print the script, and return the exit code."""
    try:
        import argcomplete
    except ImportError as error:
        raise ImportError(
            "completion needs argcomplete, which is not installed: "
            "pip install 'fastrnn[completion]'"
        ) from error
    script = argcomplete.shellcode(["fastrnn"], shell=arguments.shell)
    if arguments.shell == "zsh":
        script = script.replace("\n", f"\n{START_OF_ZSH}\n", 1)  # after the line #compdef
    print(script)
    return 0


def complete(parser: argparse.ArgumentParser) -> None:
    """Answer a shell that asks how the line goes on, and end the process; else do nothing."""
    if ASKED not in os.environ:
        return
    try:
        import argcomplete
        from argcomplete.completers import DirectoriesCompleter
    except ImportError:
        return
    directories = DirectoriesCompleter()
    for action in _actions(parser):
        values = VALUES.get(action.option_strings[0]) if action.option_strings else None
        metavar = str(action.metavar or "")
        completer: Any = None
        if values is not None and action.choices is None:
            completer = _chosen(values)
        elif metavar.startswith("DIR"):
            completer = directories
        elif not metavar.startswith(("FILE", "IN", "OUT")) and action.choices is None:
            completer = _nothing
        if completer is not None:
            action.completer = completer  # type: ignore[attr-defined]
    argcomplete.autocomplete(parser)


def _actions(parser: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    """Yield the arguments of a parser and of all its commands."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for command in action.choices.values():
                yield from _actions(command)
        elif action.nargs != 0:
            yield action


def _cells() -> Iterator[str]:
    from fastrnn.cipher.network import CELLS

    yield from CELLS


def _inputs() -> Iterator[str]:
    from fastrnn.cipher.network import INPUTS

    yield from INPUTS


def _directions() -> Iterator[str]:
    from fastrnn.cipher.settings import DIRECTIONS

    yield from DIRECTIONS


#: The values of options that are checked with the settings, and not by argparse. What imports
#: models is asked only when a shell wants it.
VALUES: dict[str, Callable[[], Iterator[str]]] = {
    "--cipher": lambda: iter(CIPHERS),
    "--cell": _cells,
    "--input": _inputs,
    "--direction": _directions,
}


def _chosen(values: Callable[[], Iterator[str]]) -> Callable[..., list[str]]:
    """Return what completes a value, or the last of several with commas between them."""

    def completer(prefix: str = "", **_: Any) -> list[str]:
        before, comma, _word = prefix.rpartition(",")
        return [before + comma + value for value in values()]

    return completer


def _nothing(**_: Any) -> list[str]:
    """Complete nothing, such as a number."""
    return []
