"""The program of a step of an exported model: weights, states, and calls of functions."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastrnn.formats.c.functions import sections
from fastrnn.formats.errors import CheckpointError

Array = NDArray[Any]

#: Keywords of C99 and C++11, and identifiers that the file uses itself.
_WORDS = """
    alignas alignof and and_eq asm auto bitand bitor bool break case catch char class compl
    const const_cast constexpr continue decltype default delete do double dynamic_cast else
    enum explicit export extern false float for friend goto if inline int long main mutable
    namespace new noexcept not not_eq nullptr operator or or_eq private protected public
    register reinterpret_cast restrict return short signed sizeof static static_assert
    static_cast struct switch template this thread_local throw true try typedef typeid
    typename union unsigned using virtual void volatile wchar_t while xor xor_eq padding
    streams unused work
"""
RESERVED = frozenset(_WORDS.split())


@dataclass(frozen=True)
class Value:
    """An array of a step.

    Attributes
    ----------
    place : str
        The C expression that points to them.
    size : int
        Its size; for a token, the size of the vocabulary.
    kind : {"numbers", "token", "one-hot"}
        "token" is an index; "one-hot" is an index that represents a one-hot row.
    is_own : bool
        Whether it may be overwritten.
    """

    place: str
    size: int
    kind: str = "numbers"
    is_own: bool = False


@dataclass(frozen=True)
class Matrix:
    """Weights [inputs][outputs]; with 8 bits and a scale for each output if `numbers` is set."""

    values: Array
    numbers: Array | None = None
    scales: Array | None = None


@dataclass
class Program:
    """The program of a step, which is built layer by layer.

    Attributes
    ----------
    int8 : bool
        Whether matrices are stored as 8-bit integers.
    weights : dict of str to Matrix or ndarray
    states : dict of str to int
        The states of a stream, with their sizes.
    firsts : dict of str to str
        Expressions of initial states other than zeros.
    buffers : dict of str to int
        Temporary memory of a step, with sizes.
    work : int
        Size of the scratch memory.
    calls : list of str
        Lines of C.
    cells : dict of str to str
        Functions of cells by their names.
    products, squashes : int
        Numbers of multiplications, and of evaluations of exp or tanh, per step.
    needs_index : bool
        Whether a line uses the index ``i``.
    inputs, outputs : int
        Numbers of inputs and outputs of a step.
    """

    int8: bool = False
    weights: dict[str, Matrix | Array] = field(default_factory=dict)
    states: dict[str, int] = field(default_factory=dict)
    firsts: dict[str, str] = field(default_factory=dict)
    buffers: dict[str, int] = field(default_factory=dict)
    work: int = 0
    calls: list[str] = field(default_factory=list)
    cells: dict[str, str] = field(default_factory=dict)
    products: int = 0
    squashes: int = 0
    needs_index: bool = False
    inputs: int = 0
    outputs: int = 0
    _names: set[str] = field(default_factory=set)

    def unique(self, name: str) -> str:
        """Return an unused C identifier similar to the name of a layer."""
        stem = re.sub(r"\W", "_", name, flags=re.ASCII).lower() or "layer"
        if stem[0].isdigit() or stem in RESERVED:
            stem = f"layer_{stem}"
        found, count = stem, 1
        while found in self._names:
            count += 1
            found = f"{stem}_{count}"
        self._names.add(found)
        return found

    def vector(self, name: str, values: Array) -> str:
        """Store an array in full precision, and return the expression for it."""
        name = self._weight_name(name)
        self.weights[name] = finite(name, values).ravel()
        return f"net_weights.{name}"

    def matrix(self, name: str, values: Array) -> str:
        """Store weights [inputs][outputs], and return the expression for them."""
        name = self._weight_name(name)
        finite(name, values)
        if not self.int8:
            self.weights[name] = Matrix(values)
            return f"net_weights.{name}"
        numbers, scales = quantize(values)
        self.weights[name] = Matrix(values, numbers, scales)
        return f"net_matrix_of(net_weights.{name}, net_weights.{name}_scales)"

    def _weight_name(self, name: str) -> str:
        return name if name not in self.weights else self._weight_name(f"{name}_2")

    def state(self, name: str, size: int, first: Array | None) -> str:
        """Return the expression for a new state with the initial value `first`."""
        name = self.unique(name)
        self.states[name] = size
        if first is not None:
            self.firsts[name] = self.vector(f"{name}_first", first)
        return f"state->{name}"

    def buffer(self, name: str, size: int, place: str | None) -> Value:
        """Return memory for the output of a layer: `place`, if given."""
        if place is None:
            self.buffers[name] = size
            place = f"state->{name}"
        return Value(place, size, is_own=True)

    def call(self, function: str, *arguments: str | int) -> None:
        """Add a call to the step."""
        self.calls.append(f"{function}({', '.join(map(str, arguments))});")

    def loop(self, size: int, statement: str) -> None:
        """Add a statement for every ``i`` below `size`."""
        self.needs_index = True
        self.calls += [f"for (i = 0; i < {size}; i++)", f"    {statement}"]

    def cell(self, cell: str, activation: str, gate: str, of_token: bool) -> str:
        """Return the name of the function that computes a cell with some activations."""
        plain = (activation, gate) == ("tanh", "sigmoid" if cell != "rnn" else "tanh")
        variant = "" if plain else f"_{activation}" if cell == "rnn" else f"_{activation}_{gate}"
        variant += "_of_token" if of_token else ""
        text = sections("cells.c")[cell].replace("$VARIANT", variant)
        affine = "net_affine_of_token" if of_token else "net_affine"
        words = {"ACTIVATION": activation, "GATE": gate, "affine_INPUT": affine[4:]}
        for word, function in words.items():
            text = text.replace(f"net_{word}", f"net_{function}")
        self.cells[f"net_{cell}{variant}"] = text
        return f"net_{cell}{variant}"


def finite(name: str, values: Array) -> Array:
    """Return weights after checking that they are finite."""
    if not np.isfinite(values).all():
        raise CheckpointError(f"{name} holds NaN or infinite weights, which no C file can state")
    return values


def quantize(values: Array) -> tuple[Array, Array]:
    """Return weights [inputs][outputs] as integers from -127 to 127, with a scale per output."""
    largest = np.abs(values).max(axis=0) if len(values) else np.zeros(values.shape[1])
    scales = np.where(largest > 0, largest / 127, 1)
    return np.rint(values / scales).astype(np.int8), scales
