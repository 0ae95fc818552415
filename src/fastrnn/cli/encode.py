"""``fastrnn cipher encode``: encipher texts with a known key, or with a model that learned it."""

from __future__ import annotations

import argparse

from fastrnn.cipher.ciphers import CIPHERS, OPTIONS, make_cipher
from fastrnn.cli.answers import tell_answers
from fastrnn.cli.cipher_options import CIPHER_OPTIONS
from fastrnn.cli.texts import add_texts, texts

__all__ = ["add_parser"]


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the subcommand to those of its parent."""
    parser = commands.add_parser(
        "encode",
        help="encipher texts",
        description="Encipher texts, with a key or with a trained model; print one line per text. "
        "Letters A to Z are enciphered and keep their case; everything else stays as it is.",
    )
    parser.add_argument(
        "--cipher",
        choices=CIPHERS,
        metavar="NAME",
        help=f"{', '.join(CIPHERS)}; needs --key",
    )
    parser.add_argument(
        "--key",
        help="the key: the shift for caesar, the 26 letters rearranged for substitution, a word "
        "for vigenere, autokey, beaufort and columnar, two numbers such as 5,8 for affine, the "
        "three letters in the windows for enigma",
    )
    for name, kind, metavar, text in CIPHER_OPTIONS:
        parser.add_argument(name, type=kind, metavar=metavar, help=text)
    parser.add_argument(
        "--model",
        metavar="DIR",
        help="directory of a model trained with --direction encrypt, instead of --cipher and --key",
    )
    add_texts(parser)
    parser.set_defaults(run=run, prints_texts=True)


def run(arguments: argparse.Namespace) -> int:
    """Print the enciphered texts, and return the exit code."""
    pair = arguments.cipher, arguments.key
    options = {name: getattr(arguments, name) for name in OPTIONS}
    if arguments.model is not None:
        given = [f"--{name}" for name, value in options.items() if value is not None]
        if arguments.cipher is not None or given:
            beside = " and ".join(["--cipher", *given])
            arguments.parser.error(f"--model: it should come without {beside}")
        tell_answers(arguments, "encrypt")
        return 0
    if None in pair:
        arguments.parser.error("--cipher and --key should both be given, or else --model")
    cipher = make_cipher(arguments.cipher, arguments.key, **options)
    for text, _ in texts(arguments):
        print(cipher.encode(text))
    return 0
