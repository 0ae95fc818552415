"""Models and weights on disk, as safetensors.

A file holds the weights under ``layer/weight`` and, for a whole model, what the optimizer remembers
of each under ``optimizer:slot/layer/weight``.  Gates stand in the order of the core, a GRU's r, z,
n, whatever ``get_weights`` makes of it.  Its metadata has one entry, ``fastrnn``, a JSON object
with sorted keys:

``format_version``
    The number of this layout: 1, or 2 where layers do not simply follow one another and the
    configuration says how they are connected, or 3 where layers are called twice, so that an older
    fastrnn says what it lacks.
``model``
    The configuration.
``training``
    How the model was compiled, and the optimizer's count of steps; null in files of weights.
``run``
    Where a training was in which the file was saved, with what its callbacks and layers remember;
    missing in other files.  Arrays of it are tensors under ``run:place``.
``checksum``
    A CRC-32 of everything else, so that a flipped bit is seen.

One entry, since safetensors writes several in an order that changes from run to run: equal models
make equal files, byte by byte.

At any moment of a save the old or the new file is there, whole: see :mod:`fastrnn.files`.
"""

from __future__ import annotations

import errno
import json
import os
import warnings
import zlib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastrnn.files import kind_of_file, make_folder, path_text, replace_file
from fastrnn.models.foreign import about_folder, other_format
from fastrnn.models.tensor_file import TensorFile, TensorFileError, bytes_of, encoded
from fastrnn.terminal import printable

Array = NDArray[Any]
Path = str | bytes | os.PathLike[str]

#: The entry of the metadata that is ours.
ENTRY = "fastrnn"
FORMAT_VERSION = 3

#: Endings that promise another format than what is written.
FOREIGN_ENDINGS = (".hdf5", ".h5", ".keras")


class CheckpointError(ValueError):
    """A file is not a checkpoint of this package, is damaged, or does not fit the model."""

    def __init__(self, message: str) -> None:
        # It names what the file holds, which a terminal must not obey.
        super().__init__(printable(message))


@dataclass
class Checkpoint:
    """What a file holds.

    Attributes
    ----------
    model : dict
        Configuration of the model.
    training : dict or None
        How it was compiled.
    tensors : mapping of str to ndarray
        Read from the file whenever they are asked for, each time into new memory.
    run : dict or None
        Where the training was.
    """

    model: dict[str, Any]
    training: dict[str, Any] | None
    tensors: Mapping[str, Array]
    run: dict[str, Any] | None = None


def write(path: Path, checkpoint: Checkpoint) -> None:
    """Write a file, whole or not at all; missing folders are made.

    Warns
    -----
    UserWarning
        If the path ends like the files of another program: safetensors is what is written.

    Raises
    ------
    OSError
        If the file cannot be written; one that was there before is as it was.
    """
    path = path_text("filepath", path)
    if path.lower().endswith(FOREIGN_ENDINGS):
        warnings.warn(
            f"{path!r} is written as safetensors, whatever its ending says; "
            "only fastrnn.models can load it again, not h5py or Keras",
            stacklevel=3,
        )
    tensors = checkpoint.tensors
    content = {
        "format_version": _version(checkpoint.model),
        "model": checkpoint.model,
        "training": checkpoint.training,
    }
    if checkpoint.run is not None:
        content["run"] = checkpoint.run
    make_folder(os.path.dirname(os.path.realpath(path)))
    replace_file(path, encoded(tensors, {ENTRY: _sealed(content, tensors)}))


def _version(model: Mapping[str, Any]) -> int:
    if "calls" in model:
        return 3
    return 2 if "connections" in model else 1


def read(path: Path, keep: Callable[[str], bool] | None = None) -> Checkpoint:
    """Read a file and check all that can be checked without a model.

    Parameters
    ----------
    path : str or path
    keep : callable, optional
        Says by its name of a tensor whether to read it into memory before it is checked, so that
        nothing that happens to the file later can spoil a model which takes it.

    Raises
    ------
    FileNotFoundError, PermissionError, IsADirectoryError
        As :func:`open` does.
    CheckpointError
        If it is no such file, or is damaged.
    """
    path = path_text("filepath", path)
    try:
        tensors = _opened(path)
        entry = tensors.metadata.get(ENTRY)
        content = _content(path, entry)
        content.pop("checksum", None)
        if keep is not None:
            tensors.keep(filter(keep, tensors))
        # The whole text and not the checksum alone: "1e-7" and "1E-7" differ by a bit that JSON
        # reads over, and only one of them is what was written.
        is_whole = entry == _sealed(content, tensors)
    except TensorFileError as error:
        raise CheckpointError(f"{path} is not a whole safetensors file: {error}") from error
    except RecursionError:
        is_whole = False  # nested as deep as nothing that was written
    if not is_whole:
        raise CheckpointError(f"{path} is damaged: its checksum is not that of its content")
    training = None if content.get("training") is None else _object(path, content, "training")
    run = None if content.get("run") is None else _object(path, content, "run")
    return Checkpoint(_object(path, content, "model"), training, tensors, run)


def _opened(path: str) -> TensorFile:
    """Return the tensors of a file; where it is of another format, the error says of which."""
    kind = kind_of_file(os.stat(path).st_mode)
    if kind == "folder":
        raise IsADirectoryError(errno.EISDIR, about_folder(path), path)
    if kind != "file":  # which might be read without end, or wait for somebody to write
        raise CheckpointError(f"{path} is a {kind}; a model is a file")
    try:
        return TensorFile(path)
    except TensorFileError:
        found = other_format(path)
        if found is None:
            raise
        raise CheckpointError(f"{path} {found}") from None


def _content(path: str, entry: str | None) -> dict[str, Any]:
    """Return what our entry of the metadata says, if its layout is one that is known here."""
    if entry is None:
        raise CheckpointError(
            f"{path} was not written by fastrnn: its metadata has no entry {ENTRY!r}"
        )
    try:
        content = json.loads(entry)
    except (TypeError, ValueError, RecursionError) as error:
        raise CheckpointError(f"{path}: the entry {ENTRY!r} is not JSON: {error!r}") from error
    if not isinstance(content, dict):
        raise CheckpointError(f"{path}: the entry {ENTRY!r} is not a JSON object")
    version = content.get("format_version")
    if not isinstance(version, int):
        raise CheckpointError(f"{path}: format_version is {version!r}, not a number")
    if version > FORMAT_VERSION:
        raise CheckpointError(
            f"{path} has version {version} of the format; this fastrnn knows up to "
            f"{FORMAT_VERSION}: a newer fastrnn wrote it"
        )
    return content


def _object(path: str, content: Mapping[str, Any], key: str) -> dict[str, Any]:
    value = content.get(key)
    if not isinstance(value, dict):
        raise CheckpointError(f"{path}: {key!r} in the metadata is not a JSON object")
    return value


def _sealed(content: Mapping[str, Any], tensors: Mapping[str, Array]) -> str:
    """Return `content` as JSON, with a checksum of itself and of the tensors."""
    checksum = zlib.crc32(_text(content).encode())
    for name in sorted(tensors):
        dtype, shape = kind_of(tensors, name)
        title = f"{name} {dtype.name} {shape}\n"
        checksum = zlib.crc32(title.encode(), checksum)
        for piece in _pieces(tensors, name):
            checksum = zlib.crc32(piece, checksum)
    return _text({**content, "checksum": f"crc32:{checksum:08x}"})


def _text(content: Mapping[str, Any]) -> str:
    return json.dumps(content, sort_keys=True)


def kind_of(tensors: Mapping[str, Array], name: str) -> tuple[np.dtype[Any], tuple[int, ...]]:
    """Return type and shape of a tensor, which is not read for that."""
    if isinstance(tensors, TensorFile):
        return tensors.kinds[name]
    return tensors[name].dtype, tensors[name].shape


def _pieces(tensors: Mapping[str, Array], name: str) -> Iterator[memoryview]:
    if isinstance(tensors, TensorFile):
        return tensors.pieces(name)
    return iter([bytes_of(np.ascontiguousarray(tensors[name]))])


def check(tensors: Mapping[str, Array], name: str, shape: tuple[int, ...], dtype: np.dtype) -> None:
    """Raise an error unless a tensor of a file is what a model needs; it is not read for that.

    float32 is widened where the model computes in float64; the other way would lose digits.

    Raises
    ------
    CheckpointError
        If it is missing, or has another shape or a wider type.
    """
    if name not in tensors:
        raise CheckpointError(f"the file lacks {name}, which the model has")
    given, found = kind_of(tensors, name)
    if found != shape:
        raise CheckpointError(f"{name} has shape {found} in the file; it should be {shape}")
    if not np.can_cast(given, dtype, "safe"):
        raise CheckpointError(f"{name} is {given} in the file; the model's {dtype} cannot hold it")


def fill(array: Array, tensors: Mapping[str, Array], name: str) -> None:
    """Give an array the content of a tensor that :func:`check` lets pass, without a copy of it."""
    if isinstance(tensors, TensorFile):
        tensors.read_into(name, array)
    else:
        array[...] = tensors[name]


def check_names(names: Iterable[str], known: Collection[str], holder: str) -> None:
    """Raise an error if a file has tensors for which `holder` has no name.

    Raises
    ------
    CheckpointError
        If it does; it says which.
    """
    extra = sorted(set(names) - set(known))
    if extra:
        raise CheckpointError(f"the file holds {', '.join(extra)}, which {holder} lacks")
