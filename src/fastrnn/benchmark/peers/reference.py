"""The step-by-step NumPy code that users have today: :mod:`fastrnn.reference`."""

from __future__ import annotations

from typing import Any

import numpy as np

from fastrnn import reference
from fastrnn.benchmark.cases import Array, Problem
from fastrnn.benchmark.peers.base import Competitor, Peer


class Reference(Peer):
    """NumPy, one Python call a step."""

    name = "NumPy"
    takes_lengths = True
    #: Whose functions are called; fastrnn's own have the same names and arguments.
    functions: Any = reference

    def forward_backward(self, problem: Problem) -> Competitor:
        """See :meth:`Peer.forward_backward`."""
        X, S_0, ds, parameters = problem.X, problem.S_0, problem.ds, problem.parameters
        functions, lengths = self.functions, problem.lengths

        def call() -> Any:
            S, y_pred, caches = functions.rnn_forward(X, S_0, parameters, lengths=lengths)
            return S, y_pred, functions.rnn_backward(ds, caches)

        def arrays(result: Any) -> dict[str, Array]:
            S, y_pred, gradients = result
            return {"S": S, "y_pred": y_pred, **gradients}

        return Competitor(call, arrays)

    def lstm_forward_backward(self, problem: Problem) -> Competitor:
        """See :meth:`Peer.lstm_forward_backward`."""
        X, S_0, C_0 = problem.X, problem.S_0, problem.C_0
        ds, parameters, functions = problem.ds, problem.parameters, self.functions

        def call() -> Any:
            S, y_pred, _, caches = functions.lstm_forward(X, S_0, parameters, C_0)
            return S, y_pred, functions.lstm_backward(ds, caches)

        def arrays(result: Any) -> dict[str, Array]:
            S, y_pred, gradients = result
            return {"S": S, "y_pred": y_pred, **gradients}

        return Competitor(call, arrays)

    def lstm_sequence(self, problem: Problem) -> Competitor:
        """See :meth:`Peer.lstm_sequence`; the output layer, which the peers lack, comes on top."""
        X, S_0, C_0, parameters = problem.X, problem.S_0, problem.C_0, problem.parameters
        lstm_forward = self.functions.lstm_forward
        return Competitor(
            lambda: lstm_forward(X, S_0, parameters, C_0), lambda result: {"S": result[0]}
        )

    def gru_sequence(self, problem: Problem) -> Competitor:
        """See :meth:`Peer.gru_sequence`; the output layer, which the peers lack, comes on top."""
        X, S_0, parameters = problem.X, problem.S_0, problem.parameters
        gru_forward = self.functions.gru_forward
        return Competitor(
            lambda: gru_forward(X, S_0, parameters, reset_after=True),
            lambda result: {"S": result[0]},
        )

    def gru_step(self, problem: Problem) -> Competitor:
        """See :meth:`Peer.gru_step`; the output layer, which the peers lack, comes on top."""
        Xt, S_0, parameters = problem.X[:, :, 0], problem.S_0, problem.parameters
        gru_cell_forward = self.functions.gru_cell_forward
        return Competitor(
            lambda: gru_cell_forward(Xt, S_0, parameters, reset_after=True),
            lambda result: {"S": result[0]},
        )

    def gru_stream(self, problem: Problem) -> Competitor:
        """See :meth:`Peer.gru_stream`."""
        X, parameters = problem.X, problem.parameters
        Wy, by = parameters["Wy"], parameters["by"]
        state = np.zeros_like(problem.S_0)

        def call() -> Any:
            nonlocal state
            S, _, _ = reference.gru_forward(X, state, parameters, reset_after=True)
            state = S[:, :, -1]
            return np.einsum("ys,smt->ymt", Wy, S) + by[:, :, None]

        return Competitor(call, lambda y: {"y": y})


def create(threads: int) -> Peer:
    """NumPy takes its threads from the environment, which the bench sets."""
    del threads
    return Reference()
