"""RNN, GRU and LSTM nodes of ONNX: their attributes, and their weights in the core's order.

=====  =======================  ==================
node   rows in W and R          rows in the core
=====  =======================  ==================
GRU    z, r, h                  r, z, n (n is h)
LSTM   i, o, f, c               i, f, g, o (g is c)
=====  =======================  ==================

B holds the biases of the input and then those of the state, each with the rows of W.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from fastrnn.formats.errors import CheckpointError
from fastrnn.formats.onnx.proto import attributes_of, title_of

if TYPE_CHECKING:
    from onnx import NodeProto

Array = NDArray[Any]

#: ONNX's gates in the order of the core.
GATES = {"RNN": (0,), "GRU": (1, 0, 2), "LSTM": (0, 2, 3, 1)}
#: Default activations of a direction.
ACTIVATIONS = {
    "RNN": ("tanh",),
    "GRU": ("sigmoid", "tanh"),
    "LSTM": ("sigmoid", "tanh", "tanh"),
}
#: Default alpha and beta of ONNX's activations; None if they have none.
DEFAULTS: dict[str, tuple[float | None, float | None]] = {
    "relu": (None, None),
    "tanh": (None, None),
    "sigmoid": (None, None),
    "softsign": (None, None),
    "softplus": (None, None),
    "affine": (1.0, 0.0),
    "scaledtanh": (1.0, 1.0),
    "hardsigmoid": (0.2, 0.5),
    "leakyrelu": (0.01, None),
    "thresholdedrelu": (1.0, None),
    "elu": (1.0, None),
}
#: Activations of the core by name, alpha and beta.
IN_THE_CORE: dict[tuple[str, float | None, float | None], str] = {
    ("tanh", None, None): "tanh",
    ("sigmoid", None, None): "sigmoid",
    ("relu", None, None): "relu",
    ("softsign", None, None): "softsign",
    ("softplus", None, None): "softplus",
    ("affine", 1.0, 0.0): "linear",
    ("scaledtanh", 1.0, 1.0): "tanh",
    ("hardsigmoid", 0.2, 0.5): "hard_sigmoid_keras2",
    ("hardsigmoid", 1 / 6, 0.5): "hard_sigmoid",
    ("leakyrelu", 0.0, None): "relu",
    ("elu", 1.0, None): "elu",
}
_KNOWN = {
    "activation_alpha",
    "activation_beta",
    "activations",
    "clip",
    "direction",
    "hidden_size",
    "layout",
    "output_sequence",
}
Activation = tuple[str, float | None, float | None]


@dataclass(frozen=True)
class RecurrentNode:
    """The attributes of a node.

    Attributes
    ----------
    op : {"RNN", "GRU", "LSTM"}
    title : str
        Its name in error messages.
    reverse : tuple of bool
        Whether each direction reads the steps from last to first.
    activations : tuple of tuple of (str, float or None, float or None)
        For each direction: lower-case names, alpha, beta.
    hidden_size : int or None
    layout : {0, 1}
        1 if the batch is first.
    linear_before_reset, input_forget : bool
    clip : float or None
    """

    op: str
    title: str
    reverse: tuple[bool, ...]
    activations: tuple[tuple[Activation, ...], ...]
    hidden_size: int | None
    layout: int
    linear_before_reset: bool
    input_forget: bool
    clip: float | None

    @property
    def gates(self) -> int:
        """Number of gates."""
        return len(GATES[self.op])

    @property
    def states(self) -> int:
        """Number of states."""
        return 2 if self.op == "LSTM" else 1

    @property
    def cell(self) -> str:
        """Name of the core's cell."""
        return "gru_reset_after" if self.linear_before_reset else self.op.lower()

    def core_activations(self, direction: int) -> tuple[str, str] | None:
        """Return the core's names of the activations; None if it lacks one."""
        found = [IN_THE_CORE.get(_rounded(one)) for one in self.activations[direction]]
        if None in found:
            return None
        names = [str(name) for name in found]
        if self.op == "RNN":
            return names[0], "sigmoid"
        if self.op == "LSTM" and names[1] != names[2]:
            return None
        return names[1], names[0]

    def lacks(self, direction: int) -> str | None:
        """Return a feature of a direction that the core lacks, besides peepholes; else None."""
        if self.clip is not None:
            return f"clip={self.clip:g}"
        if self.input_forget:
            return "input_forget=1"
        if self.core_activations(direction) is None:
            return "activations " + ", ".join(_words(one) for one in self.activations[direction])
        return None


def _rounded(activation: Activation) -> Activation:
    """Return an activation with alpha and beta in the precision of the table."""
    name, *numbers = activation
    for known, *theirs in IN_THE_CORE:
        pairs = list(zip(numbers, theirs, strict=True))
        if known == name and all(
            a == b or (a is not None and b is not None and np.float32(a) == np.float32(b))
            for a, b in pairs
        ):
            return (known, theirs[0], theirs[1])
    return activation


def _words(activation: Activation) -> str:
    name, alpha, beta = activation
    parts = [f"{key}={value:g}" for key, value in (("alpha", alpha), ("beta", beta))
             if value is not None]  # fmt: skip
    return f"{name}({', '.join(parts)})" if parts else name


def described(node: NodeProto) -> RecurrentNode:
    """Return the checked attributes of a node.

    Raises
    ------
    CheckpointError
        If an attribute is unknown, or has an invalid value.
    """
    op, title, given = str(node.op_type), title_of(node), attributes_of(node)
    known = _KNOWN | {"GRU": {"linear_before_reset"}, "LSTM": {"input_forget"}}.get(op, set())
    for name in given:
        if name not in known:
            raise CheckpointError(f"{title} has the attribute {name}, which an {op} does not have")
    direction = given.get("direction", "forward")
    ways = {"forward": (False,), "reverse": (True,), "bidirectional": (False, True)}
    if direction not in ways:
        raise CheckpointError(
            f"direction of {title} is {direction!r}; it should be one of {', '.join(ways)}"
        )
    for name in ("layout", "linear_before_reset", "input_forget"):
        if given.get(name, 0) not in (0, 1):
            raise CheckpointError(f"{name} of {title} is {given[name]!r}; it should be 0 or 1")
    reverse = ways[direction]
    clip = given.get("clip")
    return RecurrentNode(
        op,
        title,
        reverse,
        _activations(title, op, len(reverse), given),
        given.get("hidden_size"),
        given.get("layout", 0),
        bool(given.get("linear_before_reset", 0)),
        bool(given.get("input_forget", 0)),
        None if clip is None or clip == 0 else float(clip),
    )


def _activations(
    title: str, op: str, directions: int, given: Mapping[str, Any]
) -> tuple[tuple[Activation, ...], ...]:
    names = given.get("activations") or ACTIVATIONS[op] * directions
    each = len(ACTIVATIONS[op])
    if len(names) != each * directions:
        raise CheckpointError(
            f"activations of {title} are {list(names)}; there should be {each} for each direction"
        )
    # alpha and beta are assigned in the order of the activations that have them.
    alphas = list(given.get("activation_alpha") or ())
    betas = list(given.get("activation_beta") or ())
    found: list[Activation] = []
    for name in names:
        small = str(name).lower()
        if small not in DEFAULTS:
            raise CheckpointError(f"activations of {title} have {name!r}, which ONNX does not know")
        alpha, beta = DEFAULTS[small]
        if alpha is not None and alphas:
            alpha = float(alphas.pop(0))
        if beta is not None and betas:
            beta = float(betas.pop(0))
        found.append((small, alpha, beta))
    return tuple(tuple(found[first : first + each]) for first in range(0, len(found), each))


def checked_weights(node: RecurrentNode, W: Array, R: Array, B: Array | None) -> int:
    """Return the number of units of a node.

    Raises
    ------
    CheckpointError
        If the shapes of its weights contradict each other.
    """
    count, gates = len(node.reverse), node.gates
    shapes = f"W {W.shape}, R {R.shape}" + ("" if B is None else f", B {B.shape}")
    units = R.shape[-1] if R.ndim == 3 else 0
    fits = (
        W.ndim == R.ndim == 3
        and units > 0
        and node.hidden_size in (None, units)
        and W.shape[:2] == R.shape[:2] == (count, gates * units)
        and (B is None or B.shape == (count, 2 * gates * units))
    )
    if not fits:
        size = "hidden_size" if node.hidden_size is None else node.hidden_size
        rows = f"{gates}*{size}"
        raise CheckpointError(
            f"{node.title} has weights of the shapes {shapes}; they should be W ({count}, {rows}, "
            f"input_size), R ({count}, {rows}, {size}), B ({count}, 2*{rows})"
        )
    kinds = {array.dtype for array in (W, R, B) if array is not None}
    if len(kinds) != 1:
        raise CheckpointError(f"{node.title} has weights of the types {sorted(map(str, kinds))}")
    return int(units)


def turned(op: str, rows: Array) -> Array:
    """Return rows of gates, (G·n_s, ...), in the core's order."""
    return _ordered(rows, GATES[op])


def turned_back(op: str, rows: Array) -> Array:
    """Return rows of gates, (G·n_s, ...), in ONNX's order."""
    order = GATES[op]
    return _ordered(rows, tuple(order.index(place) for place in range(len(order))))


def _ordered(rows: Array, order: tuple[int, ...]) -> Array:
    apart = rows.reshape(len(order), -1, *rows.shape[1:])
    return np.ascontiguousarray(apart[list(order)].reshape(rows.shape))


def core_weights(
    node: RecurrentNode, direction: int, W: Array, R: Array, B: Array | None
) -> tuple[Array, ...]:
    """Return ``Wx, Ws, bs`` of a direction, and ``bx`` if the reset is after the product."""
    wx, ws = turned(node.op, W[direction]), turned(node.op, R[direction])
    if B is None:
        bx = bs = np.zeros(len(wx), W.dtype)
    else:
        half = len(wx)
        bx, bs = (turned(node.op, part) for part in (B[direction, :half], B[direction, half:]))
    if node.linear_before_reset:
        return wx, ws, bs[:, np.newaxis], bx[:, np.newaxis]
    return wx, ws, (bx + bs)[:, np.newaxis]
