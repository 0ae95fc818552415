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

import json
import os
import warnings
import zlib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastrnn.files import replace_file
from fastrnn.terminal import printable

Array = NDArray[Any]
Path = str | os.PathLike[str]

#: The entry of the metadata that is ours.
ENTRY = "fastrnn"
FORMAT_VERSION = 3

#: Endings that promise another format than what is written.
FOREIGN_ENDINGS = (".hdf5", ".h5", ".keras")

_DTYPES: dict[str, np.dtype[Any]] = {"F32": np.dtype(np.float32), "F64": np.dtype(np.float64)}


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
    from safetensors.numpy import save

    path = os.fspath(path)
    if path.lower().endswith(FOREIGN_ENDINGS):
        warnings.warn(
            f"{path!r} is written as safetensors, whatever its ending says; "
            "only fastrnn.models can load it again, not h5py or Keras",
            stacklevel=3,
        )
    tensors = {name: np.ascontiguousarray(array) for name, array in checkpoint.tensors.items()}
    content = {
        "format_version": _version(checkpoint.model),
        "model": checkpoint.model,
        "training": checkpoint.training,
    }
    if checkpoint.run is not None:
        content["run"] = checkpoint.run
    os.makedirs(os.path.dirname(os.path.abspath(path)), exist_ok=True)
    replace_file(path, save(tensors, {ENTRY: _sealed(content, tensors)}))


def _version(model: Mapping[str, Any]) -> int:
    if "calls" in model:
        return 3
    return 2 if "connections" in model else 1


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
        file: Any = safe_open(path, framework="np")
        entry = (file.metadata() or {}).get(ENTRY)
        content = _content(path, entry)
        tensors = StoredTensors(file)
        for name, (dtype, _) in tensors.kinds.items():
            if dtype not in _DTYPES:
                raise CheckpointError(f"{path}: {name} is of type {dtype}, not F32 or F64")
        content.pop("checksum", None)
        # The whole text and not the checksum alone: "1e-7" and "1E-7" differ by a bit that JSON
        # reads over, and only one of them is what was written.
        is_whole = entry == _sealed(content, tensors)
    except (SafetensorError, OSError, OverflowError) as error:
        raise CheckpointError(f"{path} is not a whole safetensors file: {error}") from error
    except RecursionError:
        is_whole = False  # nested as deep as nothing that was written
    if not is_whole:
        raise CheckpointError(f"{path} is damaged: its checksum is not that of its content")
    training = None if content.get("training") is None else _object(path, content, "training")
    run = None if content.get("run") is None else _object(path, content, "run")
    return Checkpoint(_object(path, content, "model"), training, tensors, run)


class StoredTensors(Mapping[str, Array]):
    """The tensors of an open file, by name: read when they are asked for, and not kept.

    A model is made of a file larger than half of the memory, one tensor at a time.

    Parameters
    ----------
    file : safetensors.safe_open

    Attributes
    ----------
    kinds : dict of str to (str, tuple of int)
        Type, as safetensors calls it, and shape of each; known without reading it.
    """

    def __init__(self, file: Any) -> None:
        self._file = file
        slices = {name: file.get_slice(name) for name in sorted(file.keys())}
        self.kinds = {
            name: (str(part.get_dtype()), tuple(part.get_shape())) for name, part in slices.items()
        }

    def __getitem__(self, name: str) -> Array:
        if name not in self.kinds:
            raise KeyError(name)
        tensor: Array = self._file.get_tensor(name)
        return tensor

    def __iter__(self) -> Iterator[str]:
        return iter(self.kinds)

    def __len__(self) -> int:
        return len(self.kinds)


def _content(path: str, entry: str | None) -> dict[str, Any]:
    """Return what our entry of the metadata says, if its layout is one that is known here."""
    if entry is None:
        raise CheckpointError(
            f"{path} was not written by fastrnn: its metadata has no entry {ENTRY!r}"
        )
    try:
        content = json.loads(entry)
    except (ValueError, RecursionError) as error:
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
        array = np.ascontiguousarray(tensors[name])
        title = f"{name} {array.dtype.name} {array.shape}\n"
        checksum = zlib.crc32(title.encode(), checksum)
        checksum = zlib.crc32(array.reshape(-1).data.cast("B"), checksum)
    return _text({**content, "checksum": f"crc32:{checksum:08x}"})


def _text(content: Mapping[str, Any]) -> str:
    return json.dumps(content, sort_keys=True)


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
    if isinstance(tensors, StoredTensors):
        stored, found = tensors.kinds[name]
        given = _DTYPES[stored]
    else:
        given, found = tensors[name].dtype, tensors[name].shape
    if found != shape:
        raise CheckpointError(f"{name} has shape {found} in the file; it should be {shape}")
    if not np.can_cast(given, dtype, "safe"):
        raise CheckpointError(f"{name} is {given} in the file; the model's {dtype} cannot hold it")


def take(tensors: Mapping[str, Array], name: str, shape: tuple[int, ...], dtype: np.dtype) -> Array:
    """Return a tensor of a file, in the type of the model, if :func:`check` lets it pass."""
    check(tensors, name, shape, dtype)
    return tensors[name].astype(dtype, copy=False)


def check_names(tensors: Mapping[str, Array], known: Collection[str], holder: str) -> None:
    """Raise an error if a file has more tensors than `holder` has names for.

    Raises
    ------
    CheckpointError
        If it does; it says which.
    """
    extra = sorted(set(tensors) - set(known))
    if extra:
        raise CheckpointError(f"the file holds {', '.join(extra)}, which {holder} lacks")
