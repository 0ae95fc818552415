"""``fastrnn cipher decode``: decipher texts with a trained model."""

from __future__ import annotations

import argparse
import sys

from fastrnn.cli.texts import add_texts, texts

__all__ = ["add_parser"]

#: Texts that are deciphered at once, unless someone sits there typing them.
TOGETHER = 256


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the subcommand to those of its parent."""
    parser = commands.add_parser(
        "decode",
        help="decipher texts with a trained model",
        description="Decipher texts with the best model of a training run, a line each.",
        allow_abbrev=False,
    )
    parser.add_argument(
        "--model", required=True, metavar="DIR", help="the directory that train wrote"
    )
    add_texts(parser)
    parser.set_defaults(run=run, parser=parser)


def run(arguments: argparse.Namespace) -> int:
    """Print the deciphered texts, and return the exit code.

    What comes before a text that cannot be deciphered is printed.
    """
    from fastrnn.cipher.decoding import Decipherer
    from fastrnn.cipher.directory import RunDirectory
    from fastrnn.cipher.errors import CorpusError

    decipherer = Decipherer.load(RunDirectory(arguments.model))
    together = 1 if not arguments.texts and sys.stdin.isatty() else TOGETHER
    waiting: list[str] = []

    def tell() -> None:
        for plain in decipherer.decipher(waiting):
            print(plain)
        sys.stdout.flush()
        waiting.clear()

    try:
        for text, place in texts(arguments):
            decipherer.check(text, place)
            waiting.append(text)
            if len(waiting) == together:
                tell()
    except CorpusError:
        tell()
        raise
    tell()
    return 0
