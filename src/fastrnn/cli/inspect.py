"""``fastrnn inspect``: what a model file holds."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fastrnn.formats import Description
    from fastrnn.formats.state_dict import StateDict

__all__ = ["add_parser"]

#: The order of the gates in files, by the module of their format.
_GATES = {
    "own": "GRU r, z, n; LSTM i, f, g, o",
    "keras.archive": "GRU z, r, h; LSTM i, f, c, o",
    "keras.hdf5": "GRU z, r, h; LSTM i, f, c, o",
    "onnx": "GRU z, r, h; LSTM i, o, f, c",
    "audio": "GRU z, r, h in RTNeural's, r, z, n in PyTorch's; LSTM i, f, g, o",
}
_PYTORCH_GATES = "GRU r, z, n; LSTM i, f, g, o"
#: Arguments that are told anyway, or that change nothing of the answers.
_QUIET = {"name", "dtype", "units", "trainable", "seed", "unit_forget_bias"}


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the subcommand to those of its parent."""
    parser = commands.add_parser(
        "inspect",
        help="show what a model file holds",
        description="Show what a model file holds: layers, shapes, activations, the order of the "
        "gates, which program wrote it, and what could not be loaded. Nothing in the file is "
        "executed.",
    )
    parser.add_argument("file", metavar="FILE", help="a model or its weights, in any format")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print what a file holds, and return the exit code."""
    from fastrnn import formats
    from fastrnn.formats.state_dict import open_state_dict

    path = arguments.file
    found = formats.format_of_file(path)
    try:
        description = found.read(path)
    except formats.CheckpointError as error:
        try:
            state = open_state_dict(path)
        except formats.CheckpointError:
            state = None
        # JSON may be anything, and a file of fastrnn that is damaged is no state dictionary.
        is_other = state is not None and state.program not in ("JSON", "safetensors")
        if state is None or not (is_other or any(_is_torch_name(name) for name in state)):
            for line in _outline(path, found.name):
                print(line)
            raise error from None
        _tell(_of_state(path, state))
        return 0
    _tell(_of_model(path, found.name, found.module, description))
    return 0


def _tell(lines: Iterator[str]) -> None:
    for line in lines:
        print(line)
    sys.stdout.flush()


def _is_torch_name(name: str) -> bool:
    return "/" not in name and name.rpartition(".")[2].startswith(("weight", "bias", "running"))


def _of_model(path: str, name: str, module: str, description: Description) -> Iterator[str]:
    from fastrnn.formats.names import is_weight

    origin = description.origin
    yield f"file       {path}, {os.path.getsize(path):,} bytes"
    yield f"format     {origin.format or name}"
    yield f"written by {origin.program or 'not said'}"
    yield f"gates      {_GATES.get(module, 'as its format has them')}"
    training = description.training
    yield f"training   {_training(training)}"
    yield f"model      {description.model.get('name')} ({description.model.get('class_name')})"
    yield from _layers(description)
    names = [one for one in description.tensors if is_weight(one)]
    count = sum(description.tensors[one].size for one in names)
    kinds = sorted({str(description.tensors[one].dtype) for one in names})
    yield f"weights    {count:,} in {len(names)} arrays of {', '.join(kinds) or 'no type'}"
    yield from _footprint(description)
    for note in description.notes:
        yield f"note       {note}"
    problem = _problem(path)
    yield f"loads      {'yes' if problem is None else f'no: {problem}'}"


def _training(training: Mapping[str, Any] | None) -> str:
    if training is None:
        return "not compiled"
    names = [_short(training.get(part)) for part in ("optimizer", "loss")]
    return f"{names[0]}, loss {names[1]}, {training.get('iterations', 0):,} steps"


def _short(described: Any) -> str:
    """Return what a description is called: the names of classes, without their arguments."""
    if isinstance(described, Mapping):
        if "class_name" in described:
            return str(described["class_name"])
        return ", ".join(f"{name}: {_short(one)}" for name, one in described.items())
    if isinstance(described, (list, tuple)):
        return ", ".join(map(_short, described))
    return str(described)


def _layers(description: Description) -> Iterator[str]:
    from fastrnn.formats.description import wiring_of

    wiring = wiring_of(description.model)
    names = [call.name for call in wiring.calls]
    for place, call in enumerate(wiring.calls):
        config = dict(call.layer["config"])
        words = [f"  {call.name:<24}{_kind(call.layer)}"]
        words.append(", ".join(f"{key}={value}" for key, value in _told(config)))
        reads = [names[source] for source, _ in call.inputs]
        if reads and reads != names[place - 1 : place]:
            words.append(f"reads {', '.join(reads)}")
        yield "  ".join(word for word in words if word)
        prefix = f"{call.name}/"
        first = call.name not in names[:place]
        for name in description.tensors if first else ():
            if name.startswith(prefix):
                array = description.tensors[name]
                yield f"    {name.removeprefix(prefix):<22}{array.shape} {array.dtype}"


def _kind(layer: Mapping[str, Any]) -> str:
    config = layer["config"]
    kind = str(layer["class_name"])
    for argument in ("layer", "forward_layer"):
        if isinstance(config.get(argument), Mapping):
            return f"{kind}({_kind(config[argument])})"
    units = config.get("units", config.get("filters"))
    return kind if units is None else f"{kind}({units})"


def _told(config: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield the arguments that say what a layer computes."""
    for key, value in config.items():
        if isinstance(value, Mapping) and key in ("layer", "backward_layer"):
            yield from _told(value.get("config", {}))
        elif isinstance(value, Mapping) or key in _QUIET or key.endswith("initializer"):
            continue
        elif value not in (None, False) or key in ("use_bias", "reset_after", "return_sequences"):
            yield key, value


def _footprint(description: Description) -> Iterator[str]:
    """Yield what the model takes as a C file, or why it cannot be one."""
    import importlib

    try:
        found = importlib.import_module("fastrnn.formats.c").footprint(description)
    except Exception as error:  # not every model can be a C file, which is no fault of this one
        yield f"in C       no: {' '.join(str(error).split())}"
        return
    yield (
        f"in C       {found['weight_bytes']:,} bytes of flash, {found['state_bytes']:,} of state, "
        f"{found['multiplications']:,} multiplications a step"
    )


def _problem(path: str) -> str | None:
    """Return why a file makes no model; None if it does."""
    import warnings

    from fastrnn.models import load_model

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the notes are told already
            load_model(path)
    except (ValueError, TypeError, ImportError) as error:
        return " ".join(str(error).split())
    return None


def _of_state(path: str, state: StateDict) -> Iterator[str]:
    from fastrnn.formats.state_dict.units import units_of

    yield f"file       {path}, {os.path.getsize(path):,} bytes"
    yield f"format     state dictionary, {state.program}"
    yield f"gates      {_PYTORCH_GATES}"
    order = "lost: they stand in the order of the alphabet" if state.is_sorted else "of the file"
    yield f"order      {order}"
    for unit in units_of(state, dict(state)):
        layer = "" if unit.layer is None else f" layer {unit.layer}"
        yield f"  {(unit.prefix or '(the module)') + layer:<24}{unit.kind}"
        for part, tensor in unit.parts.items():
            yield f"    {part:<22}{tensor.shape} {tensor.kind}"
    yield (
        "loads      weights alone: build the model, and give them to it by "
        "fastrnn.interop.torch.load_state_dict(model, path)"
    )


def _outline(path: str, name: str) -> Iterator[str]:
    """Yield what can be told of a file that cannot be read as a model."""
    import zipfile

    from fastrnn.formats import CheckpointError
    from fastrnn.formats.json_text import read_object

    yield f"file       {path}, {os.path.getsize(path):,} bytes"
    if zipfile.is_zipfile(path):
        yield "format     zip archive"
        try:
            with zipfile.ZipFile(path) as archive:
                for entry in archive.infolist()[:100]:
                    yield f"  {entry.filename:<40}{entry.file_size:,} bytes"
        except Exception:  # a damaged directory tells nothing
            return
        return
    try:
        content = read_object(path)
    except (CheckpointError, OSError):
        return
    yield f"format     {name}"
    for key, value in list(content.items())[:100]:
        if isinstance(value, (list, dict)):
            value = f"{type(value).__name__} of {len(value)}"
        yield f"  {key[:40]:<24}{str(value)[:60]}"
