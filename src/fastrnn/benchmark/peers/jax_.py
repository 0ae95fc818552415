"""JAX: ``jit`` over ``lax.scan``, gradients by ``vjp``."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from fastrnn.arguments import LSTM
from fastrnn.benchmark.cases import Array, Problem, time_major
from fastrnn.benchmark.peers.base import Competitor, Peer, features_first


def _weights(parameters: dict[str, Array]) -> dict[str, Any]:
    """Transpose the weights for products of the form ``x @ w`` and drop the biases' axis."""
    return {
        name: jnp.asarray(value.T if name.startswith("W") else value[:, 0])
        for name, value in parameters.items()
    }


def _rnn_states(x: Any, s_0: Any, wx: Any, ws: Any, bs: Any) -> Any:
    """Tanh RNN over (T_x, m, n_x): the input projected in one product, then the scan."""

    def step(s: Any, projected: Any) -> tuple[Any, Any]:
        s = jnp.tanh(projected + s @ ws)
        return s, s

    return jax.lax.scan(step, s_0, x @ wx + bs)[1]


def _lstm_states(x: Any, s_0: Any, c_0: Any, wx: Any, ws: Any, bs: Any) -> Any:
    """LSTM over (T_x, m, n_x), as :func:`_rnn_states`."""

    def step(carry: tuple[Any, Any], projected: Any) -> tuple[tuple[Any, Any], Any]:
        s, c = carry
        i, f, g, o = jnp.split(projected + s @ ws, 4, axis=-1)
        c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
        s = jax.nn.sigmoid(o) * jnp.tanh(c)
        return (s, c), s

    return jax.lax.scan(step, (s_0, c_0), x @ wx + bs)[1]


def _gru_update(s: Any, projected: Any, ws: Any, bs: Any) -> Any:
    n_s = s.shape[-1]
    recurrent = s @ ws + bs
    r, z = jnp.split(jax.nn.sigmoid((projected + recurrent)[:, : 2 * n_s]), 2, axis=-1)
    n = jnp.tanh(projected[:, 2 * n_s :] + r * recurrent[:, 2 * n_s :])
    return (1 - z) * n + z * s


@jax.jit
def _forward_backward(x: Any, s_0: Any, ds: Any, w: dict[str, Any]) -> Any:
    states, pull = jax.vjp(_rnn_states, x, s_0, w["Wx"], w["Ws"], w["bs"])
    return states, jax.nn.softmax(states @ w["Wy"] + w["by"]), pull(ds)


@jax.jit
def _lstm_forward_backward(x: Any, s_0: Any, c_0: Any, ds: Any, w: dict[str, Any]) -> Any:
    states, pull = jax.vjp(_lstm_states, x, s_0, c_0, w["Wx"], w["Ws"], w["bs"])
    return states, jax.nn.softmax(states @ w["Wy"] + w["by"]), pull(ds)


@jax.jit
def _lstm_sequence(x: Any, s_0: Any, c_0: Any, w: dict[str, Any]) -> Any:
    return _lstm_states(x, s_0, c_0, w["Wx"], w["Ws"], w["bs"])


@jax.jit
def _gru_sequence(x: Any, s_0: Any, w: dict[str, Any]) -> Any:
    def step(s: Any, projected: Any) -> tuple[Any, Any]:
        s = _gru_update(s, projected, w["Ws"], w["bs"])
        return s, s

    return jax.lax.scan(step, s_0, x @ w["Wx"] + w["bx"])[1]


@jax.jit
def _gru_step(x: Any, s: Any, w: dict[str, Any]) -> Any:
    return _gru_update(s, x @ w["Wx"] + w["bx"], w["Ws"], w["bs"])


def _results(result: Any) -> dict[str, Array]:
    """Return states, predictions and gradients as the functional API has them."""
    states, y_pred, (dx, *dstart, dwx, dws, dbs) = result
    at_start = zip(("ds_0", "dc_0"), dstart, strict=False)
    return {
        "S": features_first(states),
        "y_pred": features_first(y_pred),
        "dX": features_first(dx),
        **{name: np.asarray(gradient).T for name, gradient in at_start},
        "dWx": np.asarray(dwx).T,
        "dWs": np.asarray(dws).T,
        "dbs": np.asarray(dbs)[:, None],
    }


def _start(problem: Problem) -> list[Any]:
    """Return the initial states, (m, n_s): of an LSTM two."""
    arrays = (problem.S_0, problem.C_0)[: len(problem.cell.states)]
    return [jnp.asarray(array.T) for array in arrays]


class Jax(Peer):
    """JAX on the CPU, compiled before the clock starts."""

    name = f"JAX {jax.__version__}"
    unlimited = "JAX's matrix products, which its library YNNPACK computes"

    def forward_backward(self, problem: Problem) -> Competitor:
        """See :meth:`Peer.forward_backward`."""
        x, ds = jnp.asarray(time_major(problem.X)), jnp.asarray(time_major(problem.ds))
        start, weights = _start(problem), _weights(problem.parameters)
        compiled = _lstm_forward_backward if problem.cell is LSTM else _forward_backward
        return Competitor(lambda: jax.block_until_ready(compiled(x, *start, ds, weights)), _results)

    def sequence(self, problem: Problem) -> Competitor:
        """See :meth:`Peer.sequence`."""
        x, start = jnp.asarray(time_major(problem.X)), _start(problem)
        weights = _weights(problem.parameters)
        compiled = _lstm_sequence if problem.cell is LSTM else _gru_sequence
        return Competitor(
            lambda: jax.block_until_ready(compiled(x, *start, weights)),
            lambda states: {"S": features_first(states)},
        )

    def gru_step(self, problem: Problem) -> Competitor:
        """See :meth:`Peer.gru_step`."""
        x, s = jnp.asarray(problem.X[:, :, 0].T), jnp.asarray(problem.S_0.T)
        weights = _weights(problem.parameters)
        return Competitor(
            lambda: jax.block_until_ready(_gru_step(x, s, weights)),
            lambda state: {"S": np.asarray(state).T},
        )


def create(threads: int) -> Peer:
    """JAX sizes its pool by the cores that the process may use, which the bench sets."""
    del threads
    jax.config.update("jax_platforms", "cpu")
    jax.config.update("jax_enable_x64", True)
    return Jax()
