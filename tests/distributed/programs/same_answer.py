"""Trains models alone and on all ranks, and prints how far apart they are, as JSON."""

import json
import sys
import zlib

import numpy as np
from mpi4py import MPI

import fastrnn
from fastrnn import layers as L
from fastrnn.losses import BinaryCrossentropy, SparseCategoricalCrossentropy
from fastrnn.metrics import AUC, F1Score, Precision
from fastrnn.models import Model
from fastrnn.optimizers import SGD, Adam
from fastrnn.utils import PyDataset

COMM = MPI.COMM_WORLD
# With 25 held out 97 are left: the last batch has one sample, fewer than there are ranks.
SAMPLES, TIME, FEATURES, CLASSES, BATCH = 122, 9, 3, 5, 16

RNG = np.random.default_rng(0)
X = RNG.standard_normal((SAMPLES, TIME, FEATURES))
Y = RNG.integers(0, CLASSES, (SAMPLES, TIME))
LENGTHS = RNG.integers(1, TIME + 1, SAMPLES)
PADDED = np.where(np.arange(TIME)[:, None] < LENGTHS[:, None, None], X, 0)


class Asked:
    """A dataset that notes what it is asked for."""

    def __init__(self, *arrays):
        self.arrays, self.asked = arrays, []

    def __len__(self):
        return len(self.arrays[0])

    def batch(self, indices):
        self.asked.append(indices.tolist())
        return tuple(array[indices] for array in self.arrays)


class Numbered(PyDataset):
    """Batches by their numbers, the last of one sample."""

    def __len__(self):
        return 8

    def __getitem__(self, index):
        part = slice(16 * index, min(16 * index + 16, 113))
        return X[part], Y[part], WEIGHTS[part]


def chain(dtype, *middle):
    """Return a model of some layers, and a softmax behind them."""
    x = L.Input((TIME, FEATURES), dtype=dtype)
    tensor = x
    for layer in middle:
        tensor = layer(tensor)
    return Model(x, L.Dense(CLASSES, activation="softmax", dtype=dtype)(tensor))


def plain(cell, **options):
    """Return a model of one recurrent layer."""
    return lambda dtype: chain(dtype, cell(8, return_sequences=True, dtype=dtype, **options))


def masked(dtype):
    """Return a model whose batches have different numbers of positions that count."""
    return chain(dtype, L.Masking(dtype=dtype), L.GRU(8, return_sequences=True, dtype=dtype))


def random(dtype):
    """Return a model that draws random numbers in three layers."""
    both = L.Bidirectional(L.LSTM(4, return_sequences=True, dropout=0.2, dtype=dtype))
    return chain(dtype, both, L.Dropout(0.3, dtype=dtype))


def penalized(dtype):
    """Return a model with penalties on what layers return, also on layers inside others."""
    first = L.GRU(8, return_sequences=True, dtype=dtype, activity_regularizer="l2")
    inside = L.Dense(6, dtype=dtype, activity_regularizer="l1_l2")
    return chain(dtype, first, L.TimeDistributed(inside, dtype=dtype))


def two_losses(dtype):
    """Return a model with two outputs, of which one is masked."""
    x = L.Input((TIME, FEATURES), dtype=dtype)
    y = L.GRU(8, return_sequences=True, dtype=dtype)(x)
    z = L.SimpleRNN(6, return_sequences=True, dtype=dtype)(L.Masking(dtype=dtype)(x))
    first = L.Dense(CLASSES, activation="softmax", dtype=dtype, name="first")(y)
    return Model(x, [first, L.Dense(CLASSES, dtype=dtype, name="second")(z)])


LOGITS = SparseCategoricalCrossentropy(from_logits=True)
#: What a loss is divided by is not the number of positions.
SUM = SparseCategoricalCrossentropy(reduction="sum")
BY_WEIGHT = SparseCategoricalCrossentropy(reduction="mean_with_sample_weight")
IGNORING = SparseCategoricalCrossentropy(ignore_class=2)
LABELS = "sparse_categorical_crossentropy"
WEIGHTS = RNG.random((SAMPLES, TIME))
CASES = {
    "rnn": (plain(L.SimpleRNN), X, Y, {}),
    "gru": (plain(L.GRU), X, Y, {}),
    "lstm": (plain(L.LSTM), X, Y, {}),
    "in order": (plain(L.GRU), X, Y, {"shuffle": False}),
    "masks": (masked, PADDED, Y, {}),
    "random numbers": (random, X, Y, {}),
    "two losses": (two_losses, PADDED, [Y, Y], {}),
    "sample weights": (masked, PADDED, Y, {"sample_weight": WEIGHTS}),
    "class weights": (plain(L.GRU), X, Y, {"class_weight": {0: 3.0, 2: 0.5}}),
    "a penalty": (plain(L.GRU, kernel_regularizer="l2", bias_regularizer="l1"), X, Y, {}),
    "penalties on outputs": (penalized, X, Y, {}),
    # The sum of a batch depends on how large it is, and every rank evaluates batches of its own.
    "a sum": (masked, PADDED[:97], Y[:97], {"loss": SUM, "validation_split": 0.0}),
    "a mean by weight": (plain(L.GRU), X, Y, {"loss": BY_WEIGHT, "sample_weight": WEIGHTS}),
    "an ignored class": (plain(L.GRU), X, Y, {"loss": IGNORING}),
    "curves": (masked, PADDED, np.eye(CLASSES)[Y], {"loss": BinaryCrossentropy()}),
    "numbered": (plain(L.GRU), Numbered(), None, {"validation_data": Numbered()}),
    "dataset": (plain(L.GRU), None, None, {"validation_split": 0, "validation_data": (X, Y)}),
}


def trained(case, dtype, comm):
    """Return a trained model, its history, and what its dataset was asked for."""
    make, x, y, options = CASES[case]
    options = {"validation_split": 0.2, **options}
    fastrnn.set_seed(7)
    model = make(dtype)
    loss = [LABELS, LOGITS] if case == "two losses" else options.pop("loss", LABELS)
    metrics = ["accuracy"] if loss is LABELS else None
    if case == "curves":
        metrics = [AUC(name="auc"), Precision(name="precision"), F1Score("macro", 0.3)]
    optimizer = SGD(0.3, momentum=0.9) if case == "in order" else Adam(0.01, global_clipnorm=0.4)
    model.compile(optimizer, loss, metrics)
    asked = Asked(X, Y)
    data = (asked,) if x is None else (x, y)
    if case == "numbered":
        del options["validation_split"]
    else:
        options["batch_size"] = BATCH
    history = model.fit(*data, epochs=2, verbose=0, comm=comm, **options)
    return model, history.history, asked.asked


def distance(a, b):
    """Return the largest difference relative to the largest magnitude, over pairs of arrays."""
    return max(
        float(np.abs(np.subtract(v, w)).max() / np.abs(v).max()) for v, w in zip(a, b, strict=True)
    )


for dtype in ("float32", "float64"):
    for case in CASES:
        alone, curve, _ = trained(case, dtype, None)
        together, other, asked = trained(case, dtype, COMM)
        bits = zlib.crc32(b"".join(w.tobytes() for w in together.get_weights()))
        found = {
            "case": case,
            "dtype": dtype,
            "curve": distance(curve.values(), other.values()),
            "model": distance(alone.get_weights(), together.get_weights()),
            "steps": together.optimizer.iterations,
            "same bits": len(set(COMM.allgather(bits))) == 1,
            "same names": list(curve) == list(other),
            "asked": COMM.allgather(asked),
        }
        if COMM.rank == 0:
            sys.stdout.write(json.dumps(found) + "\n")
