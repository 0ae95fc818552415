"""``fastrnn cipher page``: a trained model as a web page."""

from __future__ import annotations

import argparse
from pathlib import Path

from fastrnn.cli.model import add_model
from fastrnn.terminal import Status

__all__ = ["add_parser"]


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the subcommand to those of its parent."""
    parser = commands.add_parser(
        "page",
        help="write a web page that deciphers as you type",
        description="Write the best model of a training as a single web page, compiled to "
        "WebAssembly. The page works from the disk, without a server. Needs clang and lld.",
    )
    add_model(parser)
    parser.add_argument("--out", metavar="FILE", help="file to write (default: page.html in DIR)")
    parser.add_argument(
        "--text",
        metavar="TEXT",
        help="text that the page shows first (default: a held-out sentence)",
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Write the page, and return the exit code."""
    from fastrnn.cipher.decoding import Decipherer
    from fastrnn.cipher.directory import RunDirectory
    from fastrnn.cipher.errors import RunError
    from fastrnn.cipher.evaluation import held_out_of
    from fastrnn.cipher.page import page
    from fastrnn.files import check_regular, replace_file

    directory = RunDirectory(arguments.model)
    decipherer = Decipherer.load(directory)
    file = Path(arguments.model) / "page.html" if arguments.out is None else Path(arguments.out)
    if not file.parent.is_dir():
        raise RunError(f"{file.parent}: no such directory; make it, or give another --out")
    check_regular(file, "written")
    text = arguments.text
    if text is None:
        held_out = held_out_of(directory)
        deciphers = decipherer.config.settings.deciphers
        text = (held_out.ciphertexts if deciphers else held_out.plaintexts)[0]
    decipherer.check(text, "--text")
    with Status() as status:
        status.say(f"compiling {file}")
        content = page(decipherer, text)
    replace_file(file, content)
    print(f"{file}: a page of {len(content) / 1e3:.0f} kB; open it in a browser")
    return 0
