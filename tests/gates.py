"""The order of the gates where weights go in and come out of the layers: Keras's."""

import numpy as np

#: Which block of the columns inside stands at each place in Keras's arrays.
KERAS_GATES = {"rnn": [0], "gru": [1, 0, 2], "lstm": [0, 1, 2, 3], "mgu": [0, 1]}


def keras_gates(array, cell):
    """Return an array with columns as the core and PyTorch order them in Keras's order."""
    order = KERAS_GATES[cell]
    blocks = np.split(array, len(order), axis=-1)
    return np.concatenate([blocks[gate] for gate in order], axis=-1)
