"""``fastrnn cipher decode``: decipher texts with a trained model."""

from __future__ import annotations

import argparse

from fastrnn.cli.answers import tell_answers
from fastrnn.cli.model import add_model
from fastrnn.cli.texts import add_texts

__all__ = ["add_parser"]


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the subcommand to those of its parent."""
    parser = commands.add_parser(
        "decode",
        help="decipher texts with a trained model",
        description="Decipher texts with the best model of a training; print one line per text.",
    )
    add_model(parser)
    parser.add_argument("--key", help="the key of the texts, for a model of random keys")
    add_texts(parser)
    parser.set_defaults(run=run, prints_texts=True)


def run(arguments: argparse.Namespace) -> int:
    """Print the deciphered texts, and return the exit code."""
    tell_answers(arguments, "decrypt")
    return 0
