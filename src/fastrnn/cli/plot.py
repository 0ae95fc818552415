"""``fastrnn cipher plot``: pictures of a training run."""

from __future__ import annotations

import argparse

from fastrnn.cli.model import add_corpus, add_model, corpus_of

__all__ = ["add_parser"]


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the subcommand to those of its parent."""
    parser = commands.add_parser(
        "plot",
        help="draw how a training run went and where its model is wrong",
        description="Draw loss and accuracy by epoch, accuracy by position in the sentence, and "
        "which characters the best model takes for which, on sentences that it has not seen. "
        "Works while the run goes on, too. Needs matplotlib: pip install 'fastrnn[plot]'.",
    )
    add_model(parser)
    add_corpus(parser)
    parser.add_argument(
        "--out", metavar="FILE", help="PNG file to write (default: plot.png in DIR)"
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Write the picture, and return the exit code."""
    from fastrnn.cipher.decoding import Decipherer
    from fastrnn.cipher.directory import RunDirectory
    from fastrnn.cipher.evaluation import evaluate
    from fastrnn.cipher.plot import plot

    directory = RunDirectory(arguments.model)
    decipherer = Decipherer.load(directory)
    corpus, name = corpus_of(arguments, directory)
    picture = plot(directory.read_history(), evaluate(decipherer, corpus))
    file = directory.write_plot(picture, arguments.out)
    print(f"{file}: drawn from history.csv and {len(corpus)} sentences, {name}")
    return 0
