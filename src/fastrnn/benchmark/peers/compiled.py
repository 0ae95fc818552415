"""fastrnn itself, called as its users call it: section 1's arrays, and ``fit``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import fastrnn
from fastrnn.benchmark.cases import Array, Problem
from fastrnn.benchmark.peers.base import Competitor, Peer, TrainingJob


class Compiled(Peer):
    """fastrnn, from arrays laid out features first and time last, checks and copies included."""

    name = "fastrnn"

    def forward_backward(self, problem: Problem) -> Competitor:
        """See :meth:`Peer.forward_backward`."""
        X, S_0, ds, parameters = problem.X, problem.S_0, problem.ds, problem.parameters

        def call() -> Any:
            S, y_pred, caches = fastrnn.rnn_forward(X, S_0, parameters)
            return S, y_pred, fastrnn.rnn_backward(ds, caches)

        def arrays(result: Any) -> dict[str, Array]:
            S, y_pred, gradients = result
            return {"S": S, "y_pred": y_pred, **gradients}

        return Competitor(call, arrays)

    def gru_sequence(self, problem: Problem) -> Competitor:
        """See :meth:`Peer.gru_sequence`; the output layer, which the peers lack, comes on top."""
        X, S_0, parameters = problem.X, problem.S_0, problem.parameters
        return Competitor(
            lambda: fastrnn.gru_forward(X, S_0, parameters, reset_after=True),
            lambda result: {"S": result[0]},
        )

    def gru_step(self, problem: Problem) -> Competitor:
        """See :meth:`Peer.gru_step`; the output layer, which the peers lack, comes on top."""
        Xt, S_0, parameters = problem.X[:, :, 0], problem.S_0, problem.parameters
        return Competitor(
            lambda: fastrnn.gru_cell_forward(Xt, S_0, parameters, reset_after=True),
            lambda result: {"S": result[0]},
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


def create(threads: int) -> Peer:
    """Set fastrnn's threads for the process."""
    fastrnn.set_num_threads(threads)
    return Compiled()
