"""Trained initial states of a recurrent layer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastrnn import initializers
from fastrnn.layers.layer import Layer
from fastrnn.layers.parameter import Parameter

Array = NDArray[Any]

#: Their names in files: the state, and an LSTM's cell.
NAMES = ("initial_state", "initial_cell")


def add_initial_states(layer: Layer, count: int, units: int) -> None:
    """Create the weights that are the initial states of sequences."""
    for name in NAMES[:count]:
        layer.add_parameter(name, (units,), initializers.get("zeros"))


def initial_states(layer: Layer) -> list[Parameter]:
    """Return these weights; none if initial states are zero."""
    return [parameter for parameter in layer.parameters if parameter.name in NAMES]


def learn_from(states: Sequence[Parameter], gradients: Array | None) -> None:
    """Set the gradients of the weights to those of the initial states, summed over the samples.

    Parameters
    ----------
    states : sequence of Parameter
    gradients : ndarray of shape (states, batch, units), or None
        None if the sequences had other initial states.
    """
    for index, parameter in enumerate(states):
        if gradients is None:
            parameter.gradient[...] = 0
        else:
            np.sum(gradients[index], axis=0, out=parameter.gradient)
