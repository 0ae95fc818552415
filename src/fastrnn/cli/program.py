"""The entry point: the command line, and how errors are reported.

Models and training are imported by the functions that need them, so that a help text or a usage
error comes at once.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from fastrnn._version import __version__
from fastrnn.cipher.errors import InvalidKeyError, SettingsError
from fastrnn.cli import (
    bench,
    completion,
    convert,
    crack,
    decode,
    encode,
    evaluate,
    info,
    inspect,
    page,
    plot,
    sweep,
    train,
)
from fastrnn.cli.failures import FAILED, INTERRUPTED, line_of
from fastrnn.cli.parser import Parser
from fastrnn.cli.streams import safe_streams
from fastrnn.terminal import printable

__all__ = ["main"]


def main(argv: Sequence[str] | None = None) -> int:
    """Run the program.

    Parameters
    ----------
    argv : sequence of str, optional
        The words of the command line; those of this process where left out.

    Returns
    -------
    int
        The exit code: 0, or 1 after a failure, which one line on standard error explains, or 130
        after Ctrl-C.

    Raises
    ------
    SystemExit
        With 2 after a usage error, with 0 after ``--help`` and ``--version``.
    """
    with safe_streams() as output:
        try:
            arguments = _parse(sys.argv[1:] if argv is None else argv)
            output.is_optional = hasattr(arguments, "work_comes_first")
            output.escapes = not hasattr(arguments, "prints_texts") or output.isatty()
            return _run(arguments)
        except KeyboardInterrupt as interrupt:
            return _fail(str(interrupt) or "interrupted", INTERRUPTED)
        except BrokenPipeError:
            # The reader of the output, such as head, has closed the pipe.
            return FAILED
        except Exception as error:
            if os.environ.get("FASTRNN_TRACEBACK"):
                raise
            return _fail(line_of(error), FAILED)


def _run(arguments: argparse.Namespace) -> int:
    """Carry out a command, and return its exit code."""
    try:
        code: int = arguments.run(arguments)
    except (SettingsError, InvalidKeyError) as error:
        arguments.parser.error(line_of(error))
    sys.stdout.flush()
    return code


def _parse(argv: Sequence[str]) -> argparse.Namespace:
    """Read the command line."""
    parser = Parser(
        prog="fastrnn",
        description="Train and run small recurrent neural networks on a CPU.",
        epilog="fastrnn COMMAND --help explains a command.",
    )
    parser.add_argument("--version", action="version", version=f"fastrnn {__version__}")
    commands = parser.add_commands()
    cipher = commands.add_parser(
        "cipher",
        help="train a model that deciphers text, evaluate it and use it",
        description="Train a model that learns a cipher from pairs of plain and enciphered "
        "sentences, character by character, and use it.",
        epilog="To begin: fastrnn cipher train. Then: fastrnn cipher COMMAND --help.",
    )
    assert isinstance(cipher, Parser)
    cipher_commands = cipher.add_commands()
    for command in (train, sweep, evaluate, plot, decode, encode, crack, page):
        command.add_parser(cipher_commands)
    for command in (inspect, convert, info, bench, completion):
        command.add_parser(commands)
    completion.complete(parser)
    arguments, rest = parser.parse_known_args(argv)
    if rest:
        arguments.parser.refuse(rest)
    return arguments


def _fail(message: str, code: int) -> int:
    """Say in one line why the program ends, and return its exit code."""
    print(f"fastrnn: {printable(message)}", file=sys.stderr)
    return code
