"""Shapes that have to fit each other, and the words for one that does not.

A shape is described by symbols, such as ``("3 n_s", "n_x")`` for the input weights of a GRU. The
sizes behind the symbols are what most of the arguments agree on, so that the error names the one
array that is wrong and not the first that was compared with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

#: A name, the shape it has, and the symbols of the shape it should have.
Entry: TypeAlias = tuple[str, tuple[int, ...], tuple[str, ...]]


def check_shapes(entries: Sequence[Entry]) -> None:
    """Raise a :class:`ValueError` for the first array that does not fit the others.

    Of two arrays that contradict each other with nothing else to decide, the earlier one is
    believed, and the message mentions both.
    """
    witnesses = _witnesses(entries)
    sizes = {symbol: _majority(votes) for symbol, votes in witnesses.items()}
    for name, shape, symbols in entries:
        expected = [_expected(dimension, sizes) for dimension in symbols]
        if list(shape) != expected:
            reason = _only_witness(shape, symbols, witnesses, sizes, entries)
            wanted = f"{_written(symbols)} = {_written(expected)}"
            raise ValueError(f"{name} has shape {shape}, expected {wanted}{reason}")


def rows(gates: int, symbol: str = "n_s") -> str:
    """Return the symbol of a dimension that stacks the rows of all gates."""
    return symbol if gates == 1 else f"{gates} {symbol}"


def _factor(dimension: str) -> tuple[int, str]:
    """Split ``"3 n_s"`` into 3 and ``"n_s"``, and ``"1"`` into 1 and ``""``."""
    count, _, symbol = dimension.rpartition(" ")
    if symbol.isdigit():
        return int(symbol), ""
    return int(count or 1), symbol


def _witnesses(entries: Sequence[Entry]) -> dict[str, dict[int, list[str]]]:
    """Collect, for every symbol and every size, the names of the arrays that say so."""
    found: dict[str, dict[int, list[str]]] = {}
    for name, shape, symbols in entries:
        if len(shape) == len(symbols):
            for extent, dimension in zip(shape, symbols, strict=True):
                factor, symbol = _factor(dimension)
                if symbol and extent % factor == 0:
                    found.setdefault(symbol, {}).setdefault(extent // factor, []).append(name)
    return found


def _majority(votes: dict[int, list[str]]) -> int:
    """Return the size with most witnesses; of equals, the one that was heard first."""
    return max(votes, key=lambda size: len(votes[size]))


def _expected(dimension: str, sizes: dict[str, int]) -> int | str:
    factor, symbol = _factor(dimension)
    if not symbol:
        return factor
    return factor * sizes[symbol] if symbol in sizes else dimension


def _only_witness(
    shape: tuple[int, ...],
    symbols: tuple[str, ...],
    witnesses: dict[str, dict[int, list[str]]],
    sizes: dict[str, int],
    entries: Sequence[Entry],
) -> str:
    """Name the array that an expectation rests on, if it rests on one alone."""
    if len(shape) != len(symbols):
        return ""
    for extent, dimension in zip(shape, symbols, strict=True):
        symbol = _factor(dimension)[1]
        if symbol and extent != _expected(dimension, sizes):
            names = witnesses[symbol][sizes[symbol]]
            if len(names) == 1:
                other = next(had for name, had, _ in entries if name == names[0])
                return f" to fit {names[0]}, which has shape {other}"
    return ""


def _written(items: Sequence[int | str]) -> str:
    """Write dimensions as Python writes a tuple, symbols without quotes."""
    return f"({', '.join(map(str, items))}{',' if len(items) == 1 else ''})"
