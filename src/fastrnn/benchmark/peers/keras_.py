"""Keras, on the backend that KERAS_BACKEND names or else on the first that is installed."""

from __future__ import annotations

import os
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

from fastrnn.benchmark.peers.base import Peer, TrainingJob


def _choose_backend() -> None:
    """Keras reads the variable once, when it is imported."""
    for backend in ("jax", "tensorflow", "torch"):
        if "KERAS_BACKEND" not in os.environ and find_spec(backend) is not None:
            os.environ["KERAS_BACKEND"] = backend


class Keras(Peer):
    """Keras by its own ``fit``, which compiles the training step."""

    def __init__(self) -> None:
        _choose_backend()
        import keras

        self.keras: Any = keras
        backend = keras.backend.backend()
        self.name = f"Keras {keras.__version__} on {backend}"
        if backend in ("jax", "tensorflow"):
            self.unlimited = f"products of Keras on {backend}"

    def training(self, job: TrainingJob) -> Callable[[], float]:
        """See :meth:`Peer.training`."""
        keras = self.keras
        keras.utils.set_random_seed(0)
        # The GRU of the job: one bias, and the reset gate before the recurrent product.
        recurrent = (
            keras.layers.GRU(job.units, return_sequences=True, reset_after=False)
            if job.cell == "gru"
            else keras.layers.SimpleRNN(job.units, return_sequences=True)
        )
        model = keras.Sequential(
            [
                keras.layers.Input(job.inputs.shape[1:]),
                recurrent,
                keras.layers.Dense(job.classes, activation="softmax"),
            ]
        )
        model.compile(keras.optimizers.Adam(job.learning_rate), "sparse_categorical_crossentropy")

        def epoch() -> float:
            history = model.fit(
                job.inputs, job.targets, batch_size=job.batch_size, epochs=1, verbose=0
            )
            return float(history.history["loss"][0])

        return epoch


def create(threads: int) -> Peer:
    """The backend takes its threads from the process's cores, which the bench sets."""
    if os.environ.get("KERAS_BACKEND") == "torch":
        import torch

        torch.set_num_threads(threads)
    return Keras()
