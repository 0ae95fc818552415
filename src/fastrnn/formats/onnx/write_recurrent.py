"""Writing recurrent layers as RNN, GRU and LSTM nodes.

A mask may exclude any steps, but ONNX only supports sequence lengths.  So the unmasked steps are
moved to the front, the node computes them, and each step gets the state of the last unmasked step
up to it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastrnn.formats.errors import CheckpointError
from fastrnn.formats.onnx.graph import Builder, Value
from fastrnn.formats.onnx.recurrent import turned_back

Array = NDArray[Any]

OPS = {"SimpleRNN": "RNN", "GRU": "GRU", "LSTM": "LSTM"}
#: ONNX's names of the activations of cells, with alpha and beta.
ACTIVATIONS: dict[str, tuple[str, float | None, float | None]] = {
    "tanh": ("Tanh", None, None),
    "sigmoid": ("Sigmoid", None, None),
    "relu": ("Relu", None, None),
    "linear": ("Affine", 1.0, 0.0),
    "hard_sigmoid": ("HardSigmoid", 1 / 6, 0.5),
    "hard_sigmoid_keras2": ("HardSigmoid", 0.2, 0.5),
    "softsign": ("Softsign", None, None),
    "softplus": ("Softplus", None, None),
    "elu": ("Elu", 1.0, None),
}


@dataclass(frozen=True)
class Cell:
    """A recurrent layer, or a direction of one, to write as a node.

    Attributes
    ----------
    name : str
        Of the layer.
    op : {"RNN", "GRU", "LSTM"}
    config : mapping
        Its arguments.
    W, R, B : ndarray (G·n_s, n_x), (G·n_s, n_s), (2·G·n_s,)
        In ONNX's order of gates.
    """

    name: str
    op: str
    config: Mapping[str, Any]
    W: Array
    R: Array
    B: Array

    @property
    def units(self) -> int:
        """Number of units."""
        return int(self.R.shape[1])

    @property
    def states(self) -> int:
        """Number of states."""
        return 2 if self.op == "LSTM" else 1

    @property
    def backwards(self) -> bool:
        """Whether it reads from the last step to the first."""
        return bool(self.config.get("go_backwards", False))

    def asks(self, option: str) -> bool:
        """Return whether a boolean argument is set."""
        return bool(self.config.get(option, False))

    def activations(self) -> list[tuple[str, float | None, float | None]]:
        """Return ONNX's activations of the node.

        Raises
        ------
        CheckpointError
            If ONNX lacks one.
        """
        found = []
        names = [
            ("activation", self.config.get("activation", "tanh")),
            ("recurrent_activation", self.config.get("recurrent_activation", "sigmoid")),
        ]
        for argument, name in names if self.op != "RNN" else names[:1]:
            if name not in ACTIVATIONS:
                raise CheckpointError(
                    f"{argument} of {self.name} is {name!r}, which cells of ONNX do not have; "
                    f"they have {', '.join(ACTIVATIONS)}"
                )
            found.append(ACTIVATIONS[name])
        if self.op == "LSTM":
            return [found[1], found[0], found[0]]
        return found[::-1]


def cell_of(layer: Mapping[str, Any], name: str, tensors: Mapping[str, Array], title: str) -> Cell:
    """Return a layer as a cell.

    Parameters
    ----------
    layer : mapping
        ``class_name`` and ``config``.
    name : str
        Prefix of the names of its weights.
    tensors : mapping of str to ndarray
    title : str
        Its name in error messages.
    """
    op, config = OPS[layer["class_name"]], layer["config"]
    W = turned_back(op, np.asarray(tensors[f"{name}kernel"]).T)
    R = turned_back(op, np.asarray(tensors[f"{name}recurrent_kernel"]).T)
    inputs = states = np.zeros(len(W), W.dtype)
    if config.get("use_bias", True):
        bias = np.asarray(tensors[f"{name}bias"])
        if bias.ndim == 2:
            inputs, states = turned_back(op, bias[0]), turned_back(op, bias[1])
        else:
            inputs = turned_back(op, bias)
    return Cell(title, op, config, W, R, np.concatenate([inputs, states]))


@dataclass(frozen=True)
class Answers:
    """The output of a direction or a layer: (batch, time, n_s), and its final states."""

    output: str
    states: list[str]


def _node(
    builder: Builder,
    cells: Sequence[Cell],
    x: str,
    initial: Sequence[str],
    direction: str,
    outputs: Sequence[bool],
    lengths: str = "",
) -> list[str]:
    """Add a node; x is (time, batch, features), initial states (directions, batch, n_s)."""
    first = cells[0]
    attributes: dict[str, Any] = {"hidden_size": first.units, "direction": direction}
    activations = [one for cell in cells for one in cell.activations()]
    attributes["activations"] = [name for name, _, _ in activations]
    alphas = [alpha for _, alpha, _ in activations if alpha is not None]
    betas = [beta for _, _, beta in activations if beta is not None]
    if alphas:
        attributes["activation_alpha"] = alphas
    if betas:
        attributes["activation_beta"] = betas
    if first.op == "GRU":
        attributes["linear_before_reset"] = int(bool(first.config.get("reset_after", False)))
    names = [
        builder.constant(f"{first.name}/{which}", np.stack([getattr(one, which) for one in cells]))
        for which in ("W", "R", "B")
    ]
    states = [*initial, "", ""][: first.states]
    return builder.add(first.op, [x, *names, lengths, *states], first.name, outputs, **attributes)


def write_recurrent(
    builder: Builder, cell: Cell, x: Value, initial: Sequence[str] | None
) -> list[Value]:
    """Add a layer with one direction; return its output and, with ``return_state``, final states.

    Parameters
    ----------
    builder : Builder
    cell : Cell
    x : Value
        (batch, time, features).
    initial : sequence of str, optional
        Initial states, (batch, n_s).
    """
    sequences = cell.asks("return_sequences")
    answers = _direction(builder, cell, x, initial or [], sequences)
    states = [Value(state, 2) for state in answers.states]
    if not sequences:
        first = Value(answers.output or answers.states[0], 2)
    else:
        output = answers.output
        if cell.backwards:  # the steps in the order of processing
            output = _reversed(builder, output)
        first = Value(output, 3, x.mask if not cell.backwards else _mask_back(builder, x.mask))
    return [first, *states] if cell.asks("return_state") else [first]


def last_states(
    builder: Builder, cell: Cell, x: Value, initial: Sequence[str]
) -> tuple[list[Value], list[str]]:
    """Add a layer with carried states; return its outputs, and its final states."""
    sequences = cell.asks("return_sequences")
    answers = _direction(builder, cell, x, initial, sequences)
    states = [Value(state, 2) for state in answers.states]
    first = Value(answers.output, 3, x.mask) if sequences else states[0]
    found = [first, *states] if cell.asks("return_state") else [first]
    return found, answers.states


def _reversed(builder: Builder, output: str) -> str:
    one, least = builder.integers(-1), builder.integers(-(2**63) + 1)
    return builder.one("Slice", [output, one, least, builder.integers(1), one])


def _mask_back(builder: Builder, mask: str | None) -> str | None:
    return None if mask is None else _reversed(builder, mask)


def _direction(
    builder: Builder, cell: Cell, x: Value, initial: Sequence[str], sequences: bool
) -> Answers:
    """Add one direction; the output is in the original order of the steps."""
    first = [builder.unsqueezed(state, 0) for state in initial]
    if x.mask is not None:
        return _masked_direction(builder, cell, x, first, sequences)
    direction = "reverse" if cell.backwards else "forward"
    wanted = [sequences, True, True][: 1 + cell.states]
    made = _node(builder, [cell], builder.turned(x.name, 1, 0, 2), first, direction, wanted)
    output = builder.turned(builder.squeezed(made[0], 1), 1, 0, 2) if sequences else ""
    return Answers(output, [builder.squeezed(state, 0) for state in made[1:]])


def _masked_direction(
    builder: Builder, cell: Cell, x: Value, first: list[str], sequences: bool
) -> Answers:
    assert x.mask is not None
    name, units = cell.name, cell.units
    counts = builder.one("Cast", [x.mask], name, to=7)
    steps = builder.shape_part(x.name, 1, 2)
    axis = builder.integers(1)
    # the number of unmasked steps up to and including each step; from the end if backwards
    ranks = builder.one("CumSum", [counts, builder.constant("axis_1", np.array(1, np.int64))], name,
                        reverse=int(cell.backwards))  # fmt: skip
    # TopK of these numbers moves the unmasked steps to the front, in the order of processing
    number = builder.one("Sub", [steps, ranks])
    key = builder.one("Where", [x.mask, number, builder.integers(-1)])
    key = builder.one("Cast", [key], to=1)
    order = builder.add("TopK", [key, steps], name, [True, True], axis=1, largest=1, sorted=1)[1]
    spread = builder.one("Expand", [builder.unsqueezed(order, 2),
                                    builder.one("Shape", [x.name])], name)  # fmt: skip
    gathered = builder.one("GatherElements", [x.name, spread], name, axis=1)
    total = builder.one("ReduceSum", [counts, axis], name, keepdims=0)
    lengths = builder.one("Cast", [total], name, to=6) if cell.states > 1 else ""
    wanted = [True, False, True][: 1 + cell.states]
    time_major = builder.turned(gathered, 1, 0, 2)
    made = _node(builder, [cell], time_major, first, "forward", wanted, lengths)
    rows = builder.turned(builder.squeezed(made[0], 1), 1, 0, 2)
    begins = [builder.squeezed(state, 0) for state in first]
    zeros = builder.constant(f"{name}/no_state", np.zeros((1, units), builder.dtype))
    begins += [zeros] * (cell.states - len(begins))
    output = ""
    if sequences:
        output = _state_at(builder, rows, ranks, builder.unsqueezed(begins[0], 1), units)
    last = _state_at(builder, rows, builder.unsqueezed(total, 1),
                     builder.unsqueezed(begins[0], 1), units)  # fmt: skip
    states = [builder.squeezed(last, 1)]
    if cell.states > 1:
        any_counts = builder.one("Greater", [builder.unsqueezed(total, 1), builder.integers(0)])
        cells = builder.squeezed(made[2], 0)
        states.append(builder.one("Where", [any_counts, cells, begins[1]], name))
    return Answers(output, states)


def _state_at(builder: Builder, rows: str, ranks: str, begin: str, units: int) -> str:
    """Return the states (batch, k, n_s) after the numbers of steps `ranks` (batch, k)."""
    at = builder.one("Max", [builder.one("Sub", [ranks, builder.integers(1)]),
                             builder.integers(0)])  # fmt: skip
    at = builder.unsqueezed(at, 2)
    spread = builder.one("Expand", [at, builder.integers(1, 1, units)])
    found = builder.one("GatherElements", [rows, spread], axis=1)
    any_counts = builder.one("Greater", [builder.unsqueezed(ranks, 2), builder.integers(0)])
    return builder.one("Where", [any_counts, found, begin])


# Both directions -----------------------------------------------------------------------------


def write_bidirectional(
    builder: Builder,
    name: str,
    cells: Sequence[Cell],
    mode: str | None,
    x: Value,
    initial: Sequence[str] | None,
) -> list[Value]:
    """Add both directions of a layer; return its outputs.

    Parameters
    ----------
    builder, x, initial
        As :func:`write_recurrent`; initial states of the forward direction come first.
    name : str
        Of the layer.
    cells : sequence of Cell
        The forward cell and the backward cell.
    mode : {"concat", "sum", "mul", "ave", None}
    """
    one, other = cells
    sequences, given = one.asks("return_sequences"), list(initial or [])
    count = one.states
    can_share = (
        x.mask is None
        and one.op == other.op
        and one.units == other.units
        and one.config.get("reset_after", False) == other.config.get("reset_after", False)
        and not one.backwards
    )
    if can_share:
        both = [
            builder.one("Concat", [builder.unsqueezed(state, 0) for state in pair], name, axis=0)
            for pair in zip(given[:count], given[count:], strict=True)
        ]
        wanted = [sequences, True, True][: 1 + count]
        time_major = builder.turned(x.name, 1, 0, 2)
        made = _node(builder, cells, time_major, both, "bidirectional", wanted)
        ends = made[1:]
        source, axis = (made[0], 1) if sequences else (ends[0], 0)
        if mode == "concat":
            order, shape = ((2, 0, 1, 3), (0, 0, -1)) if sequences else ((1, 0, 2), (0, -1))
            rows = builder.turned(source, *order)
            outputs = [builder.one("Reshape", [rows, builder.integers(*shape)], name)]
        else:
            if mode is None:
                outputs = [_picked(builder, source, place, axis) for place in (0, 1)]
            elif mode == "sum":
                axes = [source, builder.integers(axis)]
                outputs = [builder.one("ReduceSum", axes, name, keepdims=0)]
            else:
                op = "ReduceMean" if mode == "ave" else "ReduceProd"
                outputs = [builder.one(op, [source], name, axes=[axis], keepdims=0)]
            if sequences:
                outputs = [builder.turned(output, 1, 0, 2) for output in outputs]
        wanted_states = one.asks("return_state")
        states = [_picked(builder, end, at, 0) for at in (0, 1) for end in ends if wanted_states]
    else:
        answers = [
            _direction(builder, cell, x, given[place * count : (place + 1) * count], sequences)
            for place, cell in enumerate(cells)
        ]
        parts = [each.output if sequences else each.states[0] for each in answers]
        outputs = _merged(builder, name, mode, parts)
        states = [state for each in answers for state in each.states]
    rank = 3 if sequences else 2
    mask = x.mask if sequences else None
    if mask is not None:  # zeros at masked steps
        shown = builder.as_numbers(builder.unsqueezed(mask, 2))
        outputs = [builder.one("Mul", [output, shown], name) for output in outputs]
    found = [Value(output, rank, mask) for output in outputs]
    return [*found, *(Value(state, 2) for state in states)] if one.asks("return_state") else found


def _picked(builder: Builder, of: str, place: int, axis: int) -> str:
    index = builder.constant(f"place_{place}", np.array(place, np.int64))
    return builder.one("Gather", [of, index], axis=axis)


def _merged(builder: Builder, name: str, mode: str | None, parts: Sequence[str]) -> list[str]:
    if mode is None:
        return list(parts)
    if mode == "concat":
        return [builder.one("Concat", parts, name, axis=-1)]
    merged = builder.one("Mul" if mode == "mul" else "Add", parts, name)
    return [builder.one("Mul", [merged, builder.number(0.5)], name) if mode == "ave" else merged]
