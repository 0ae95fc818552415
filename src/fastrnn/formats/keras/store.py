"""Groups and arrays of an HDF5 file, without links to other files."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastrnn.formats.errors import CheckpointError

Array = NDArray[Any]

#: Maximum ratio of the size of an array to its stored size, for compression.
MOST_UNPACKED = 1100
#: Maximum depth of groups, and maximum number of items in a file.
MOST_DEPTH, MOST_THINGS = 64, 1_000_000


class Group:
    """A group of an open HDF5 file.

    Parameters
    ----------
    group : h5py.Group
    path : str
        Its name in error messages.
    """

    def __init__(self, group: Any, path: str = "") -> None:
        self._group, self.path = group, path

    def names(self) -> list[str]:
        """Return the names of its items."""
        return list(self._group)

    def has(self, name: str) -> bool:
        """Return whether it has an item with a name, which may be a path."""
        return self._find(name) is not None

    def group(self, name: str) -> Group:
        """Return a group in it."""
        import h5py

        found = self._find(name)
        if not isinstance(found, h5py.Group):
            raise CheckpointError(f"the file has no group {self._title(name)}")
        return Group(found, self._title(name))

    def array(self, name: str) -> Array:
        """Return an array in it, read into memory.

        Raises
        ------
        CheckpointError
            If it is missing, not numeric, in another file, or larger than its stored data allow.
        """
        import h5py

        found, title = self._find(name), self._title(name)
        if not isinstance(found, h5py.Dataset):
            raise CheckpointError(f"the file has no array {title}")
        if found.external or found.is_virtual:
            raise CheckpointError(f"the array {title} lies in another file")
        if found.dtype.kind not in "fiu" or found.dtype.fields is not None or found.shape is None:
            raise CheckpointError(f"the array {title} is of type {found.dtype}; it should be real")
        stored = found.id.get_storage_size()
        if math.prod(found.shape) * found.dtype.itemsize > MOST_UNPACKED * stored:
            raise CheckpointError(
                f"the array {title} has the shape {found.shape}, and only {stored} bytes of it are "
                "in the file"
            )
        read = np.asarray(found[()])
        return read.astype(read.dtype.newbyteorder("="))

    def text(self, name: str) -> str | None:
        """Return an attribute that is text, or None."""
        if name not in self._group.attrs:
            return None
        return _text(self._group.attrs[name], f"{self.path}@{name}")

    def texts(self, name: str) -> list[str] | None:
        """Return an attribute that is a list of texts, which may be split into several; or None."""
        attributes = self._group.attrs
        if name in attributes:
            parts = [attributes[name]]
        elif f"{name}0" in attributes:
            parts = []
            while f"{name}{len(parts)}" in attributes:
                parts.append(attributes[f"{name}{len(parts)}"])
        else:
            return None
        found = [one for part in parts for one in np.atleast_1d(np.asarray(part, object)).tolist()]
        return [_text(one, f"{self.path}@{name}") for one in found]

    def arrays(self) -> Iterator[str]:
        """Yield the paths of all arrays in it and in its groups."""
        import h5py

        waiting, count = [("", self._group)], 0
        seen = {h5py.h5o.get_info(self._group.id).addr}
        while waiting:
            at, group = waiting.pop()
            if at.count("/") > MOST_DEPTH:
                raise CheckpointError("the groups of the file stand in one another without end")
            for name in group:
                count += 1
                if count > MOST_THINGS:
                    raise CheckpointError("the file holds too many things")
                here = f"{at}/{name}" if at else name
                found = self._find(here)
                if isinstance(found, h5py.Group):
                    address = h5py.h5o.get_info(found.id).addr
                    if address not in seen:
                        seen.add(address)
                        waiting.append((here, found))
                elif isinstance(found, h5py.Dataset):
                    yield here

    def _title(self, name: str) -> str:
        return f"{self.path}/{name}" if self.path and name[:1] != "/" else name

    def _find(self, name: str) -> Any:
        """Return an item, following only links within the file.

        A name that begins with a slash is that of an item of the whole file, as Keras 2 with Theano
        wrote ``/iterations``.
        """
        import h5py

        found = self._group.file["/"] if name[:1] == "/" else self._group
        for step in name.split("/"):
            if not step:
                continue
            if step in (".", "..") or not isinstance(found, h5py.Group):
                return None
            link = found.get(step, getlink=True)
            if link is None:
                return None
            if not isinstance(link, h5py.HardLink):
                raise CheckpointError(f"{self._title(name)} is a link that leads elsewhere")
            found = found.get(step)
        return found


def _text(value: Any, title: str) -> str:
    if isinstance(value, np.ndarray) and value.shape in ((), (1,)):
        value = value.reshape(-1)[0]
    if isinstance(value, bytes):
        return value.decode("utf-8")
    if isinstance(value, str):
        return str(value)
    raise CheckpointError(f"the attribute {title} is {type(value).__name__}, not text")
