"""Files of named tensors, as PyTorch's ``state_dict()`` names them, in any of the usual formats."""

from __future__ import annotations

import os
import weakref
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, BinaryIO

import numpy as np

from fastrnn.files import kind_of_file, path_text
from fastrnn.formats.errors import CheckpointError
from fastrnn.formats.json_text import array_of, parse_object
from fastrnn.formats.state_dict.npz import read_npz
from fastrnn.formats.state_dict.stored import KINDS, StoredTensor, numbers
from fastrnn.formats.state_dict.torch_file import read_legacy, read_zip
from fastrnn.formats.tensor_file import TensorFile, TensorFileError

__all__ = ["StateDict", "StoredTensor", "open_state_dict"]

#: What programs call the weights in a file that holds more, such as the optimizer's state.
USUAL_KEYS = ("state_dict", "model_state_dict", "model_state", "model", "net", "weights")

#: The types of safetensors, as PyTorch calls them.
SAFETENSORS = {
    "F64": "float64",
    "F32": "float32",
    "F16": "float16",
    "BF16": "bfloat16",
    "I64": "int64",
    "I32": "int32",
    "I16": "int16",
    "I8": "int8",
    "U8": "uint8",
    "BOOL": "bool",
}


class StateDict(Mapping[str, StoredTensor]):
    """Tensors by name.

    Attributes
    ----------
    is_sorted : bool
        Whether they stand in the order of the alphabet, whatever that of the modules was.
    program : str
        What kind of file it is.
    beside : dict
        What a file of JSON holds beside the tensors.
    """

    def __init__(
        self,
        tensors: Mapping[str, StoredTensor],
        program: str = "",
        is_sorted: bool = False,
        beside: dict[str, Any] | None = None,
    ) -> None:
        self._tensors = dict(tensors)
        self.program = program
        self.is_sorted = is_sorted or _looks_sorted(list(tensors))
        self.beside = beside or {}

    def __getitem__(self, name: str) -> StoredTensor:
        return self._tensors[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._tensors)

    def __len__(self) -> int:
        return len(self._tensors)


def _looks_sorted(names: list[str]) -> bool:
    """Return whether names are sorted where PyTorch's order, weights before biases, is another."""
    if names != sorted(names):
        return False
    first: dict[str, str] = {}
    for name in names:
        prefix, _, last = name.rpartition(".")
        before = first.setdefault(prefix, last)
        if before.startswith(("bias", "weight_hh")) and last.startswith("weight"):
            return True
    return False


def open_state_dict(path: str | os.PathLike[str]) -> StateDict:
    """Return the tensors of a file: of PyTorch, safetensors, NumPy's ``.npz``, or JSON.

    Nothing of the file is run, and no tensor is read before it is asked for (but those of JSON,
    which is read as a whole).

    Parameters
    ----------
    path : str or path

    Raises
    ------
    OSError
        As :func:`open` does.
    CheckpointError
        If it is no such file, or is damaged; the message begins with the path.
    """
    name = path_text("source", path)
    kind = kind_of_file(os.stat(name).st_mode)
    if kind != "file":
        raise CheckpointError(f"{name} is a {kind}; a state dictionary is a file")
    file: BinaryIO = open(name, "rb")  # noqa: SIM115
    try:
        with _named(name):
            found = _read(name, file)
    except BaseException:
        file.close()
        raise
    found = StateDict(
        {key: _guarded(name, tensor) for key, tensor in found.items()},
        found.program,
        found.is_sorted,
        found.beside,
    )
    weakref.finalize(found, file.close)
    return found


@contextmanager
def _named(path: str) -> Iterator[None]:
    """Make one kind of error of all that a bad file may lead to; it begins with the path."""
    try:
        yield
    except (OSError, MemoryError):
        raise
    except CheckpointError as error:
        words = str(error)
        raise CheckpointError(words if words.startswith(path) else f"{path}: {words}") from error
    except Exception as error:  # of zipfile and pickletools, which promise none
        raise CheckpointError(f"{path} is damaged: {error}") from error


def _guarded(path: str, tensor: StoredTensor) -> StoredTensor:
    def read() -> Any:
        with _named(path):
            return tensor.read()

    return replace(tensor, read=read)


def _read(path: str, file: BinaryIO) -> StateDict:
    head = file.read(16)
    file.seek(0)
    if head.startswith((b"PK\3\4", b"PK\5\6")):
        names = _names_in(file)
        file.seek(0)
        if names and all(name.endswith(".npy") for name in names):
            return StateDict(read_npz(file), "NumPy .npz")
        content, program = read_zip(file)
        return StateDict(_weights_in(content), program)
    if head[:1] == b"\x80":
        content, program = read_legacy(file)
        return StateDict(_weights_in(content), program)
    if head[8:9] == b"{" and b"\0" in head[:8]:
        return _safetensors(path)
    text = file.read()
    if text.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"{":
        return _of_json(parse_object(text, path))
    raise CheckpointError("is no file of PyTorch, safetensors, .npz or JSON")


def _names_in(file: BinaryIO) -> list[str]:
    with zipfile.ZipFile(file) as archive:
        return archive.namelist()


def _safetensors(path: str) -> StateDict:
    try:
        tensors = TensorFile(path, {name: KINDS[kind] for name, kind in SAFETENSORS.items()})
    except TensorFileError as error:
        raise CheckpointError(f"is not a whole safetensors file: {error}") from error

    def stored(name: str) -> StoredTensor:
        kind = SAFETENSORS[tensors.types[name]]
        return StoredTensor(kind, tensors.kinds[name][1], lambda: numbers(tensors[name], kind))

    return StateDict({name: stored(name) for name in tensors}, "safetensors", is_sorted=True)


def _of_json(content: dict[str, Any]) -> StateDict:
    keys = [key for key in USUAL_KEYS if isinstance(content.get(key), dict)]
    whole = content[keys[0]] if keys else content
    beside = {key: value for key, value in content.items() if keys and key != keys[0]}
    tensors = {name: StoredTensor.of(array_of(value, name)) for name, value in whole.items()}
    return StateDict(tensors, "JSON", beside=beside)


def _weights_in(content: dict[str, Any]) -> dict[str, StoredTensor]:
    """Return the tensors of a file of PyTorch, which may lie in a dict within."""
    if not content:
        raise CheckpointError("it holds no tensors")
    if any(isinstance(value, StoredTensor) for value in content.values()):
        return _all_tensors(content)
    within = {
        key: value
        for key, value in content.items()
        if isinstance(value, dict) and any(isinstance(one, StoredTensor) for one in value.values())
    }
    usual = [key for key in USUAL_KEYS if key in within]
    if usual or len(within) == 1:
        return _all_tensors(within[usual[0]] if usual else next(iter(within.values())))
    if within:
        raise CheckpointError(
            f"it holds several dicts of tensors, {', '.join(map(str, within))}; save one alone"
        )
    raise CheckpointError("it holds no tensors; save model.state_dict()")


def _all_tensors(content: dict[Any, Any]) -> dict[str, StoredTensor]:
    for name, value in content.items():
        if not isinstance(name, str) or not isinstance(value, StoredTensor):
            raise CheckpointError(
                f"its entry {str(name)[:80]!r} is no tensor but a {type(value).__name__}"
            )
    return content


def tensors_of(source: Any) -> StateDict:
    """Return the tensors of a mapping of names to arrays or to tensors of PyTorch.

    Raises
    ------
    TypeError
        If it is no such mapping.
    """
    if not isinstance(source, Mapping):
        raise TypeError(
            f"source is of type {type(source).__name__}; it should be a path, or a mapping of "
            "names to tensors or arrays"
        )
    found: dict[str, StoredTensor] = {}
    for name, value in source.items():
        if not isinstance(name, str):
            raise TypeError(f"source has the name {name!r}; names should be strings")
        if hasattr(value, "detach"):  # a tensor of PyTorch
            value = value.detach().cpu()
            value = (value.float() if str(value.dtype) == "torch.bfloat16" else value).numpy()
        array = np.asarray(value)
        if array.dtype.kind not in "biuf":
            raise TypeError(f"{name} holds {array.dtype}; it should be real numbers")
        found[name] = StoredTensor.of(array)
    return StateDict(found, "mapping")
