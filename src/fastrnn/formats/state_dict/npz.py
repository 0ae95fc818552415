"""NumPy's ``.npz``: headers first, and no array before it is asked for."""

from __future__ import annotations

import zipfile
from typing import Any, BinaryIO

import numpy as np

from fastrnn.formats.errors import CheckpointError
from fastrnn.formats.state_dict.stored import Array, StoredTensor


def read_npz(file: BinaryIO) -> dict[str, StoredTensor]:
    """Return the arrays of an archive, which may be compressed, without a pickle among them.

    Raises
    ------
    CheckpointError
        If an array is of objects, or declares another size than it has.  What NumPy and zipfile
        raise for a damaged one goes to the caller.
    """
    archive = zipfile.ZipFile(file)
    return {
        entry.filename.removesuffix(".npy"): _stored(archive, entry) for entry in archive.infolist()
    }


def _stored(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> StoredTensor:
    name = entry.filename.removesuffix(".npy")
    with archive.open(entry) as part:
        shape, in_fortran, dtype = _header(part)
        begin = part.tell()
    if dtype.kind not in "biuf":
        raise CheckpointError(f"{name} holds {dtype.name}; it should be real numbers")
    count = 1
    for extent in shape:
        count *= extent
    if begin + count * dtype.itemsize != entry.file_size:
        raise CheckpointError(f"{name} of shape {shape} cannot have {entry.file_size} bytes")

    def read() -> Array:
        with archive.open(entry) as part:
            part.read(begin)
            raw = part.read(count * dtype.itemsize)
            part.read(1)  # its end, where the checksum is compared
        array = np.frombuffer(raw, dtype).reshape(shape, order="F" if in_fortran else "C")
        return array.astype(dtype.newbyteorder("="))

    return StoredTensor(dtype.name, shape, read)


def _header(part: Any) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    version = np.lib.format.read_magic(part)
    if version == (1, 0):
        shape, in_fortran, dtype = np.lib.format.read_array_header_1_0(part)
    else:
        shape, in_fortran, dtype = np.lib.format.read_array_header_2_0(part)
    if any(extent < 0 for extent in shape):
        raise CheckpointError("an array has a negative extent")
    return tuple(map(int, shape)), bool(in_fortran), dtype
