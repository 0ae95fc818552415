"""What the commands that use a trained model have in common."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fastrnn.cipher.corpus import Corpus
    from fastrnn.cipher.directory import RunDirectory

__all__ = ["add_corpus", "add_model", "corpus_of"]


def add_model(parser: argparse.ArgumentParser) -> None:
    """Add the directory of the model to a subcommand's arguments."""
    parser.add_argument(
        "--model", required=True, metavar="DIR", help="directory that fastrnn cipher train wrote"
    )


def add_corpus(parser: argparse.ArgumentParser) -> None:
    """Add the sentences to compare with to a subcommand's arguments."""
    parser.add_argument(
        "--plaintext",
        metavar="FILE",
        help="sentences, one per line (default: those that the training held out)",
    )
    parser.add_argument(
        "--ciphertext",
        metavar="FILE",
        help="the same sentences enciphered (default: the cipher of the training enciphers them)",
    )
    parser.add_argument(
        "--sentences", type=int, metavar="N", help="number of sentences of the file (default: all)"
    )


def corpus_of(arguments: argparse.Namespace, directory: RunDirectory) -> tuple[Corpus, str]:
    """Return the sentences that the command line asks for, and what to call them.

    Parameters
    ----------
    arguments : argparse.Namespace
        With what `add_corpus` adds.
    directory : RunDirectory
        Of the run whose model is used.
    """
    from fastrnn.cipher.evaluation import files_of, held_out_of

    if arguments.plaintext is not None:
        settings = directory.read_config().settings
        corpus = files_of(settings, arguments.plaintext, arguments.ciphertext, arguments.sentences)
        return corpus, arguments.plaintext
    for name in ("ciphertext", "sentences"):
        if getattr(arguments, name) is not None:
            arguments.parser.error(f"--{name}: it should come with --plaintext")
    return held_out_of(directory), "held out by the run"
