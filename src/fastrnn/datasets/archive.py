"""Reading arrays and lists of numbers from an ``.npz`` file without running code from it.

NumPy stores lists of different lengths as a pickle, which can run any code.  Only arrays, lists and
numbers are read here; everything else is refused.
"""

from __future__ import annotations

import os
import pickle
import zipfile
from typing import Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from fastrnn.utils.local_files import get_file

#: The download location of Keras's examples.
ORIGIN = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/"

_ALLOWED = {
    (module, name)
    for package in ("numpy.core", "numpy._core")
    for module, name in [
        (f"{package}.multiarray", "_reconstruct"),
        (f"{package}.multiarray", "scalar"),
        (f"{package}.numeric", "_frombuffer"),
    ]
} | {("numpy", "ndarray"), ("numpy", "dtype"), ("_codecs", "encode")}


def _empty_array(*_: Any) -> NDArray[Any]:
    """Replaces NumPy's function with this name, which allocates any size that a file states."""
    return np.empty(0, np.int8)


class _ArrayUnpickler(pickle.Unpickler):
    """Unpickles arrays, lists and numbers, and refuses everything else."""

    def find_class(self, module: str, name: str) -> Any:
        if name == "_reconstruct" and (module, name) in _ALLOWED:
            return _empty_array
        if (module, name) not in _ALLOWED:
            raise pickle.UnpicklingError(
                f"it holds {module}.{name}; it should hold lists of numbers"
            )
        return super().find_class(module, name)


def located(path: str | os.PathLike[str]) -> str:
    """Return `path` if it exists, else its path in Keras's folder; an error says how to get it."""
    if os.path.isfile(path):
        return os.fspath(path)
    return get_file(path, origin=ORIGIN + os.path.basename(os.fspath(path)))


def load(path: str | os.PathLike[str], *names: str) -> list[NDArray[Any]]:
    """Return arrays of an ``.npz`` file by their names.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If one is missing, or the file is damaged or holds something other than numbers.
    """
    file = located(path)
    try:
        with zipfile.ZipFile(file) as members:
            return [_array(members, f"{name}.npy") for name in names]
    except KeyError:
        raise ValueError(f"{file} should hold the arrays {', '.join(names)}") from None
    except (zipfile.BadZipFile, pickle.UnpicklingError, ValueError, EOFError) as error:
        raise ValueError(f"{file} cannot be read: {error}") from error


def _array(members: zipfile.ZipFile, name: str) -> NDArray[Any]:
    with members.open(name) as stream:
        version = npy.read_magic(stream)
        read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
        shape, _, dtype = read(stream)
        if dtype.hasobject:
            array = _ArrayUnpickler(stream, encoding="latin1").load()
            if not isinstance(array, np.ndarray) or array.shape != shape:
                raise ValueError("an array is not what its header says")
            return array
    with members.open(name) as stream:
        return np.asarray(npy.read_array(stream, allow_pickle=False))
