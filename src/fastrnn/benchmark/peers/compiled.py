"""fastrnn itself, called as its users call it: section 1's arrays, and ``fit``."""

from __future__ import annotations

from collections.abc import Callable

import fastrnn
from fastrnn.benchmark.peers.base import Peer, TrainingJob
from fastrnn.benchmark.peers.reference import Reference


class Compiled(Reference):
    """fastrnn, from arrays laid out features first and time last, checks and copies included."""

    name = "fastrnn"
    functions = fastrnn

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
