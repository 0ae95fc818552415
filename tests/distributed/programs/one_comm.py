"""Trains with the communicator that is named, and says how it ended."""

import sys

import numpy as np
from mpi4py import MPI

from fastrnn.layers import GRU, Dense, Input
from fastrnn.models import Sequential

COMMS = {"MPI.COMM_NULL": MPI.COMM_NULL, "MPI.COMM_SELF": MPI.COMM_SELF, "'world'": "world"}

model = Sequential([Input((4, 2)), GRU(3), Dense(1)])
model.compile("sgd", "mse")
try:
    model.fit(np.zeros((8, 4, 2)), np.zeros((8, 1)), verbose=0, comm=COMMS[sys.argv[1]])
    sys.stdout.write("trained\n")
except (TypeError, ValueError) as error:
    sys.stdout.write(f"{type(error).__name__}: {error}\n")
