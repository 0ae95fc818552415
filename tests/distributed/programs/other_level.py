"""Trains on ranks of which the last has another instruction set than the first."""

import os
import sys

from mpi4py import MPI

COMM = MPI.COMM_WORLD
if COMM.rank:
    os.environ["FASTRNN_ISA"] = "baseline"
else:
    os.environ.pop("FASTRNN_ISA", None)

import numpy as np  # noqa: E402

from fastrnn.layers import GRU, Dense, Input  # noqa: E402
from fastrnn.models import Sequential  # noqa: E402

model = Sequential([Input((4, 2)), GRU(3), Dense(1)])
model.compile("sgd", "mse")
try:
    model.fit(np.zeros((8, 4, 2)), np.zeros((8, 1)), verbose=0, comm=COMM)
    outcome = "trained"
except BaseException as error:
    outcome = f"{type(error).__name__}: {error}"
for text in COMM.gather(outcome) or ():
    sys.stdout.write(f"{text}\n")
