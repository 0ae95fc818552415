"""Initial states of a recurrent layer that are weights of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastrnn import initializers
from fastrnn.layers.layer import Layer
from fastrnn.layers.parameter import Parameter

Array = NDArray[Any]

#: What files call them: the state, and an LSTM's cell.
NAMES = ("initial_state", "initial_cell")


def add_initial_states(layer: Layer, count: int, units: int) -> None:
    """Create the weights of a layer that learns with which states sequences begin."""
    for name in NAMES[:count]:
        layer.add_parameter(name, (units,), initializers.get("zeros"))


def initial_states(layer: Layer) -> list[Parameter]:
    """Return these weights; none if the layer begins with zeros."""
    return [parameter for parameter in layer.parameters if parameter.name in NAMES]


def learn_from(states: Sequence[Parameter], gradients: Array | None) -> None:
    """Let the gradients of the weights be those of all samples' first states, added up.

    Parameters
    ----------
    states : sequence of Parameter
    gradients : ndarray of shape (states, batch, units), or None
        None where sequences began with other states.
    """
    for index, parameter in enumerate(states):
        if gradients is None:
            parameter.gradient[...] = 0
        else:
            np.sum(gradients[index], axis=0, out=parameter.gradient)
