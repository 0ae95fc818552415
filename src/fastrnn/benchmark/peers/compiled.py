"""fastrnn itself, called as its users call it: the functional API, and ``fit``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

import fastrnn
from fastrnn.benchmark.cases import Problem
from fastrnn.benchmark.peers.base import Competitor, Peer, TrainingJob
from fastrnn.benchmark.peers.reference import Reference

Array = NDArray[Any]


class Compiled(Reference):
    """fastrnn, from arrays laid out features first and time last, checks and copies included."""

    name = "fastrnn"
    functions = fastrnn

    def gru_stream(self, problem: Problem) -> Competitor:
        """See :meth:`Peer.gru_stream`."""
        from fastrnn.layers import GRU, Dense, Input
        from fastrnn.models import Sequential

        sizes, w = problem.sizes, problem.parameters
        recurrent = GRU(sizes.n_s, reset_after=True, return_sequences=True)
        model = Sequential(
            [Input((None, sizes.n_x), dtype=problem.dtype), recurrent, Dense(sizes.n_y)]
        )
        bias = np.stack([w["bx"][:, 0], w["bs"][:, 0]])
        recurrent_weights = [_z_r_h(weight) for weight in (w["Wx"].T, w["Ws"].T, bias)]
        model.set_weights([*recurrent_weights, w["Wy"].T, w["by"][:, 0]])
        stream = model.stream()
        x = np.ascontiguousarray(problem.X[:, 0].T)
        given = x[0] if sizes.T_x == 1 else x
        return Competitor(
            lambda: stream(given), lambda y: {"y": y.reshape(sizes.T_x, 1, sizes.n_y).T}
        )

    def training(self, job: TrainingJob) -> Callable[[], float]:
        """See :meth:`Peer.training`."""
        from fastrnn.layers import GRU, Activation, Dense, Input, SimpleRNN, TimeDistributed
        from fastrnn.models import Sequential
        from fastrnn.optimizers import Adam

        recurrent = {"gru": GRU, "rnn": SimpleRNN}[job.cell]
        model = Sequential(
            [
                Input(job.inputs.shape[1:]),
                recurrent(job.units, return_sequences=True),
                TimeDistributed(Dense(job.classes)),
                Activation("softmax"),
            ]
        )
        model.compile(loss="sparse_categorical_crossentropy", optimizer=Adam(job.learning_rate))

        def epoch() -> float:
            history = model.fit(
                job.inputs, job.targets, batch_size=job.batch_size, epochs=1, verbose=0
            )
            return float(history.history["loss"][0])

        return epoch


def _z_r_h(weight: Array) -> Array:
    """Reorder gate columns from r, z, n to those of ``set_weights``."""
    r, z, n = np.split(weight, 3, axis=-1)
    return np.concatenate([z, r, n], axis=-1)


def create(threads: int) -> Peer:
    """Set fastrnn's threads for the process."""
    fastrnn.set_num_threads(threads)
    return Compiled()
