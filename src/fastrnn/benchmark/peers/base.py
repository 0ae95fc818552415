"""The interface of a peer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from fastrnn.benchmark.cases import Array, Problem


@dataclass(frozen=True)
class Competitor:
    """A call to time, and how to read what it returned.

    Attributes
    ----------
    call
        Does the whole work once. Nothing else is timed.
    arrays
        Turns the returned value into NumPy arrays as the functional API has them.
    """

    call: Callable[[], Any]
    arrays: Callable[[Any], Mapping[str, Array]]


@dataclass(frozen=True)
class TrainingJob:
    """The decipher job: predict the token ids of the plain text from those of the cipher text.

    Attributes
    ----------
    inputs
        (samples, T_x, 1) float32, the token id as one scalar.
    targets
        (samples, T_x) integers below `classes`; 0 is padding.
    cell
        ``"gru"`` or ``"rnn"``.
    units, classes, batch_size, learning_rate
        The model is cell, output layer, softmax; the optimizer Adam.
    """

    inputs: Array
    targets: Array
    cell: str
    units: int
    classes: int
    batch_size: int = 32
    learning_rate: float = 1e-3


class Peer:
    """A library that is compared with fastrnn. Methods return None for what it does not support."""

    name = ""
    #: Whether :meth:`forward_backward` uses the lengths of a problem.
    takes_lengths = False
    #: What uses all instructions of the processor, whatever FASTRNN_ISA says: for the notes.
    unlimited = ""

    def forward_backward(self, problem: Problem) -> Competitor | None:
        """RNN or LSTM: ``S, y_pred`` of the forward pass, then every gradient of BPTT.

        The upstream gradient ``ds`` is given on the states; none flows through ``y_pred``.  Where
        the problem has lengths, past an end ``S`` has the last state, and ``y_pred`` zeros.
        """
        return None

    def sequence(self, problem: Problem) -> Competitor | None:
        """LSTM or GRU (``reset_after=True``), inference: ``S``, the states of a whole sequence."""
        return None

    def gru_step(self, problem: Problem) -> Competitor | None:
        """GRU (``reset_after=True``), inference: ``S`` after one step, in one call."""
        return None

    def gru_stream(self, problem: Problem) -> Competitor | None:
        """GRU (``reset_after=True``) with a linear output, as a stream.

        ``y``, (n_y, m, T_x), the answer to the next `T_x` steps, which are always the same ones.
        The first call begins with a state of zeros, and only its answer is compared.
        """
        return None

    def training(self, job: TrainingJob) -> Callable[[], float] | None:
        """Return a function that trains one epoch further and returns the epoch's mean loss."""
        return None


def features_first(array: Array) -> Array:
    """Return a (T_x, m, features) result as (features, m, T_x)."""
    return np.asarray(array).transpose(2, 1, 0)
