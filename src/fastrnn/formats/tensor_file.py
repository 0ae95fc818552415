"""Named arrays in one file, in the safetensors format, without a copy of the whole in memory.

The package safetensors maps a file into memory, so that a file which is cut short while it is read
ends the process, and it copies all tensors before it writes them.  The format is small enough to be
read and written here: the length of a header (8 bytes, little-endian), the header (JSON: for every
name a type, a shape, and where its bytes are), and the bytes, without gaps.
"""

from __future__ import annotations

import json
import math
import os
import struct
import weakref
import zlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

#: The types that are read and written, by their names in the format; files hold them little-endian.
DTYPES: dict[str, np.dtype[Any]] = {"F32": np.dtype("<f4"), "F64": np.dtype("<f8")}

#: Bytes of a tensor that are read at once where it is not wanted as a whole.
PIECE = 1 << 20
#: The longest header that the format allows.
MOST_HEADER = 100_000_000
#: The most dimensions that an array of every NumPy version can have.
MOST_DIMENSIONS = 32


class TensorFileError(ValueError):
    """A file is no safetensors file, or is not whole."""


class TensorFile(Mapping[str, Array]):
    """The tensors of a file by name: read when they are asked for, and not kept.

    The file stays open, so what is read belongs together even if another file takes its place.

    Parameters
    ----------
    path : str
        A regular file.
    dtypes : mapping of str to dtype, optional
        The types that it may hold, by their names in the format.

    Attributes
    ----------
    metadata : dict of str to str
    types : dict of str to str
        The name that the format has for the type of each tensor.
    kinds : dict of str to (dtype, tuple of int)
        Type and shape of each tensor; known without reading it.

    Raises
    ------
    OSError
        As :func:`open` does.
    TensorFileError
        If the header is not that of a safetensors file of this size, or holds another type than
        those of `dtypes`.  No more memory is taken than the file is long.
    """

    def __init__(self, path: str, dtypes: Mapping[str, np.dtype[Any]] = DTYPES) -> None:
        file: BinaryIO = open(path, "rb", buffering=0)  # noqa: SIM115
        weakref.finalize(self, file.close)
        self._file = file
        size = os.fstat(file.fileno()).st_size
        start = file.read(8)
        (length,) = struct.unpack("<Q", start) if len(start) == 8 else (size,)
        if not 2 <= length <= min(size - 8, MOST_HEADER):
            raise TensorFileError(f"{size} bytes are no header and tensors")
        self._begin = 8 + length
        entries = _header(file.read(length), length)
        self.metadata: dict[str, str] = entries.pop("__metadata__", None) or {}
        if not isinstance(self.metadata, dict) or not all(
            isinstance(value, str) for value in self.metadata.values()
        ):
            raise TensorFileError("its metadata is not a JSON object of strings")
        read = {name: _entry(name, entry, dtypes) for name, entry in entries.items()}
        self.types: dict[str, str] = {name: entry["dtype"] for name, entry in entries.items()}
        self.kinds = {name: (dtype, shape) for name, (dtype, shape, _, _) in sorted(read.items())}
        self._places = {name: (begin, end) for name, (_, _, begin, end) in read.items()}
        _check_places(self._places, size - self._begin)
        #: A CRC-32 of each tensor, once it has been read.
        self._sums: dict[str, int] = {}
        self._kept: dict[str, Array] = {}

    def keep(self, names: Iterable[str]) -> None:
        """Read tensors now, and answer with these arrays from now on."""
        self._kept.update({name: self[name] for name in names})

    def __contains__(self, name: object) -> bool:
        return name in self.kinds  # a mapping's own way would read the tensor

    def __getitem__(self, name: str) -> Array:
        if name in self._kept:
            return self._kept[name]
        dtype, shape = self.kinds[name]
        tensor = np.empty(shape, dtype)
        self.read_into(name, tensor)
        return tensor

    def __iter__(self) -> Iterator[str]:
        return iter(self.kinds)

    def __len__(self) -> int:
        return len(self.kinds)

    def read_into(self, name: str, array: Array) -> None:
        """Fill an array with a tensor, whose type may be narrower than the array's.

        Parameters
        ----------
        name : str
        array : ndarray
            Of the tensor's shape.

        Raises
        ------
        TensorFileError
            If the file has changed since :meth:`pieces` went through the tensor.
        """
        if name in self._kept:
            array[...] = self._kept[name]
            return
        dtype, _ = self.kinds[name]
        if array.dtype == dtype and array.flags.c_contiguous:
            self._file.seek(self._begin + self._places[name][0])
            room = bytes_of(array)
            self._fill(room)
            self._check_sum(name, zlib.crc32(room))
            return
        # Of another type or strides: a piece at a time.
        flat = array.reshape(-1) if array.flags.c_contiguous else array.flat
        at = 0
        for piece in self.pieces(name):
            numbers = np.frombuffer(piece, dtype)
            flat[at : at + len(numbers)] = numbers
            at += len(numbers)

    def pieces(self, name: str) -> Iterator[memoryview]:
        """Yield the bytes of a tensor, some at a time, each piece valid until the next."""
        if name in self._kept:
            yield bytes_of(self._kept[name])
            return
        begin, end = self._places[name]
        buffer = memoryview(bytearray(min(PIECE, end - begin)))
        self._file.seek(self._begin + begin)
        total = 0
        for at in range(begin, end, PIECE):
            piece = buffer[: min(PIECE, end - at)]
            self._fill(piece)
            total = zlib.crc32(piece, total)
            yield piece
        self._check_sum(name, total)

    def _check_sum(self, name: str, total: int) -> None:
        if self._sums.setdefault(name, total) != total:
            raise TensorFileError("it has changed while it was read")

    def _fill(self, buffer: memoryview) -> None:
        while len(buffer):
            count = self._file.readinto(buffer)  # type: ignore[attr-defined]
            if not count:
                raise TensorFileError("it has become shorter while it was read")
            buffer = buffer[count:]


def _header(text: bytes, length: int) -> dict[str, Any]:
    """Return the header's entries; two of one name are an error."""

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            raise ValueError("a name stands in it twice")
        return found

    try:
        if len(text) < length:
            raise ValueError("it ends early")
        header = json.loads(text.decode("utf-8"), object_pairs_hook=unique)
    except (ValueError, RecursionError) as error:
        raise TensorFileError(f"its header is not JSON: {error}") from error
    if not isinstance(header, dict):
        raise TensorFileError("its header is not a JSON object")
    return header


def _entry(
    name: str, entry: Any, dtypes: Mapping[str, np.dtype[Any]]
) -> tuple[np.dtype[Any], tuple[int, ...], int, int]:
    """Return type, shape, begin and end of a tensor, as far as they go together."""
    if not isinstance(entry, dict) or set(entry) != {"dtype", "shape", "data_offsets"}:
        raise TensorFileError(f"the header says of {name}: {str(entry)[:80]}")
    kind, shape, offsets = entry["dtype"], entry["shape"], entry["data_offsets"]
    if not isinstance(kind, str) or kind not in dtypes:
        raise TensorFileError(f"{name} is of type {kind}, not {' or '.join(dtypes)}")
    if not _are_counts(shape) or not _are_counts(offsets) or len(offsets) != 2:
        raise TensorFileError(f"{name} has the shape {shape!r} and the place {offsets!r}")
    if len(shape) > MOST_DIMENSIONS:
        raise TensorFileError(
            f"{name} has {len(shape)} dimensions; it should have at most {MOST_DIMENSIONS}"
        )
    begin, end = offsets
    if math.prod(shape) * dtypes[kind].itemsize != end - begin:
        raise TensorFileError(f"{name} of shape {shape} cannot have {end - begin} bytes")
    return dtypes[kind], tuple(shape), begin, end


def _are_counts(value: Any) -> bool:
    return isinstance(value, list) and all(
        isinstance(number, int) and not isinstance(number, bool) and 0 <= number < 1 << 63
        for number in value
    )


def _check_places(places: Mapping[str, tuple[int, int]], size: int) -> None:
    """Raise unless the tensors lie one behind the other up to the end of the file."""
    at = 0
    for begin, end in sorted(places.values()):
        if begin != at:
            raise TensorFileError(f"there is a gap between its tensors, or two overlap, at {at}")
        at = end
    if at != size:
        raise TensorFileError(f"its tensors take {at} bytes; it has {size}")


def encoded(tensors: Mapping[str, Array], metadata: Mapping[str, str]) -> Iterator[memoryview]:
    """Yield the content of a file, piece by piece, as the package safetensors would write it.

    Parameters
    ----------
    tensors : mapping of str to ndarray
        float32 or float64, of any strides: those that do not lie as the format wants them are
        copied, one at a time.
    metadata : mapping of str to str
    """
    kinds = {
        name: next(kind for kind, dtype in DTYPES.items() if dtype == array.dtype.newbyteorder("<"))
        for name, array in tensors.items()
    }
    names = sorted(tensors, key=lambda name: (-tensors[name].dtype.itemsize, name))
    header: dict[str, Any] = {"__metadata__": dict(metadata)}
    at = 0
    for name in names:
        end = at + tensors[name].nbytes
        shape = list(tensors[name].shape)
        header[name] = {"dtype": kinds[name], "shape": shape, "data_offsets": [at, end]}
        at = end
    text = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode("utf-8")
    text += b" " * (-len(text) % 8)
    yield memoryview(struct.pack("<Q", len(text)) + text)
    for name in names:
        array = np.ascontiguousarray(tensors[name], DTYPES[kinds[name]])
        yield bytes_of(array)


def bytes_of(array: Array) -> memoryview:
    """Return the memory of a contiguous array, which may be empty."""
    return array.reshape(-1).view(np.uint8).data
