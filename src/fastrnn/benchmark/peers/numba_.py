"""Numba: the loop over time compiled, its products by BLAS."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from fastrnn.arguments import RNN
from fastrnn.benchmark.cases import Array, Problem, time_major
from fastrnn.benchmark.peers.base import Competitor, Peer, features_first


@njit
def _forward(
    x: Array, s_0: Array, wx: Array, ws: Array, bs: Array, wy: Array, by: Array
) -> tuple[Array, Array]:
    steps, m, n_x = x.shape
    n_s = ws.shape[0]
    states = np.dot(x.reshape(steps * m, n_x), wx).reshape(steps, m, n_s)
    s = s_0
    for t in range(steps):
        states[t] = np.tanh(states[t] + np.dot(s, ws) + bs)
        s = states[t]
    logits = np.dot(states.reshape(steps * m, n_s), wy) + by
    for row in range(steps * m):
        e = np.exp(logits[row] - logits[row].max())
        logits[row] = e / e.sum()
    return states, logits.reshape(steps, m, wy.shape[1])


@njit
def _backward(
    ds: Array, x: Array, s_0: Array, states: Array, wx_t: Array, ws_t: Array
) -> tuple[Array, Array, Array, Array, Array]:
    steps, m, n_x = x.shape
    n_s = ws_t.shape[0]
    da = np.empty_like(ds)
    carried = np.zeros_like(s_0)
    dws = np.zeros_like(ws_t)
    for t in range(steps - 1, -1, -1):
        da[t] = (ds[t] + carried) * (1 - states[t] * states[t])
        carried = np.dot(da[t], ws_t)
    rows = da.reshape(steps * m, n_s)
    if steps > 1:
        dws += np.dot(da[1:].reshape((steps - 1) * m, n_s).T, states[:-1].reshape(-1, n_s))
    dws += np.dot(da[0].T, s_0)
    dx = np.dot(rows, wx_t).reshape(steps, m, n_x)
    return dx, carried, np.dot(rows.T, x.reshape(steps * m, n_x)), dws, rows.sum(0)


class Numba(Peer):
    """Numba, compiled before the clock starts."""

    name = "Numba"

    def forward_backward(self, problem: Problem) -> Competitor | None:
        """See :meth:`Peer.forward_backward`; of the RNN alone."""
        if problem.cell is not RNN:
            return None
        x, ds = time_major(problem.X), time_major(problem.ds)
        s_0 = np.ascontiguousarray(problem.S_0.T)
        w = problem.parameters
        wx, ws, wy = (np.ascontiguousarray(w[name].T) for name in ("Wx", "Ws", "Wy"))
        bs, by = w["bs"][:, 0], w["by"][:, 0]

        def call() -> Any:
            states, y_pred = _forward(x, s_0, wx, ws, bs, wy, by)
            return states, y_pred, _backward(ds, x, s_0, states, w["Wx"], w["Ws"])

        def arrays(result: Any) -> dict[str, Array]:
            states, y_pred, (dx, ds_0, dwx, dws, dbs) = result
            return {
                "S": features_first(states),
                "y_pred": features_first(y_pred),
                "dX": features_first(dx),
                "ds_0": ds_0.T,
                "dWx": dwx,
                "dWs": dws,
                "dbs": dbs[:, None],
            }

        return Competitor(call, arrays)


def create(threads: int) -> Peer:
    """Do nothing: BLAS computes the products, and takes its threads from the environment."""
    del threads
    return Numba()
