"""The step-by-step NumPy code that users have today: :mod:`fastrnn.reference`."""

from __future__ import annotations

from typing import Any

from fastrnn import reference
from fastrnn.benchmark.cases import Array, Problem
from fastrnn.benchmark.peers.base import Competitor, Peer


class Reference(Peer):
    """NumPy, one Python call a step."""

    name = "NumPy"

    def forward_backward(self, problem: Problem) -> Competitor:
        """See :meth:`Peer.forward_backward`."""
        X, S_0, ds, parameters = problem.X, problem.S_0, problem.ds, problem.parameters

        def call() -> Any:
            S, y_pred, caches = reference.rnn_forward(X, S_0, parameters)
            return S, y_pred, reference.rnn_backward(ds, caches)

        def arrays(result: Any) -> dict[str, Array]:
            S, y_pred, gradients = result
            return {"S": S, "y_pred": y_pred, **gradients}

        return Competitor(call, arrays)

    def gru_sequence(self, problem: Problem) -> Competitor:
        """See :meth:`Peer.gru_sequence`."""
        X, S_0, parameters = problem.X, problem.S_0, problem.parameters
        return Competitor(
            lambda: reference.gru_forward(X, S_0, parameters, reset_after=True),
            lambda result: {"S": result[0]},
        )

    def gru_step(self, problem: Problem) -> Competitor:
        """See :meth:`Peer.gru_step`."""
        Xt, S_0, parameters = problem.X[:, :, 0], problem.S_0, problem.parameters
        return Competitor(
            lambda: reference.gru_cell_forward(Xt, S_0, parameters, reset_after=True),
            lambda result: {"S": result[0]},
        )


def create(threads: int) -> Peer:
    """NumPy takes its threads from the environment, which the bench sets."""
    del threads
    return Reference()
