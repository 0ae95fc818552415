"""``fastrnn cipher evaluate``: how well a trained model does."""

from __future__ import annotations

import argparse

from fastrnn.cli.model import add_corpus, add_model, corpus_of
from fastrnn.terminal import Status, columns, joined

__all__ = ["add_parser"]

#: Kinds of mistakes that are shown.
SHOWN = 5


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the subcommand to those of its parent."""
    parser = commands.add_parser(
        "evaluate",
        help="count the characters and sentences that a trained model gets right",
        description="Run the best model of a training on sentences that it was not trained on, "
        "and print how many characters and how many whole sentences it gets right.",
    )
    add_model(parser)
    add_corpus(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print the accuracy, and return the exit code."""
    from fastrnn.cipher.decoding import Decipherer
    from fastrnn.cipher.directory import RunDirectory
    from fastrnn.cipher.evaluation import evaluate

    directory = RunDirectory(arguments.model)
    decipherer = Decipherer.load(directory)
    with Status() as status:
        status.say(f"reading the sentences of {directory}")
        corpus, name = corpus_of(arguments, directory)
        found = evaluate(decipherer, corpus, status.say)
    print(f"sentences: {found.sentences}, {name}")
    print(f"right by character: {found.accuracy:.5f} ({found.total_right} of {found.total})")
    print(
        f"right by sentence: {found.sentence_accuracy:.5f} "
        f"({found.sentences_right} of {found.sentences})"
    )
    apart = found.by_key_length
    if apart is not None and len(apart.lengths) > 1:
        shares = apart.right.sum(axis=1) / apart.counted.sum(axis=1)
        parts = [f"{n} {share:.5f}" for n, share in zip(apart.lengths, shares, strict=True)]
        parts = [f"{part}," for part in parts[:-1]] + parts[-1:]
        print(joined(["right by letters of the key:", *parts], " ", columns()))
    mistakes = [f"{m.answer!r} for {m.truth!r} {m.times}×" for m in found.mistakes()[:SHOWN]]
    if mistakes:
        parts = [f"{part}," for part in mistakes[:-1]] + mistakes[-1:]
        print(joined(["most often wrong:", *parts], " ", columns()))
    return 0
