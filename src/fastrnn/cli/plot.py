"""``fastrnn cipher plot``: pictures of a training run."""

from __future__ import annotations

import argparse
from pathlib import Path

from fastrnn.cli.model import add_corpus, add_model, corpus_of
from fastrnn.terminal import Status

__all__ = ["add_parser"]


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the subcommand to those of its parent."""
    parser = commands.add_parser(
        "plot",
        help="plot a training and the mistakes of its model",
        description="Plot loss and accuracy by epoch, accuracy by position in the sentence, which "
        "characters the best model confuses, and its states along a sentence, all on sentences "
        "that it was not trained on. With random keys, plot accuracy by letters of the key, and "
        "how long the states keep each of them. You can plot a training that is still running. "
        "Needs matplotlib: pip install 'fastrnn[plot]'.",
    )
    add_model(parser)
    add_corpus(parser)
    parser.add_argument(
        "--out",
        metavar="FILE",
        help="file to write; its ending selects the format: png, svg, pdf and others (default: "
        "plot.png in DIR)",
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Write the picture, and return the exit code."""
    from fastrnn.cipher.decoding import Decipherer
    from fastrnn.cipher.directory import RunDirectory
    from fastrnn.cipher.errors import RunError
    from fastrnn.cipher.evaluation import evaluate
    from fastrnn.cipher.memory import example_of, remembered
    from fastrnn.cipher.plot import FORMATS, check_drawing, plot
    from fastrnn.files import check_regular, replace_file

    check_drawing()
    directory = RunDirectory(arguments.model)
    directory.read_config()  # which says so if there is no run
    file = directory.plot_file if arguments.out is None else Path(arguments.out)
    format = file.suffix.removeprefix(".").lower() or "png"
    if format not in FORMATS:
        arguments.parser.error(f"--out: {file}, but its ending should be one of {_endings()}")
    if not file.parent.is_dir():
        raise RunError(f"{file.parent}: no such directory; make it, or give another --out")
    check_regular(file, "written")
    decipherer = Decipherer.load(directory)
    with Status() as status:
        status.say(f"reading the sentences of {directory}")
        corpus, name = corpus_of(arguments, directory)
        found = evaluate(decipherer, corpus, status.say)
        status.say(f"drawing {file}")
        title = decipherer.config.settings.title
        memory = remembered(decipherer, *example_of(decipherer, corpus))
        picture = plot(directory.read_history(), found, format, title, memory)
    replace_file(file, picture)
    print(f"{file}: drawn from history.csv and {len(corpus)} sentences, {name}")
    return 0


def _endings() -> str:
    from fastrnn.cipher.plot import FORMATS

    return ", ".join(f".{format}" for format in FORMATS)
