"""``fastrnn convert``: a model from one format into another, checked on random inputs."""

from __future__ import annotations

import argparse
import os
import tempfile
import warnings
from typing import TYPE_CHECKING, Any

from fastrnn.cipher.errors import nearest
from fastrnn.terminal import Status

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fastrnn.models import Model

__all__ = ["add_parser"]


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the subcommand to those of its parent."""
    parser = commands.add_parser(
        "convert",
        help="write a model in another format",
        description="Read a model in any format that fastrnn reads, and write it in the format "
        "that the ending of OUT selects. Before OUT appears, both files are compared on random "
        "inputs, and the largest differences are printed.",
    )
    parser.add_argument(
        "input", metavar="IN", help="a model file; the format is recognized by its content"
    )
    parser.add_argument(
        "output", metavar="OUT", help="the file to write, such as model.safetensors or net.onnx"
    )
    parser.add_argument("--force", action="store_true", help="replace OUT if it exists")
    group = parser.add_argument_group("for C files, whose names end in .h")
    group.add_argument("--name", help="prefix of functions and types (default: the stem of OUT)")
    group.add_argument(
        "--dtype",
        choices=("float", "double"),
        help="type of the numbers (default: that of the model)",
    )
    group.add_argument(
        "--no-math",
        action="store_true",
        default=None,
        help="avoid <math.h>; include functions of our own",
    )
    weights = group.add_mutually_exclusive_group()
    weights.add_argument(
        "--static-weights",
        dest="weights_file",
        action="store_false",
        default=None,
        help="keep the weights in OUT as constants (default)",
    )
    weights.add_argument(
        "--weights-file",
        action="store_true",
        default=None,
        help="write the weights to NAME_weights.h beside OUT, which includes it",
    )
    group.add_argument(
        "--int8",
        action="store_true",
        default=None,
        help="store matrices in 8 bits, and print how much the outputs change",
    )
    group.add_argument(
        "--data", metavar="FILE.npy", help="inputs on which to measure the error of --int8"
    )
    group.add_argument(
        "--streams",
        type=int,
        metavar="N",
        help="number of sequences that run side by side (default: 1)",
    )
    group.add_argument(
        "--self-test",
        action="store_true",
        default=None,
        help="also write a program that compares OUT with the outputs of the model",
    )
    parser.set_defaults(run=run)


#: The arguments of the command line that are options of :meth:`fastrnn.models.Model.export`.
_OPTIONS = ("name", "dtype", "no_math", "weights_file", "int8", "data", "streams", "self_test")


def run(arguments: argparse.Namespace) -> int:
    """Convert a model, and return the exit code."""
    from fastrnn.files import check_regular, make_folder
    from fastrnn.formats import CheckpointError, format_of_file
    from fastrnn.interop.checking import check_written, compare
    from fastrnn.models import load_model

    source, target = arguments.input, arguments.output
    if os.path.exists(target):
        if os.path.exists(source) and os.path.samefile(source, target):
            raise CheckpointError(f"{target} is the input itself; give another output")
        if not arguments.force:
            raise CheckpointError(f"{target} exists; --force replaces it")
    check_regular(target, "written")
    _check_ending(target)
    options = _options(target, arguments)
    status = Status()
    with status, warnings.catch_warnings(record=True) as notes:
        warnings.simplefilter("always")
        status.say(f"reading {source}")
        model = load_model(source)
    for note in notes:
        print(f"note: {note.message}")
    with status:
        status.say(f"comparing {source} with what was read, on random inputs")
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
        with status:
            status.say(f"writing {target}")
            _write(model, written, options)
            status.say(f"comparing {target} with what was read, on random inputs")
            said = check_written(written, model)
        names = sorted(os.listdir(within))
        beside = [name for name in names if name != os.path.basename(place)]
        there = [name for name in beside if os.path.lexists(os.path.join(folder, name))]
        if there and not arguments.force:
            found = os.path.join(os.path.dirname(target), there[0])
            raise CheckpointError(f"{found} exists; --force replaces it")
        for name in names:
            os.replace(os.path.join(within, name), os.path.join(folder, name))
    print(f"wrote {target}: {said}")
    if beside:
        print(f"with {', '.join(beside)} beside it")
    return 0


def _options(target: str, arguments: argparse.Namespace) -> dict[str, Any]:
    """Return the options of the format that were given."""
    from fastrnn.formats import CheckpointError, format_for

    given = {name: getattr(arguments, name) for name in _OPTIONS}
    options = {name: value for name, value in given.items() if value is not None}
    found = format_for(target, "export")
    if options and (found is None or "write_test" not in found.ways):
        title = f"--{next(iter(options)).replace('_', '-')}"
        title = "--static-weights" if options.get("weights_file") is False else title
        raise CheckpointError(f"{title} is for C files, whose names end in .h; {target} is none")
    if "data" in options:
        if not options.get("int8"):
            raise CheckpointError("--data is what --int8 is measured on; give both, or neither")
        options["data"] = _array(options["data"])
    return options


def _array(path: str) -> NDArray[Any]:
    import numpy as np

    from fastrnn.files import check_regular
    from fastrnn.formats import CheckpointError

    check_regular(path, "read")
    try:
        found = np.load(path, allow_pickle=False)
    except (ValueError, EOFError) as error:
        raise CheckpointError(f"{path} is no array of NumPy (.npy): {error}") from error
    if not isinstance(found, np.ndarray):
        raise CheckpointError(f"{path} holds several arrays (.npz); it should be one, in .npy")
    return found


def _check_ending(target: str) -> None:
    from fastrnn.formats import CheckpointError, format_for
    from fastrnn.formats.registry import FORMATS

    if not format_for(target, "write") and not format_for(target, "export"):
        endings = [e for one in FORMATS if {"write", "export"} & one.ways for e in one.endings]
        raise CheckpointError(
            f"the ending of {target} is of no format that is written; there are "
            f"{', '.join(dict.fromkeys(endings))}{nearest(os.path.splitext(target)[1], endings)}"
        )


def _write(model: Model, path: str, options: dict[str, Any]) -> None:
    from fastrnn.formats import format_for

    if format_for(path, "write"):
        model.save(path)
    else:
        model.export(path, **options)
