"""The bench's own cases, fastrnn alone, in the form that asv runs.

asv installs each commit and imports this file of the newest one, so it uses nothing but the public
names of the package and those of `fastrnn.benchmark` that are as old as the bench.
"""

import numpy as np

from fastrnn.arguments import GRU, LSTM, RNN
from fastrnn.benchmark import cases
from fastrnn.benchmark.measure import training_job
from fastrnn.benchmark.peers import make

DTYPES = ["float32", "float64"]
THREADS = 1


class _Case:
    """A competitor's call, made before the clock starts.

    Attributes
    ----------
    sizes : tuple of Sizes
        The cases, by name the first parameter.
    work : str
        The method of a peer.
    cell : Cell
    """

    sizes = ()
    work = ""
    cell = RNN
    param_names = ["case", "dtype"]

    def setup(self, case, dtype):
        sizes = next(sizes for sizes in self.sizes if sizes.name == case)
        peer, work, cell = make("fastrnn", THREADS), self.work, self.cell
        if not hasattr(peer, "sequence"):  # an older commit: it counts gates, and names the cell
            work = f"{cell.name}_sequence" if work == "sequence" else work
            cell = cell.gates
        self.call = getattr(peer, work)(cases.Problem(sizes, np.dtype(dtype), cell)).call

    def time_call(self, case, dtype):
        self.call()


def _named(sizes):
    return [[one.name for one in sizes], DTYPES]


class ForwardBackward(_Case):
    """Tanh RNN, forward with outputs and BPTT."""

    sizes, work = cases.FORWARD_BACKWARD, "forward_backward"
    params = _named(sizes)


class GRUSequence(_Case):
    """GRU, a whole sequence in a call."""

    sizes, work, cell = cases.GRU_SEQUENCE, "sequence", GRU
    params = _named(sizes)


class GRUStream(_Case):
    """GRU, a model that runs on as its input comes."""

    sizes, work, cell = cases.GRU_STREAM, "gru_stream", GRU
    params = _named(sizes)


class LSTMSequence(_Case):
    """LSTM, a whole sequence in a call."""

    sizes, work, cell = cases.LSTM_SEQUENCE, "sequence", LSTM
    params = _named(sizes)


class Training:
    """An epoch of the decipher job, at a tenth of its size."""

    params = ["gru", "rnn"]
    param_names = ["cell"]

    def setup(self, cell):
        self.epoch = make("fastrnn", THREADS).training(training_job(cell, 800))
        self.epoch()

    def time_epoch(self, cell):
        self.epoch()


class Import:
    """What every program pays before it does anything."""

    def timeraw_import(self):
        return "import fastrnn"
