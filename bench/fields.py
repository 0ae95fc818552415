"""The compiled core and the reference side by side, once they have been found equal."""

import numpy as np

from fastrnn.arguments import RNN
from fastrnn.benchmark import agreement
from fastrnn.benchmark.affinity import cores
from fastrnn.benchmark.cases import Problem
from fastrnn.benchmark.peers import make

DTYPES = ("float32", "float64")
SIDES = ("numpy", "fastrnn")


def competitor(side, work, sizes, dtype, cell=RNN):
    """Return the call to time, after comparing what it gives with what the reference gives.

    Parameters
    ----------
    side : {"numpy", "fastrnn"}
    work : str
        The method of a peer: "forward_backward", "sequence", "gru_step" or "gru_stream".
    """
    problem = Problem(sizes, np.dtype(dtype), cell)
    right, ours = (getattr(make(name, cores()), work)(problem) for name in ("numpy", side))
    agreement.check(side, ours.arrays(ours.call()), right.arrays(right.call()))
    return ours.call
