"""Files of ``torch.save``: zip archives, those of before PyTorch 1.6, and TorchScript's.

A zip archive has ``NAME/data.pkl``, whose tensors are views of storages, and the storages as
``NAME/data/KEY``, uncompressed.  The files of before are pickles one behind the other (a magic
number, a version, sizes of the machine, the object, the keys of its storages), then each storage:
how many numbers it has, and these.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO

import numpy as np

from fastrnn.formats.errors import CheckpointError
from fastrnn.formats.state_dict.pickled import Module, View, read_pickle
from fastrnn.formats.state_dict.stored import KINDS, Array, StoredTensor, numbers

#: What the first pickle of a file of before PyTorch 1.6 says.
MAGIC = 0x1950A86A20F9469CFC6C
#: More tensors than any model; a TorchScript program may name each in many ways.
MOST_TENSORS = 100_000

Bytes = Callable[[str, int, int], bytes]


class Limited:
    """A file that returns no more bytes than it has, however many are requested."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        here = file.tell()
        self._size = file.seek(0, 2)
        file.seek(here)

    def read(self, count: int = -1) -> bytes:
        """Return the next bytes."""
        left = self._size - self._file.tell()
        return self._file.read(left if count < 0 else min(count, left))

    def readline(self) -> bytes:
        """Return the next line."""
        return self._file.readline()

    def tell(self) -> int:
        """Return the place of the next byte."""
        return self._file.tell()


class _Storages:
    """Makes tensors of views; `read` returns bytes of a storage by its key, start and count."""

    def __init__(self, read: Bytes, big_endian: bool = False) -> None:
        self._read, self._big = read, big_endian

    def tensor(self, view: View) -> StoredTensor:
        """Return the tensor that a view is."""
        return StoredTensor(view.storage.kind, view.shape, lambda: self._array(view))

    def _array(self, view: View) -> Array:
        storage, dtype = view.storage, KINDS[view.storage.kind]
        dtype = dtype.newbyteorder(">") if self._big else dtype
        if 0 in view.shape:
            return numbers(np.empty(view.shape, dtype), storage.kind)
        steps = zip(view.shape, view.strides, strict=True)
        count = 1 + sum((extent - 1) * step for extent, step in steps)
        start = (storage.start + view.offset) * dtype.itemsize
        raw = np.frombuffer(self._read(storage.key, start, count * dtype.itemsize), dtype)
        strides = [step * dtype.itemsize for step in view.strides]
        seen = np.lib.stride_tricks.as_strided(raw, view.shape, strides, writeable=False)
        return numbers(seen, storage.kind)


def read_zip(file: BinaryIO) -> tuple[dict[str, Any], str]:
    """Return what a zip archive of PyTorch holds, with tensors in place of views, and what it is.

    Raises
    ------
    CheckpointError
        If it is no such archive.  What zipfile raises for a damaged one goes to the caller.
    """
    archive = zipfile.ZipFile(file)
    roots = [name.removesuffix("data.pkl") for name in archive.namelist() if _is_pickle(name)]
    if len(roots) != 1:
        raise CheckpointError("it has no data.pkl, or several")
    (root,) = roots
    # Not the code of a TorchScript archive, which is of no interest here.
    entries = [
        entry
        for entry in archive.infolist()
        if entry.filename == f"{root}data.pkl" or entry.filename.startswith(f"{root}data/")
    ]
    size = file.seek(0, 2)
    if any(entry.compress_type != zipfile.ZIP_STORED for entry in entries):
        raise CheckpointError("its parts are compressed, which PyTorch never does")
    if sum(entry.file_size for entry in entries) > size:
        raise CheckpointError("its parts are larger than all of it")
    names = set(archive.namelist())
    scripted = f"{root}constants.pkl" in names
    big = f"{root}byteorder" in names and archive.read(f"{root}byteorder").strip() == b"big"

    def read(key: str, start: int, count: int) -> bytes:
        with archive.open(f"{root}data/{key}") as part:
            # From the beginning, so that its checksum is compared.
            found = part.read()
        if len(found) < start + count:
            raise CheckpointError(f"its storage {key!r} has {len(found)} bytes, too few")
        return found[start : start + count]

    with archive.open(f"{root}data.pkl") as part:
        content = read_pickle(Limited(io.BytesIO(part.read())), scripted)
    storages = _Storages(read, big)
    if isinstance(content, Module):
        return dict(_of_program(content, storages)), "TorchScript archive of PyTorch"
    return _with_tensors(content, storages), "file of PyTorch"


def _is_pickle(name: str) -> bool:
    return name.endswith("/data.pkl") and name.count("/") == 1


def read_legacy(file: BinaryIO) -> tuple[dict[str, Any], str]:
    """Return the same of a file of before PyTorch 1.6."""
    limited = Limited(file)
    if read_pickle(limited) != MAGIC:
        raise CheckpointError(
            "it is a pickle, not a file of torch.save. Opening one can run any program, so it is "
            "never opened: save the arrays with numpy.savez or safetensors where it was made"
        )
    version, machine = read_pickle(limited), read_pickle(limited)
    if version != 1001 or not isinstance(machine, dict):
        raise CheckpointError("it is of an unknown version of PyTorch")
    content = read_pickle(limited)
    keys = read_pickle(limited)
    if not isinstance(keys, list) or not all(isinstance(key, str) for key in keys):
        raise CheckpointError("it names no storages")
    sizes: dict[str, int] = {}
    for view in _views(content):
        sizes[view.storage.key] = KINDS[view.storage.kind].itemsize
    places: dict[str, tuple[int, int]] = {}
    at = file.tell()
    end = file.seek(0, 2)
    for key in keys:
        if key not in sizes:
            raise CheckpointError(f"its storage {key!r} belongs to no tensor")
        file.seek(at)
        count = int.from_bytes(file.read(8), "little")
        length = count * sizes[key]
        at += 8 + length
        if at > end:
            raise CheckpointError(f"its storage {key!r} is cut short")
        places[key] = at - length, length

    def read(key: str, start: int, count: int) -> bytes:
        if key not in places:
            raise CheckpointError(f"it has no storage {key!r}")
        begin, length = places[key]
        if start + count > length:
            raise CheckpointError(f"its storage {key!r} has {length} bytes, too few")
        file.seek(begin + start)
        return file.read(count)

    big = machine.get("little_endian") is False
    return _with_tensors(content, _Storages(read, big)), "file of PyTorch before 1.6"


def _with_tensors(content: Any, storages: _Storages) -> dict[str, Any]:
    """Return a dict with tensors in place of views, in dicts that it holds too."""
    if not isinstance(content, dict):
        raise CheckpointError("it holds no dict of weights; save model.state_dict()")
    found: dict[str, Any] = {}
    for name, value in content.items():
        if isinstance(value, View):
            value = storages.tensor(value)
        elif isinstance(value, dict):
            value = {
                inner: storages.tensor(one) if isinstance(one, View) else one
                for inner, one in value.items()
            }
        found[name] = value
    return found


def _views(content: Any) -> Iterator[View]:
    """Yield all views in dicts, lists and tuples, each of these once."""
    waiting, seen = [content], set()
    while waiting:
        value = waiting.pop()
        if isinstance(value, View):
            yield value
        elif isinstance(value, (dict, list, tuple)) and id(value) not in seen:
            seen.add(id(value))
            waiting += value.values() if isinstance(value, dict) else value


def _of_program(program: Module, storages: _Storages) -> Iterator[tuple[str, StoredTensor]]:
    """Yield the tensors of a program's modules as a state dictionary names them."""
    waiting, count = [("", program, 0)], 0
    while waiting:
        prefix, module, depth = waiting.pop()
        inner = []
        for name, value in module.attributes.items():
            if isinstance(value, View):
                yield f"{prefix}{name}", storages.tensor(value)
            elif isinstance(value, Module) and depth < 100:
                inner.append((f"{prefix}{name}.", value, depth + 1))
            count += 1
        if count > MOST_TENSORS:
            raise CheckpointError("its modules hold one another without end")
        waiting += reversed(inner)
