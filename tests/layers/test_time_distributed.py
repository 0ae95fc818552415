"""TimeDistributed draws its weights as the layer inside would have."""

import numpy as np

import fastrnn
from fastrnn.layers import Dense, Input, TimeDistributed


def test_it_draws_what_the_layer_alone_would_draw():
    drawn = []
    for layer in (TimeDistributed(Dense(2)), Dense(2)):
        fastrnn.set_seed(5)
        layer(Input((4, 3)))
        drawn.append(layer.get_weights())
    for wrapped, alone in zip(*drawn, strict=True):
        assert np.array_equal(wrapped, alone)
