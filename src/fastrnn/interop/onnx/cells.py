"""One direction of an RNN, GRU or LSTM node: computed by the core, or by ``onnx.reference``.

Both take time-major arrays, from the first step to the last; ``nodes`` reverses sequences for
backward directions.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from fastrnn._core.recurrence import Recurrence
from fastrnn._core.reserve import views
from fastrnn._core.stage import source
from fastrnn._core.stream import StageRunner
from fastrnn.formats.errors import CheckpointError
from fastrnn.formats.onnx.recurrent import RecurrentNode, core_weights

Array = NDArray[Any]

#: Calls with fewer rows use weights that were packed once, a few steps at a time; for others the
#: core packs the weights for products with many rows.
FEW_ROWS = 16
#: Number of batch sizes for which packed weights are cached.
MOST_KEPT = 4


class Cell(Protocol):
    """The computation of one direction."""

    def run(
        self,
        x: Array,
        initial: Sequence[Array | None],
        lengths: NDArray[np.int64] | None,
        y: Array,
    ) -> Sequence[Array]:
        """Compute the states of all steps, and return those after the last unmasked one.

        Parameters
        ----------
        x : ndarray (T, m, n_x)
        initial : sequence of ndarray (m, n_s) or None
            None for zeros.
        lengths : ndarray (m,), optional
            Lengths of the sequences; all steps if left out.
        y : ndarray (T, m, n_s)
            OUT.  The states; zeros past the end of a sequence.
        """
        ...


class CoreCell:
    """Computed by fastrnn's core."""

    def __init__(
        self, node: RecurrentNode, direction: int, W: Array, R: Array, B: Array | None
    ) -> None:
        names = node.core_activations(direction)
        assert names is not None
        self._core = Recurrence(node.cell, *names)
        self._weights = core_weights(node, direction, W, R, B)
        self._streams: dict[int, tuple[StageRunner, list[Array]]] = {}

    def run(
        self,
        x: Array,
        initial: Sequence[Array | None],
        lengths: NDArray[np.int64] | None,
        y: Array,
    ) -> Sequence[Array]:
        """See :class:`Cell`."""
        T, m, _ = x.shape
        if lengths is not None or T * m >= FEW_ROWS:
            return self._run_sequence(x, initial, lengths, y)
        stream, states = self.stream(m)
        for state, first in zip(states, initial, strict=True):
            state[...] = 0 if first is None else first
        stream(x.transpose(1, 0, 2), y.transpose(1, 0, 2))
        return [state[0].copy() for state in states]

    def stream(self, m: int) -> tuple[StageRunner, list[Array]]:
        """Return a stream of m sequences, and the memory of its states, each (1, m, n_s)."""
        found = self._streams.get(m)
        if found is not None:
            return found
        wx = self._weights[0]
        stage = self._core.stage(self._weights, m, FEW_ROWS, wx.dtype)
        states = [state[np.newaxis] for state in stage.states()]
        if len(self._streams) == MOST_KEPT:
            del self._streams[next(iter(self._streams))]
        begin = source(wx.shape[1], m, FEW_ROWS, wx.dtype)
        self._streams[m] = made = StageRunner([begin, stage], [(), (0,)], True), states
        return made

    def _run_sequence(
        self,
        x: Array,
        initial: Sequence[Array | None],
        lengths: NDArray[np.int64] | None,
        y: Array,
    ) -> Sequence[Array]:
        T, m, _ = x.shape
        units = self._weights[1].shape[1]
        reserve = np.zeros(self._core.reserve_length(T, m, units, x.itemsize), x.dtype)
        arrays = views(self._core, reserve, T, m, units)
        for states, first in zip(arrays, initial, strict=False):
            states[0, :, :units] = 0 if first is None else first
        mask = None
        if lengths is not None:
            mask = (np.arange(T)[:, np.newaxis] < lengths).astype(np.uint8)
        self._core.forward(np.ascontiguousarray(x), self._weights, reserve, mask=mask)
        y[...] = arrays[0][1:, :, :units]
        if mask is not None:
            y[mask == 0] = 0
        return [array[-1, :, :units].copy() for array in arrays[: self._core.states]]


class ReferenceCell:
    """Computed by ``onnx.reference``, for cells that the core lacks.

    It is only called for one forward direction without masked steps, which every version of it
    supports.
    """

    def __init__(
        self,
        node: RecurrentNode,
        direction: int,
        W: Array,
        R: Array,
        B: Array | None,
        P: Array | None,
        why: str,
    ) -> None:
        _require_reference(node, direction, why)
        self._states, self._title, self._why = node.states, node.title, why
        one = slice(direction, direction + 1)
        self._weights = [W[one], R[one], *(None if more is None else more[one] for more in (B, P))]
        self._units = R.shape[-1]
        self._evaluator = _evaluator(node, direction, W.dtype, [B is not None, P is not None])

    def run(
        self,
        x: Array,
        initial: Sequence[Array | None],
        lengths: NDArray[np.int64] | None,
        y: Array,
    ) -> Sequence[Array]:
        """See :class:`Cell`."""
        T, m, _ = x.shape
        zeros = np.zeros((m, self._units), x.dtype)
        last = [zeros.copy() if one is None else np.array(one) for one in initial]
        if lengths is None:
            lengths = np.full(m, T)
        y[...] = 0
        for length in np.unique(lengths):
            which = np.flatnonzero(lengths == length)
            if length == 0:
                continue
            first = [one[which] for one in last]
            answers = self._compute(x[:length, which], first)
            y[:length, which] = answers[0][:, 0]
            for state, end in zip(last, answers[1:], strict=True):
                state[which] = end[0]
        return last

    def _compute(self, x: Array, first: Sequence[Array]) -> list[Array]:
        W, R, B, P = self._weights
        feeds = {"X": x, "W": W, "R": R, "B": B, "P": P}
        feeds |= {f"first_{place}": one[np.newaxis] for place, one in enumerate(first)}
        try:
            answers: list[Array] = self._evaluator.run(
                None, {name: array for name, array in feeds.items() if array is not None}
            )
        except Exception as error:
            raise CheckpointError(
                f"{self._title} has {self._why}, so onnx.reference was to compute it, "
                f"which failed: {error}"
            ) from error
        return answers


def _require_reference(node: RecurrentNode, direction: int, why: str) -> None:
    """Raise an error if ``onnx.reference`` ignores an attribute of a node."""
    lacks = None
    if node.clip is not None:
        lacks = "clip"
    elif node.input_forget:
        lacks = "input_forget"
    else:
        names = tuple(name for name, _, _ in node.activations[direction])
        if node.op == "RNN" and names[0] not in ("tanh", "affine"):
            lacks = "this activation"
        if node.op == "GRU" and names != ("sigmoid", "tanh"):
            lacks = "activations other than Sigmoid and Tanh"
        if node.op == "LSTM" and names != ("sigmoid", "tanh", "tanh"):
            lacks = "activations other than Sigmoid, Tanh and Tanh"
    if lacks is not None:
        raise CheckpointError(
            f"{node.title} has {why}, which neither fastrnn nor onnx.reference computes "
            f"(the latter takes no notice of {lacks})"
        )


def _evaluator(node: RecurrentNode, direction: int, dtype: Any, has: Sequence[bool]) -> Any:
    """Return an evaluator for a single node with the remaining attributes of `node`."""
    from onnx import helper
    from onnx.reference import ReferenceEvaluator

    kind = helper.np_dtype_to_tensor_dtype(np.dtype(dtype))
    states = [f"first_{place}" for place in range(node.states)]
    names = ["X", "W", "R", "B" if has[0] else "", "", *states, *(["P"] if has[1] else [])]
    answers = ["Y", *(f"last_{place}" for place in range(node.states))]
    given: dict[str, Any] = {}
    if node.op == "RNN":
        ((name, alpha, beta),) = node.activations[direction]
        given["activations"] = [name.capitalize()]
        if alpha is not None and beta is not None:
            given["activation_alpha"], given["activation_beta"] = [alpha], [beta]
    if node.op == "GRU":
        given["linear_before_reset"] = int(node.linear_before_reset)
    made = helper.make_node(node.op, names, answers, **given)
    values = [helper.make_tensor_value_info(name, kind, None) for name in names if name]
    ends = [helper.make_tensor_value_info(name, kind, None) for name in answers]
    graph = helper.make_graph([made], "one_node", values, ends)
    opset = helper.make_opsetid("", 14)
    return ReferenceEvaluator(helper.make_model(graph, opset_imports=[opset]))


def made_cell(
    node: RecurrentNode, direction: int, W: Array, R: Array, B: Array | None, P: Array | None
) -> Cell:
    """Return the cell for a direction of a node.

    Raises
    ------
    CheckpointError
        If neither the core nor ``onnx.reference`` can.
    """
    why = node.lacks(direction)
    if why is None and P is not None and P[direction].any():
        why = "peepholes"
    if why is None and W.dtype not in (np.float32, np.float64):
        why = f"the type {W.dtype}"
    if why is None:
        return CoreCell(node, direction, W, R, B)
    return ReferenceCell(node, direction, W, R, B, P, why)
