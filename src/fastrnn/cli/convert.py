"""``fastrnn convert``: a model from one format into another, checked on random inputs."""

from __future__ import annotations

import argparse
import os
import tempfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fastrnn.models import Model

__all__ = ["add_parser"]


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the subcommand to those of its parent."""
    parser = commands.add_parser(
        "convert",
        help="write a model in another format",
        description="Read a model of any format that fastrnn reads and write it in the format "
        "that the ending of OUT stands for. Both are checked on random inputs, and the largest "
        "differences printed, before OUT is there.",
    )
    parser.add_argument("input", metavar="IN", help="a model file; its content says its format")
    parser.add_argument(
        "output", metavar="OUT", help="the file to write, such as model.safetensors or net.onnx"
    )
    parser.add_argument("--force", action="store_true", help="replace OUT if it is there")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Convert a model, and return the exit code."""
    from fastrnn.files import check_regular, make_folder
    from fastrnn.formats import CheckpointError, format_of_file
    from fastrnn.interop.checking import compare
    from fastrnn.models import load_model

    source, target = arguments.input, arguments.output
    if os.path.exists(target):
        if os.path.exists(source) and os.path.samefile(source, target):
            raise CheckpointError(f"{target} is the file that is read; write to another one")
        if not arguments.force:
            raise CheckpointError(f"{target} is there; --force replaces it")
    check_regular(target, "written")
    _check_ending(target)
    model = load_model(source)
    read = compare(source, model)
    print(f"read {source} ({format_of_file(source).name}): {read}")
    if not read.agrees:
        raise CheckpointError(f"{source} does not answer as it should; nothing was written")
    place = os.path.realpath(target)
    folder = os.path.dirname(place)
    make_folder(folder)
    # Beside OUT, so that it is there whole and checked, or not at all.
    with tempfile.TemporaryDirectory(dir=folder, prefix=".fastrnn-convert-") as within:
        written = os.path.join(within, os.path.basename(target))
        _write(model, written)
        said = _checked(written, model)
        for name in sorted(os.listdir(within)):
            os.replace(os.path.join(within, name), os.path.join(folder, name))
    print(f"wrote {target}: {said}")
    return 0


def _check_ending(target: str) -> None:
    from fastrnn.formats import CheckpointError, format_for
    from fastrnn.formats.registry import FORMATS

    if not format_for(target, "write") and not format_for(target, "export"):
        endings = [e for one in FORMATS if {"write", "export"} & one.ways for e in one.endings]
        raise CheckpointError(
            f"the ending of {target} is of no format that is written; there are "
            f"{', '.join(dict.fromkeys(endings))}"
        )


def _write(model: Model, path: str) -> None:
    from fastrnn.formats import format_for

    if format_for(path, "write"):
        model.save(path)
    else:
        model.export(path)


def _checked(written: str, model: Model) -> str:
    """Return what came of comparing a file that was written with the model."""
    from fastrnn.formats import CheckpointError, format_for
    from fastrnn.interop.checking import READ_ELSEWHERE, compare, difference
    from fastrnn.models import load_model

    found = format_for(written, "write") or format_for(written, "export")
    assert found is not None
    said = []
    if "read" in found.ways:
        again = difference(model, load_model(written, compile=False))
        if not again.agrees:
            raise CheckpointError(f"what was written does not answer as the model: {again}")
        said.append(f"largest difference {again.difference:.2g}, read again")
    if found.module in READ_ELSEWHERE:
        theirs = compare(written, model, found.module)
        if not theirs.agrees:
            raise CheckpointError(f"what was written does not answer as the model: {theirs}")
        said.append(str(theirs))
    return "; ".join(said) or "a program, which was not run"
