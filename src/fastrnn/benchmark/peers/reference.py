"""The step-by-step NumPy code that users have today: :mod:`fastrnn.reference`."""

from __future__ import annotations

from typing import Any

import numpy as np

from fastrnn import reference
from fastrnn.benchmark.cases import Array, Problem
from fastrnn.benchmark.peers.base import Competitor, Peer


class Reference(Peer):
    """NumPy, with one Python call per step."""

    name = "NumPy"
    takes_lengths = True
    #: The module whose functions are called; those of fastrnn have the same names and arguments.
    functions: Any = reference

    def forward_backward(self, problem: Problem) -> Competitor:
        """See :meth:`Peer.forward_backward`."""
        X, S_0, ds, parameters = problem.X, problem.S_0, problem.ds, problem.parameters
        forward, options = self._forward(problem)
        backward = getattr(self.functions, f"{problem.cell.name}_backward")

        def call() -> Any:
            results = forward(X, S_0, parameters, **options)
            return results, backward(ds, results[-1])

        def arrays(found: Any) -> dict[str, Array]:
            (S, y_pred, *_), gradients = found
            return {"S": S, "y_pred": y_pred, **gradients}

        return Competitor(call, arrays)

    def sequence(self, problem: Problem) -> Competitor:
        """See :meth:`Peer.sequence`."""
        X, S_0, parameters = problem.X, problem.S_0, _without_output(problem)
        forward, options = self._forward(problem)
        return Competitor(
            lambda: forward(X, S_0, parameters, **options), lambda results: {"S": results[0]}
        )

    def _forward(self, problem: Problem) -> tuple[Any, dict[str, Any]]:
        """Return the function of the problem's cell, and its keyword arguments."""
        options: dict[str, Any] = {}
        if problem.lengths is not None:
            options["lengths"] = problem.lengths
        if "C" in problem.cell.states:
            options["C_0"] = problem.C_0
        if "reset_after" in problem.cell.options:
            options["reset_after"] = True
        return getattr(self.functions, f"{problem.cell.name}_forward"), options

    def gru_step(self, problem: Problem) -> Competitor:
        """See :meth:`Peer.gru_step`."""
        Xt, S_0, parameters = problem.X[:, :, 0], problem.S_0, _without_output(problem)
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


def _without_output(problem: Problem) -> dict[str, Array]:
    """Return the parameters with which only the states are computed, as the peers do."""
    return {name: value for name, value in problem.parameters.items() if name not in ("Wy", "by")}


def create(threads: int) -> Peer:
    """NumPy takes its threads from the environment, which the bench sets."""
    del threads
    return Reference()
