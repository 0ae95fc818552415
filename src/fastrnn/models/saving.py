"""Models and weights on disk, as safetensors.

A file holds the weights under ``layer/weight`` and, for a whole model, what the optimizer remembers
of each under ``optimizer:slot/layer/weight``.  Its metadata holds, as text:

``format``, ``format_version``
    ``"fastrnn"`` and the number of this layout.
``model``
    The configuration as JSON.
``training``
    How the model was compiled, and the optimizer's count of steps, as JSON; not in files of
    weights.
``checksum``
    A CRC-32 of everything else, so that a flipped bit is seen.

A file is written beside its destination, synced, and renamed over it: at any moment the old or the
new one is there, whole.
"""

from __future__ import annotations

import json
import os
import secrets
import warnings
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Path = str | os.PathLike[str]

FORMAT = "fastrnn"
FORMAT_VERSION = 1

#: Endings that promise another format than what is written.
FOREIGN_ENDINGS = (".hdf5", ".h5", ".keras")

_DTYPES = {"F32": np.dtype(np.float32), "F64": np.dtype(np.float64)}


class CheckpointError(ValueError):
    """A file is not a checkpoint of this package, is damaged, or does not fit the model."""


@dataclass
class Checkpoint:
    """What a file holds.

    Attributes
    ----------
    model : dict
        Configuration of the model.
    training : dict or None
        How it was compiled.
    tensors : dict of str to ndarray
    """

    model: dict[str, Any]
    training: dict[str, Any] | None
    tensors: dict[str, Array]


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
    from safetensors.numpy import save

    path = os.fspath(path)
    if path.lower().endswith(FOREIGN_ENDINGS):
        warnings.warn(
            f"{path!r} is written as safetensors, whatever its ending says; "
            "only fastrnn.models can load it again, not h5py or Keras",
            stacklevel=3,
        )
    tensors = {name: np.ascontiguousarray(array) for name, array in checkpoint.tensors.items()}
    metadata = {
        "format": FORMAT,
        "format_version": str(FORMAT_VERSION),
        "model": json.dumps(checkpoint.model),
    }
    if checkpoint.training is not None:
        metadata["training"] = json.dumps(checkpoint.training)
    metadata["checksum"] = _checksum(metadata, tensors)
    _replace(path, save(tensors, metadata))


def _replace(path: str, content: bytes) -> None:
    folder, name = os.path.split(os.path.abspath(path))
    os.makedirs(folder, exist_ok=True)
    beside = os.path.join(folder, f".{name}.{secrets.token_hex(4)}.tmp")
    try:
        # Not tempfile: its files are readable by their owner alone, whatever the umask says.
        with open(beside, "xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, path)
    except BaseException:
        if os.path.exists(beside):
            os.unlink(beside)
        raise
    if os.name == "posix":  # elsewhere a folder cannot be opened
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def read(path: Path) -> Checkpoint:
    """Read a file and check all that can be checked without a model.

    Raises
    ------
    FileNotFoundError, PermissionError, IsADirectoryError
        As :func:`open` does.
    CheckpointError
        If it is no such file, or is damaged.
    """
    from safetensors import SafetensorError, safe_open

    path = os.fspath(path)
    with open(path, "rb"):
        pass  # so that a missing file is a FileNotFoundError, said in Python's words
    try:
        with safe_open(path, framework="np") as file:
            metadata = file.metadata() or {}
            version = _version(path, metadata)
            names = sorted(file.keys())
            for name in names:
                dtype = file.get_slice(name).get_dtype()
                if dtype not in _DTYPES:
                    raise CheckpointError(f"{path}: {name} is of type {dtype}, not F32 or F64")
            tensors = {name: file.get_tensor(name) for name in names}
    except (SafetensorError, OSError, OverflowError) as error:
        raise CheckpointError(f"{path} is not a whole safetensors file: {error}") from error
    if version > FORMAT_VERSION:
        raise CheckpointError(
            f"{path} has version {version} of the format; this fastrnn knows up to "
            f"{FORMAT_VERSION}: a newer fastrnn wrote it"
        )
    if metadata.get("checksum") != _checksum(metadata, tensors):
        raise CheckpointError(f"{path} is damaged: its checksum is not that of its content")
    training = _json(path, metadata, "training") if "training" in metadata else None
    return Checkpoint(_json(path, metadata, "model"), training, tensors)


def _version(path: str, metadata: Mapping[str, str]) -> int:
    if metadata.get("format") != FORMAT:
        raise CheckpointError(
            f"{path} was not written by fastrnn: its metadata says format "
            f"{metadata.get('format')!r}, it should be {FORMAT!r}"
        )
    try:
        return int(metadata["format_version"])
    except (KeyError, ValueError):
        given = metadata.get("format_version")
        raise CheckpointError(f"{path}: format_version is {given!r}, not a number") from None


def _json(path: str, metadata: Mapping[str, str], key: str) -> dict[str, Any]:
    try:
        content = json.loads(metadata[key])
    except (KeyError, ValueError, RecursionError) as error:
        raise CheckpointError(f"{path}: the entry {key!r} is not JSON: {error!r}") from error
    if not isinstance(content, dict):
        raise CheckpointError(f"{path}: the entry {key!r} is not a JSON object")
    return content


def _checksum(metadata: Mapping[str, str], tensors: Mapping[str, Array]) -> str:
    checksum = 0
    for key in sorted(metadata):
        if key != "checksum":
            checksum = zlib.crc32(f"{key}={metadata[key]}\n".encode(), checksum)
    for name in sorted(tensors):
        array = np.ascontiguousarray(tensors[name])
        title = f"{name} {array.dtype.name} {array.shape}\n"
        checksum = zlib.crc32(title.encode(), checksum)
        checksum = zlib.crc32(array.reshape(-1).data.cast("B"), checksum)
    return f"crc32:{checksum:08x}"


def take(tensors: Mapping[str, Array], name: str, shape: tuple[int, ...], dtype: np.dtype) -> Array:
    """Return a tensor of a file if it is what a model needs.

    float32 is widened where the model computes in float64; the other way would lose digits.

    Raises
    ------
    CheckpointError
        If it is missing, or has another shape or a wider type.
    """
    if name not in tensors:
        raise CheckpointError(f"the file lacks {name}, which the model has")
    array = tensors[name]
    if array.shape != shape:
        raise CheckpointError(f"{name} has shape {array.shape} in the file; it should be {shape}")
    if not np.can_cast(array.dtype, dtype, "safe"):
        raise CheckpointError(
            f"{name} is {array.dtype} in the file; the model's {dtype} cannot hold it"
        )
    return array.astype(dtype)
