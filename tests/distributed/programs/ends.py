"""Trains on all ranks with something that goes wrong, or ends it, on one; says how it ended."""

import os
import signal
import sys

import numpy as np
from mpi4py import MPI

import fastrnn
from fastrnn.callbacks import LambdaCallback
from fastrnn.layers import GRU, Dense, Input
from fastrnn.models import Model

KIND, CULPRIT = sys.argv[1], int(sys.argv[2])
COMM = MPI.COMM_WORLD
IS_CULPRIT = COMM.rank == CULPRIT
EVERYBODY = CULPRIT < 0

RNG = np.random.default_rng(0)
X = RNG.standard_normal((300, 10, 2), np.float32)
Y = RNG.integers(0, 3, (300, 10))
if KIND == "data" and IS_CULPRIT:
    X[200] += 1
if KIND == "shape" and IS_CULPRIT:
    X = X[..., :1]


class Breaks:
    """A dataset that cannot be read any more."""

    asked = 0

    def __len__(self):
        return len(X)

    def batch(self, indices):
        self.asked += 1
        if IS_CULPRIT and self.asked == 5:
            raise OSError("the disk is gone")
        return X[indices], Y[indices]


def build():
    """Return the model; that of the culprit may be another."""
    fastrnn.set_seed(3)
    x = Input((10, 2))
    units = 9 if KIND == "units" and IS_CULPRIT else 8
    made = Model(x, Dense(3, activation="softmax")(GRU(units, return_sequences=True)(x)))
    rate = 0.5 if KIND == "rate" and IS_CULPRIT else 0.01
    made.compile(fastrnn.optimizers.Adam(rate), "sparse_categorical_crossentropy")
    return made


model = build()
threads = []


def at_step(step, logs):
    """What happens after the fourth step."""
    threads.append(fastrnn.get_num_threads())
    if step != 3 or not (IS_CULPRIT or EVERYBODY):
        return
    if KIND == "stop":
        model.stop_training = True
    elif KIND == "interrupt":
        os.kill(os.getpid(), signal.SIGINT)
    elif KIND == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    elif KIND == "callback":
        raise ArithmeticError("one too many")


def at_end(logs):
    """What happens when the training is over."""
    if KIND == "late" and IS_CULPRIT:
        raise ArithmeticError("one too many")


data = (Breaks(),) if KIND == "dataset" else (X, Y)
try:
    model.fit(
        *data,
        epochs=3,
        batch_size=32,
        verbose=1 if KIND == "prints" else 0,
        callbacks=[LambdaCallback(on_train_batch_end=at_step, on_train_end=at_end)],
        comm=COMM,
    )
    outcome = f"{model.optimizer.iterations} steps"
    if KIND == "threads":
        outcome = f"{set(threads)}, then {fastrnn.get_num_threads()}"
except BaseException as error:
    outcome = f"{type(error).__name__}: {error}"
# One line at a time, and the ranks in their order.
told = COMM.gather(outcome)
if COMM.rank == 0:
    for text in told:
        sys.stdout.write(f"{text}\n")
