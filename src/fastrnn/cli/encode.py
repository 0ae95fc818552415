"""``fastrnn cipher encode``: encipher texts with a known key, or with a model that learned it."""

from __future__ import annotations

import argparse

from fastrnn.cipher.ciphers import CIPHERS, make_cipher
from fastrnn.cli.answers import tell_answers
from fastrnn.cli.texts import add_texts, texts

__all__ = ["add_parser"]


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the subcommand to those of its parent."""
    parser = commands.add_parser(
        "encode",
        help="encipher texts",
        description="Encipher texts, a line each. Letters A to Z are enciphered and keep their "
        "case; everything else stays as it is.",
    )
    parser.add_argument("--cipher", choices=CIPHERS, help="the cipher; wants --key too")
    parser.add_argument(
        "--key",
        help="its key: places to shift for caesar, the 26 letters rearranged for substitution, "
        "a word for vigenere and autokey",
    )
    parser.add_argument(
        "--model",
        metavar="DIR",
        help="instead of cipher and key, a model that train --direction encrypt wrote there",
    )
    add_texts(parser)
    parser.set_defaults(run=run, prints_texts=True)


def run(arguments: argparse.Namespace) -> int:
    """Print the enciphered texts, and return the exit code."""
    pair = arguments.cipher, arguments.key
    if arguments.model is not None:
        if pair != (None, None):
            arguments.parser.error("--model: it should come without --cipher and --key")
        tell_answers(arguments, "encrypt")
        return 0
    if None in pair:
        arguments.parser.error("--cipher and --key should both be given, or else --model")
    cipher = make_cipher(arguments.cipher, arguments.key)
    for text, _ in texts(arguments):
        print(cipher.encode(text))
    return 0
