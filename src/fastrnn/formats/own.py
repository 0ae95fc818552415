"""Models and weights on disk, as safetensors.

A file has the weights as ``layer/weight`` and, for a whole model, the optimizer's slots as
``optimizer:slot/layer/weight``.  Gates are in the order of the core, for a GRU r, z, n, unlike in
``get_weights``.  The metadata have one entry, ``fastrnn``, a JSON object with sorted keys:

``format_version``
    The version of this layout: 1 for chains of layers, 2 for other graphs, whose connections the
    configuration lists, 3 if layers are called twice.  An older fastrnn refuses newer versions.
``model``
    The configuration.
``training``
    The compile options, and the optimizer's count of steps; null in files of weights.
``run``
    The position of the training during which the file was saved, with the states of callbacks and
    layers; missing in other files.  Its arrays are tensors named ``run:place``.
``checksum``
    A CRC-32 of everything else, to detect damage.

There is one entry because safetensors writes several in random order: equal models give equal
files, byte for byte.

Files are replaced atomically: see :mod:`fastrnn.files`.
"""

from __future__ import annotations

import json
import os
import zlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastrnn.files import make_folder, path_text, replace_file
from fastrnn.formats.description import Description, Origin, kind_of
from fastrnn.formats.errors import CheckpointError
from fastrnn.formats.foreign import other_format
from fastrnn.formats.tensor_file import TensorFile, TensorFileError, bytes_of, encoded

Array = NDArray[Any]
Path = str | bytes | os.PathLike[str]

#: The entry of the metadata.
ENTRY = "fastrnn"
FORMAT_VERSION = 3


def write(path: Path, description: Description) -> None:
    """Write a file atomically; missing folders are created.

    Raises
    ------
    OSError
        If the file cannot be written; an existing file is then unchanged.
    """
    path = path_text("filepath", path)
    tensors = description.tensors
    content = {
        "format_version": _version(description.model),
        "model": description.model,
        "training": description.training,
    }
    if description.run is not None:
        content["run"] = description.run
    make_folder(os.path.dirname(os.path.realpath(path)))
    replace_file(path, encoded(tensors, {ENTRY: _sealed(content, tensors)}))


def _version(model: Mapping[str, Any]) -> int:
    if "calls" in model:
        return 3
    return 2 if "connections" in model else 1


def read(path: Path, keep: Callable[[str], bool] | None = None) -> Description:
    """Read a file, with all checks that need no model.

    Parameters
    ----------
    path : str or path
    keep : callable, optional
        Takes the name of a tensor; returns whether to read it into memory before the check, so that
        later changes of the file do not affect it.

    Raises
    ------
    FileNotFoundError, PermissionError, IsADirectoryError
        As :func:`open` does.
    CheckpointError
        If it is not such a file, or is damaged.
    """
    path = path_text("filepath", path)
    try:
        tensors = _opened(path)
        entry = tensors.metadata.get(ENTRY)
        content = _content(path, entry)
        content.pop("checksum", None)
        if keep is not None:
            tensors.keep(filter(keep, tensors))
        # Compares the whole text, and not only the checksum: "1e-7" and "1E-7" differ by a bit that
        # JSON ignores.
        is_whole = entry == _sealed(content, tensors)
    except TensorFileError as error:
        raise CheckpointError(f"{path} is not a whole safetensors file: {error}") from error
    except RecursionError:
        is_whole = False  # nested deeper than anything that was written
    if not is_whole:
        raise CheckpointError(f"{path} is damaged: its checksum is not that of its content")
    training = None if content.get("training") is None else _object(path, content, "training")
    run = None if content.get("run") is None else _object(path, content, "run")
    model = _object(path, content, "model")
    return Description(model, training, tensors, run, Origin("safetensors", "fastrnn"))


def _opened(path: str) -> TensorFile:
    """Return the tensors of a file; the error for another format names it."""
    try:
        return TensorFile(path)
    except TensorFileError:
        found = other_format(path)
        if found is None:
            raise
        raise CheckpointError(f"{path} {found}") from None


def _content(path: str, entry: str | None) -> dict[str, Any]:
    """Return the content of the metadata's entry, if its version is known."""
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


def _pieces(tensors: Mapping[str, Array], name: str) -> Iterator[memoryview]:
    if isinstance(tensors, TensorFile):
        return tensors.pieces(name)
    return iter([bytes_of(np.ascontiguousarray(tensors[name]))])
