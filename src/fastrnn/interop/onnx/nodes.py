"""RNN, GRU and LSTM nodes on arrays in ONNX's layout."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastrnn.formats.errors import CheckpointError
from fastrnn.formats.onnx.recurrent import RecurrentNode, checked_weights
from fastrnn.interop.onnx.cells import Cell, CoreCell, made_cell

Array = NDArray[Any]
Answers = tuple[Any, ...]

_TWO_AXES = (np.newaxis, np.newaxis)


class Recurrent:
    """A node with its weights.

    Parameters
    ----------
    node : RecurrentNode
    W, R : ndarray (directions, G·n_s, n_x), (directions, G·n_s, n_s)
    B, P : ndarray (directions, 2·G·n_s), (directions, 3·n_s), optional
    wanted : sequence of bool
        Which of Y, Y_h and Y_c are used.
    """

    def __init__(
        self,
        node: RecurrentNode,
        W: Array,
        R: Array,
        B: Array | None,
        P: Array | None,
        wanted: Sequence[bool] = (True, True, True),
    ) -> None:
        self.node = node
        self._copies = bool(wanted[1]), bool(wanted[2]) and node.states == 2
        self.units = checked_weights(node, W, R, B)
        self.features, self.dtype = W.shape[2], W.dtype
        count = len(node.reverse)
        if P is not None and (P.shape != (count, 3 * self.units) or P.dtype != W.dtype):
            raise CheckpointError(
                f"{node.title} has peepholes {P.dtype} of shape {P.shape}; they should be "
                f"{W.dtype} of shape {(count, 3 * self.units)}"
            )
        self.cells: list[Cell] = [made_cell(node, d, W, R, B, P) for d in range(count)]
        # the cell of a node with a forward direction only, if the core computes it
        self._only: CoreCell | None = None
        cell = self.cells[0]
        if not any(node.reverse) and node.layout == 0 and isinstance(cell, CoreCell):
            self._only = cell

    def run(
        self,
        X: Array,
        lengths: Array | None = None,
        initial_h: Array | None = None,
        initial_c: Array | None = None,
    ) -> Answers:
        """Return Y, Y_h and, of an LSTM, Y_c; unused ones are arbitrary.

        Parameters
        ----------
        X : ndarray (T, m, n_x)
            With layout 1, (m, T, n_x), and the batch is also first in the other arrays.
        lengths : ndarray (m,) of int, optional
        initial_h, initial_c : ndarray (directions, m, n_s), optional

        Raises
        ------
        ValueError, TypeError
            If an array does not fit the weights.
        """
        if X.dtype != self.dtype:
            raise TypeError(
                f"X of {self.node.title} is {X.dtype}; it should be {self.dtype}, as the weights"
            )
        if X.ndim != 3 or X.shape[2] != self.features:
            raise ValueError(
                f"X of {self.node.title} has shape {X.shape}; it should be "
                f"{('batch', 'time') if self.node.layout else ('time', 'batch')} and "
                f"{self.features} features"
            )
        return self._run_any(X, lengths, (initial_h, initial_c)[: self.node.states])

    def stepper(self) -> Callable[..., Answers]:
        """Return a function like :meth:`run` that is faster for a single forward step.

        This is the call of streaming programs, where the overhead of each view matters.
        """
        cell, run, dtype, features = self._only, self.run, self.dtype, self.features
        if cell is None:
            return run
        stream_of, has_cell = cell.stream, self.node.states == 2
        copies_h, copies_c = self._copies
        fits: tuple[int, ...] = ()  # the shape of X in the last call
        stream: Any = None
        h = c = np.empty((1, 0, 0), dtype)

        def step(
            X: Array,
            lengths: Array | None = None,
            initial_h: Array | None = None,
            initial_c: Array | None = None,
        ) -> Answers:
            nonlocal fits, stream, h, c
            if X.dtype is not dtype or lengths is not None:
                return run(X, lengths, initial_h, initial_c)
            if X.shape != fits:
                if len(X.shape) != 3 or X.shape[0] != 1 or not X.shape[1] or X.shape[2] != features:
                    return run(X, lengths, initial_h, initial_c)
                stream, memory = stream_of(X.shape[1])
                h, c, fits = memory[0], memory[-1], X.shape
            if initial_h is None:
                h[...] = 0
            elif initial_h.shape == h.shape and initial_h.dtype is dtype:
                h[...] = initial_h
            else:
                return run(X, lengths, initial_h, initial_c)
            if has_cell:
                if initial_c is None:
                    c[...] = 0
                elif initial_c.shape == c.shape and initial_c.dtype is dtype:
                    c[...] = initial_c
                else:
                    return run(X, lengths, initial_h, initial_c)
            y = stream(X[0])
            return (
                y[_TWO_AXES],
                h.copy() if copies_h else None,
                c.copy() if copies_c else None,
            )

        return step

    def _run_any(self, X: Array, lengths: Array | None, given: Sequence[Array | None]) -> Answers:
        batch_first = self.node.layout == 1
        if batch_first:
            X = X.transpose(1, 0, 2)
        T, m, _ = X.shape
        count = len(self.cells)
        shape = (m, count, self.units) if batch_first else (count, m, self.units)
        for state in given:
            if state is not None:
                self._check_state(state, shape)
        states = [
            None if state is None else state.transpose(1, 0, 2) if batch_first else state
            for state in given
        ]
        counted = self._checked_lengths(lengths, T, m)
        Y = np.zeros((T, count, m, self.units), self.dtype)
        ends = np.zeros((self.node.states, count, m, self.units), self.dtype)
        for direction, (cell, reverse) in enumerate(
            zip(self.cells, self.node.reverse, strict=True)
        ):
            first = [None if state is None else state[direction] for state in states]
            if not T or not m:
                last: Sequence[Array] = [
                    np.zeros((m, self.units), self.dtype) if one is None else one for one in first
                ]
            elif not reverse:
                last = cell.run(X, first, counted, Y[:, direction])
            else:
                turn = _turned(T, m, counted)
                y = np.empty((T, m, self.units), self.dtype)
                last = cell.run(X[turn], first, counted, y)
                Y[:, direction] = y[turn]
            for end, state in zip(ends[:, direction], last, strict=True):
                end[...] = state
                if counted is not None:
                    end[counted == 0] = 0  # as in ONNX Runtime
        if batch_first:
            return (Y.transpose(2, 0, 1, 3), *(end.transpose(1, 0, 2) for end in ends))
        return (Y, *ends)

    def _check_state(self, state: Array, shape: tuple[int, ...]) -> None:
        if state.shape != shape:
            raise ValueError(
                f"an initial state of {self.node.title} has shape {state.shape}; "
                f"it should be {shape}"
            )
        if state.dtype != self.dtype:
            raise TypeError(
                f"an initial state of {self.node.title} is {state.dtype}; it should be {self.dtype}"
            )

    def _checked_lengths(self, lengths: Array | None, T: int, m: int) -> NDArray[np.int64] | None:
        if lengths is None:
            return None
        if lengths.shape != (m,) or lengths.dtype.kind not in "iu":
            raise ValueError(
                f"sequence_lens of {self.node.title} is {lengths.dtype} of shape {lengths.shape}; "
                f"it should be int32 of shape {(m,)}"
            )
        if m and (lengths.min() < 0 or lengths.max() > T):
            raise ValueError(
                f"sequence_lens of {self.node.title} holds {lengths.min()} to {lengths.max()}; "
                f"lengths should be from 0 to the {T} steps of X"
            )
        return None if (lengths == T).all() else lengths.astype(np.int64)


def _turned(T: int, m: int, lengths: NDArray[np.int64] | None) -> Any:
    """Return the index that reverses the unmasked steps, and keeps the others."""
    steps = np.arange(T)[:, np.newaxis]
    if lengths is None:
        return slice(None, None, -1)
    return np.where(steps < lengths, lengths - 1 - steps, steps), np.arange(m)
