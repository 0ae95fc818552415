"""Reads what PyTorch pickles: dicts, lists, numbers, texts and tensors, and nothing else.

Python's own ``pickle`` runs what a file names, and allocates what it declares, so a file of unknown
origin cannot be given to it.  PyTorch has a reader for weights alone; this one is for machines
without PyTorch.  :mod:`pickletools` splits the file into instructions, and those below are carried
out on a stack.  What a file calls is looked up in `_CALLS`; any other name is refused, and nothing
is ever imported.
"""

from __future__ import annotations

import pickletools
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from fastrnn.formats.errors import CheckpointError

#: More instructions than any dict of weights takes; so much memory is needed at most.
MOST_INSTRUCTIONS = 5_000_000
#: Bytes of an integer; pickles may hold any number of them.
MOST_DIGITS = 16

_STORAGES = {
    "DoubleStorage": "float64",
    "FloatStorage": "float32",
    "HalfStorage": "float16",
    "BFloat16Storage": "bfloat16",
    "LongStorage": "int64",
    "IntStorage": "int32",
    "ShortStorage": "int16",
    "CharStorage": "int8",
    "ByteStorage": "uint8",
    "BoolStorage": "bool",
}
NoneType = type(None)
_DTYPES = {*_STORAGES.values(), "double", "float", "half", "long", "int", "short"}


class Readable(Protocol):
    """A source of bytes that returns no more than it has."""

    def read(self, count: int, /) -> bytes:
        """Return the next bytes."""

    def readline(self) -> bytes:
        """Return the next line."""

    def tell(self) -> int:
        """Return the place of the next byte."""


@dataclass(frozen=True)
class Storage:
    """Numbers in a row, which tensors are views of.

    Attributes
    ----------
    kind : str
    key : str
        What the file calls it.
    count : int
        How many numbers it has.
    start : int
        Where it begins in the storage of that key.
    """

    kind: str
    key: str
    count: int
    start: int = 0


@dataclass(frozen=True)
class View:
    """A tensor: where it lies in a storage."""

    storage: Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


@dataclass(eq=False)
class Module:
    """An object of a TorchScript program, as far as it is data."""

    name: str
    attributes: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class _Name:
    """A name that the file gives, which has not been called."""

    module: str
    name: str

    def __str__(self) -> str:
        return f"{self.module}.{self.name}"


class _Mark:
    """Stands on the stack where a MARK was."""


def read_pickle(file: Readable, scripted: bool = False) -> Any:
    """Return what a pickle says, from the current place of a file, which then is behind it.

    Parameters
    ----------
    file : Readable
    scripted : bool
        Whether it is of a TorchScript archive, which may name classes of its own program.

    Returns
    -------
    object
        Of dicts, lists, tuples, texts, numbers, None, :class:`View`, and :class:`Module` if
        `scripted`.

    Raises
    ------
    CheckpointError
        If it names anything else, or is damaged.
    """
    machine = _Machine(scripted)
    try:
        instructions = pickletools.genops(file)  # type: ignore[arg-type]
        for count, (code, argument, _) in enumerate(instructions):
            if count > MOST_INSTRUCTIONS:
                raise CheckpointError("its pickle is longer than that of any weights")
            if code.name == "STOP":
                return machine.stack.pop()
            machine.carry_out(code.name, argument)
    except CheckpointError:
        raise
    except (ValueError, TypeError, IndexError, KeyError, AttributeError, OverflowError) as error:
        raise CheckpointError(f"its pickle is damaged: {error}") from error
    raise CheckpointError("its pickle has no end")


class _Machine:
    """The stack and the memo of a pickle."""

    def __init__(self, scripted: bool) -> None:
        self.stack: list[Any] = []
        self._memo: dict[int, Any] = {}
        self._scripted = scripted

    def carry_out(self, code: str, argument: Any) -> None:
        """Do what one instruction says."""
        if code in _VALUES:
            if isinstance(argument, int) and argument.bit_length() > 8 * MOST_DIGITS:
                raise CheckpointError("its pickle holds an integer of more digits than any weight")
            self.stack.append(argument)
        elif code in _CONSTANTS:
            self.stack.append(_CONSTANTS[code]())
        elif code in ("BINPUT", "LONG_BINPUT", "PUT"):
            self._memo[argument] = self.stack[-1]
        elif code == "MEMOIZE":
            self._memo[len(self._memo)] = self.stack[-1]
        elif code in ("BINGET", "LONG_BINGET", "GET"):
            self.stack.append(self._memo[argument])
        elif code in _TUPLES:
            size = _TUPLES[code]
            items = tuple(self.stack[len(self.stack) - size :])
            if len(items) != size or any(item is _Mark for item in items):
                raise ValueError("a tuple has too few items")
            del self.stack[len(self.stack) - size :]
            self.stack.append(items)
        elif code not in ("PROTO", "FRAME"):
            method = getattr(self, f"_{code.lower()}", None)
            if method is None:
                raise CheckpointError(
                    f"its pickle has an instruction {code}, which no weights need"
                )
            method(argument)

    def _popped(self) -> list[Any]:
        """Return what stands above the last mark, and take both off the stack."""
        place = len(self.stack) - 1
        while self.stack[place] is not _Mark:
            if place <= 0:
                raise ValueError("a mark is missing")
            place -= 1
        items = self.stack[place + 1 :]
        del self.stack[place:]
        return items

    def _mark(self, _: Any) -> None:
        self.stack.append(_Mark)

    def _pop(self, _: Any) -> None:
        self.stack.pop()

    def _tuple(self, _: Any) -> None:
        self.stack.append(tuple(self._popped()))

    def _list(self, _: Any) -> None:
        self.stack.append(self._popped())

    def _append(self, _: Any) -> None:
        item = self.stack.pop()
        self._last(list).append(item)

    def _appends(self, _: Any) -> None:
        items = self._popped()
        self._last(list).extend(items)

    def _setitem(self, _: Any) -> None:
        value, key = self.stack.pop(), self.stack.pop()
        self._add([key, value])

    def _setitems(self, _: Any) -> None:
        self._add(self._popped())

    def _add(self, items: list[Any]) -> None:
        if len(items) % 2:
            raise ValueError("a dict has a key without a value")
        # Nothing else: the hash of a tuple in a tuple in a tuple... would overflow the stack.
        if not all(isinstance(key, (str, int, float, NoneType)) for key in items[::2]):
            raise ValueError("a key of a dict is neither a text nor a number")
        self._last(dict).update(zip(items[::2], items[1::2], strict=True))

    def _last(self, kind: type) -> Any:
        if not isinstance(self.stack[-1], kind):
            raise ValueError(f"there is no {kind.__name__} to add to")
        return self.stack[-1]

    def _global(self, argument: str) -> None:
        self._named(*argument.split(" ", 1))

    def _stack_global(self, _: Any) -> None:
        name, module = self.stack.pop(), self.stack.pop()
        self._named(module, name)

    def _named(self, module: Any, name: Any) -> None:
        if not isinstance(module, str) or not isinstance(name, str):
            raise ValueError("a name is no text")
        found = _Name(module, name)
        of_program = self._scripted and module.split(".")[0] == "__torch__"
        if not of_program and str(found) not in _CALLS and _kind_of(found) is None:
            raise CheckpointError(
                f"its pickle names {str(found)[:80]!r}, which is no tensor, so it was not read on; "
                "nothing of it was run. Where it can be trusted, load it with PyTorch and save "
                "model.state_dict() alone"
            )
        self.stack.append(found)

    def _reduce(self, _: Any) -> None:
        arguments, called = self.stack.pop(), self.stack.pop()
        if not isinstance(called, _Name) or not isinstance(arguments, tuple):
            raise ValueError("what is called is no function")
        if str(called) not in _CALLS:
            raise CheckpointError(f"its pickle calls {str(called)[:80]!r}, which is no function")
        self.stack.append(_CALLS[str(called)](*arguments))

    def _newobj(self, _: Any) -> None:
        arguments, made = self.stack.pop(), self.stack.pop()
        if not (self._scripted and isinstance(made, _Name) and arguments == ()):
            raise CheckpointError("its pickle makes an object, which no weights need")
        if str(made) == "collections.OrderedDict":
            self.stack.append({})
        else:
            self.stack.append(Module(str(made)))

    def _build(self, _: Any) -> None:
        state, target = self.stack.pop(), self.stack[-1]
        if isinstance(target, Module) and isinstance(state, dict):
            target.attributes.update(state)
        elif not isinstance(target, dict):  # an OrderedDict with the versions of its modules
            raise CheckpointError("its pickle sets attributes, which no weights need")

    def _binpersid(self, _: Any) -> None:
        self.stack.append(_storage(self.stack.pop()))


_VALUES = {
    "BINUNICODE",
    "SHORT_BINUNICODE",
    "BINUNICODE8",
    "SHORT_BINSTRING",
    "BINSTRING",
    "SHORT_BINBYTES",
    "BINBYTES",
    "BININT",
    "BININT1",
    "BININT2",
    "LONG1",
    "BINFLOAT",
}
_CONSTANTS: dict[str, Callable[[], Any]] = {
    "NONE": lambda: None,
    "NEWTRUE": lambda: True,
    "NEWFALSE": lambda: False,
    "EMPTY_DICT": dict,
    "EMPTY_LIST": list,
    "EMPTY_TUPLE": tuple,
}
_TUPLES = {"TUPLE1": 1, "TUPLE2": 2, "TUPLE3": 3}


def _kind_of(named: Any) -> str | None:
    """Return the type of number that a class of storages or a dtype stands for."""
    if not isinstance(named, _Name) or named.module not in ("torch", "torch.storage"):
        return None
    if named.name == "UntypedStorage":
        return "uint8"
    return _STORAGES.get(named.name, named.name if named.name in _DTYPES else None)


def _storage(identity: Any) -> Storage:
    """Return what a persistent id stands for: ("storage", class, key, device, count, view)."""
    if not isinstance(identity, tuple) or len(identity) < 5 or identity[0] != "storage":
        raise CheckpointError("its pickle refers to something outside that is no storage")
    _, named, key, _, count, *rest = identity
    kind = _kind_of(named)
    if kind is None:
        raise CheckpointError("its pickle has a storage of an unknown type")
    start = 0
    if rest and rest[0] is not None:  # how PyTorch before 1.6 wrote a part of a storage
        _, start, count = rest[0]
    if not isinstance(key, str) or not _is_count(count) or not _is_count(start):
        raise ValueError("a storage has no size")
    return Storage(kind, key, count, start)


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 62


def _tensor(storage: Any, offset: Any, shape: Any, strides: Any, *_: Any) -> View:
    """Return a tensor, if it lies within its storage."""
    fits = isinstance(storage, Storage) and _is_count(offset)
    fits = fits and isinstance(shape, tuple) and isinstance(strides, tuple)
    if not fits or len(shape) != len(strides) or len(shape) > 32:
        raise ValueError("a tensor has no storage, shape or strides")
    if not all(map(_is_count, (*shape, *strides))):
        raise ValueError("a tensor has a wrong shape or stride")
    last = offset + sum((n - 1) * step for n, step in zip(shape, strides, strict=True))
    if 0 not in shape and last >= storage.count:
        raise CheckpointError("its pickle has a tensor that reaches beyond its storage")
    return View(storage, offset, shape, strides)


def _parameter(data: Any, *_: Any) -> View:
    if not isinstance(data, View):
        raise ValueError("a parameter is no tensor")
    return data


def _nothing(*items: Any) -> dict[Any, Any]:
    if items:
        raise ValueError("an OrderedDict is made of items")
    return {}


def _size(items: Any = ()) -> tuple[Any, ...]:
    return tuple(items)


def _same(value: Any, *_: Any) -> Any:
    return value


#: All that a file may call.
_CALLS: dict[str, Callable[..., Any]] = {
    "collections.OrderedDict": _nothing,
    "torch._utils._rebuild_tensor": _tensor,
    "torch._utils._rebuild_tensor_v2": _tensor,
    "torch._utils._rebuild_parameter": _parameter,
    "torch.Size": _size,
    "torch.device": _same,
    # Lists of attributes in TorchScript archives.
    "torch.jit._pickle.build_intlist": _same,
    "torch.jit._pickle.build_tensorlist": _same,
    "torch.jit._pickle.build_doublelist": _same,
    "torch.jit._pickle.build_boollist": _same,
    "torch.jit._pickle.restore_type_tag": _same,
}
