"""Small models and data that the tests of models share."""

import numpy as np

from fastrnn.layers import GRU, Activation, Dense, Input, TimeDistributed
from fastrnn.models import Model

TIME, CLASSES = 6, 5


def tagger(seed=3, units=8, dtype="float32", compiled=True):
    """Return a model like the seed document's: a label for every step of a sequence of numbers."""
    import fastrnn.seeding

    fastrnn.seeding.set_seed(seed)
    x = Input((TIME, 1), dtype=dtype)
    states = GRU(units, return_sequences=True)(x)
    logits = TimeDistributed(Dense(CLASSES))(states)
    model = Model(x, Activation("softmax")(logits))
    if compiled:
        model.compile("adam", "sparse_categorical_crossentropy", ["accuracy"])
    return model


def shifted(samples=50, seed=4):
    """Return tokens and, as labels, the tokens before them: a task that can be learned."""
    tokens = np.random.default_rng(seed).integers(0, CLASSES, (samples, TIME + 1))
    return tokens[:, 1:, np.newaxis].astype(np.int32), tokens[:, :-1]
