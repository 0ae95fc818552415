"""The shapes of the functional API's arrays, and the errors about arrays that do not fit.

All shapes are defined here, with a letter for each axis; equal letters are equal extents.  The size
of a letter is the one that most arguments agree on, so that the error names the array that is
wrong, and not the first one that differs from it.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any, NamedTuple

#: The axes of every array: x inputs, s state units, y outputs, m batch, t time steps, g the rows of
#: all gates, 1 for one.  An array marked with ``?`` may be None.
AXES = {
    "X": "xmt",
    "S_0": "sm",
    "C_0": "?sm",
    "Xt": "xm",
    "St_prev": "sm",
    "Ct_prev": "sm",
    "Wx": "gx",
    "Ws": "gs",
    "bs": "g1",
    "bx": "?g1",
    "Wy": "?ys",
    "by": "?y1",
    "St_next": "sm",
    "Ct_next": "sm",
    **dict.fromkeys(("Rt", "Zt", "Nt"), "sm"),
    "Ht": "?sm",
    **dict.fromkeys(("It", "Ft", "Gt", "Ot"), "sm"),
    "ds": "smt",
    "dc_last": "?sm",
    "ds_next": "sm",
    "dc_next": "sm",
    "S": "smt",
    "y_pred": "ymt",
    "targets": "mt",
    "mask": "?mt",
}
_SYMBOLS = {"x": "n_x", "s": "n_s", "y": "n_y", "m": "m", "t": "T_x", "1": "1"}


class Form(NamedTuple):
    """Arrays whose shapes must fit each other.

    Attributes
    ----------
    names : tuple of str
        Their names, in the order of the arguments.
    words : str
        Their axes, in the format of ``fastrnn._core.arrays.fit``.
    gates : int
        The letter g is `gates` times n_s.
    inputs : int
        Number of arrays, from the first, that are inputs of the call: if an input contradicts a
        parameter or a cache, the error is about the input.
    """

    names: tuple[str, ...]
    words: str
    gates: int
    inputs: int


@cache
def form(names: tuple[str, ...], gates: int = 1, inputs: int = 0) -> Form:
    """Return the form of arrays of these names."""
    return Form(names, " ".join(AXES[name] for name in names), gates, inputs)


def fits(of: Form, shapes: Sequence[tuple[int, ...] | None]) -> bool:
    """Return whether shapes fit each other.

    The same check as ``fastrnn._core.arrays.fit``, for shapes only.
    """
    extents = {"1": 1}
    for word, shape in zip(of.words.split(), shapes, strict=True):
        if shape is not None:
            letters = word[1:] if word[0] == "?" else word
            if len(letters) != len(shape):
                return False
            for letter, extent in zip(letters, shape, strict=True):
                if extents.setdefault(letter, extent) != extent:
                    return False
    return "g" not in extents or extents["g"] == of.gates * extents["s"]


def check_shapes(of: Form, shapes: Sequence[tuple[int, ...] | None]) -> None:
    """Raise a :class:`ValueError` for the first array that does not fit the others.

    If two arrays contradict each other and no other decides, the error is about the later one, and
    mentions both.

    Parameters
    ----------
    of : Form
    shapes : sequence of tuple of int
        The shape of every array; None for one that is left out.
    """
    in_turn = [*range(of.inputs, len(of.names)), *range(of.inputs)]
    entries: list[_Entry] = []
    for i in in_turn:
        shape = shapes[i]
        if shape is not None:
            letters = AXES[of.names[i]].lstrip("?")
            axes = tuple(_axis(letter, of.gates) for letter in letters)
            entries.append((of.names[i], shape, axes))
    witnesses = _witnesses(entries)
    sizes = {symbol: _majority(votes) for symbol, votes in witnesses.items()}
    for name, shape, axes in entries:
        expected = [_expected(axis, sizes) for axis in axes]
        if list(shape) != expected:
            reason = _only_witness(shape, axes, witnesses, sizes, entries)
            wanted = f"{_written([_symbol(axis) for axis in axes])} = {_written(expected)}"
            raise ValueError(f"{name} has shape {shape}, expected {wanted}{reason}")


#: A factor and a symbol: ``(3, "n_s")``; ``(1, "")`` is 1.
_Axis = tuple[int, str]
_Entry = tuple[str, tuple[int, ...], tuple[_Axis, ...]]


def _axis(letter: str, gates: int) -> _Axis:
    if letter == "1":
        return 1, ""
    return (gates, "n_s") if letter == "g" else (1, _SYMBOLS[letter])


def _symbol(axis: _Axis) -> str:
    factor, symbol = axis
    return f"{factor} {symbol}" if symbol and factor > 1 else symbol or "1"


def _witnesses(entries: Sequence[_Entry]) -> dict[str, dict[int, list[str]]]:
    """Collect, for every symbol and size, the names of the arrays that imply it."""
    found: dict[str, dict[int, list[str]]] = {}
    for name, shape, axes in entries:
        if len(shape) == len(axes):
            for extent, (factor, symbol) in zip(shape, axes, strict=True):
                if symbol and extent % factor == 0:
                    found.setdefault(symbol, {}).setdefault(extent // factor, []).append(name)
    return found


def _majority(votes: dict[int, list[str]]) -> int:
    """Return the size that most arrays have; of equal counts, the first one found."""
    return max(votes, key=lambda size: len(votes[size]))


def _expected(axis: _Axis, sizes: dict[str, int]) -> int | str:
    factor, symbol = axis
    if not symbol:
        return factor
    return factor * sizes[symbol] if symbol in sizes else _symbol(axis)


def _only_witness(
    shape: tuple[int, ...],
    axes: tuple[_Axis, ...],
    witnesses: dict[str, dict[int, list[str]]],
    sizes: dict[str, int],
    entries: Sequence[_Entry],
) -> str:
    """Return the name of the array that implies an expected size, if only one does."""
    if len(shape) != len(axes):
        return ""
    for extent, axis in zip(shape, axes, strict=True):
        symbol = axis[1]
        if symbol and extent != _expected(axis, sizes):
            names = witnesses[symbol][sizes[symbol]]
            if len(names) == 1:
                other = next(had for name, had, _ in entries if name == names[0])
                return f" to fit {names[0]}, which has shape {other}"
    return ""


def _written(items: Sequence[Any]) -> str:
    """Format dimensions as a tuple, with symbols without quotes."""
    return f"({', '.join(map(str, items))}{',' if len(items) == 1 else ''})"
