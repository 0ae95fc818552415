"""How much memory forward and backward of a tanh RNN need, each peer in a process of its own.

The peak is what the process gained from before the input was made to the most it held while
``rnn_forward`` and ``rnn_backward`` ran, input and upstream gradient included. It is told as
bytes and as a multiple of X, S, y_pred and ds together, which any program has to hold.
"""

import argparse
import gc
import resource
import subprocess
import sys
from pathlib import Path

import numpy as np

from fastrnn.benchmark import peers
from fastrnn.benchmark.cases import Problem, Sizes
from fastrnn.benchmark.table import Table, times

SIZES = Sizes("memory", 64, 128, 64, 64, 1_000)
WARM_UP = Sizes("warm-up", 64, 128, 64, 64, 4)
FIELD = ("fastrnn", "numpy", "torch", "jax")
STATUS = Path("/proc/self/status")


def resident(key):
    """Return a figure of /proc/self/status in bytes: VmRSS, what is held, or VmHWM, the most."""
    for line in STATUS.read_text(encoding="ascii").splitlines():
        if line.startswith(key):
            return int(line.split()[1]) * 1024
    raise RuntimeError(f"{STATUS} has no {key}")


def gained(peer, dtype):
    """Return by how many bytes the process grows at most, for one peer and type."""
    call = peer.forward_backward(Problem(WARM_UP, dtype)).call
    call()
    del call
    gc.collect()
    if not STATUS.exists():
        # Without Linux's figures: the most ever held, of which the warm-up is a small part.
        unit = 1 if sys.platform == "darwin" else 1024
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
        peer.forward_backward(Problem(SIZES, dtype)).call()
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit - before
    before = resident("VmRSS")
    call = peer.forward_backward(Problem(SIZES, dtype)).call
    gc.collect()
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # forget the peak so far
    result = call()
    peak = resident("VmHWM")
    del result
    return peak - before


def held(dtype):
    """Return the bytes of X, S, y_pred and ds together."""
    features = SIZES.n_x + SIZES.n_s + SIZES.n_y + SIZES.n_s
    return features * SIZES.m * SIZES.T_x * dtype.itemsize


def main():
    """Print the table, or with --one a peer's figure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--peers", nargs="+", choices=FIELD)
    parser.add_argument("--markdown", action="store_true")
    parser.add_argument("--one", nargs=2, metavar=("PEER", "DTYPE"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        name, dtype = options.one
        print(gained(peers.make(name, 1), np.dtype(dtype)))
        return
    field = options.peers or [name for name in FIELD if peers.installed(name)]
    table = Table(
        f"Peak of memory, forward and backward, tanh RNN, {SIZES}",
        ["type", "X, S, y_pred, ds", *field],
    )
    for dtype in (np.dtype("float32"), np.dtype("float64")):
        row = [f"f{8 * dtype.itemsize}", f"{held(dtype) / 2**20:.0f} MiB"]
        for name in field:
            command = [sys.executable, __file__, "--one", name, dtype.name]
            peak = int(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
            row.append(f"{peak / 2**20:.0f} MiB ({times(peak / held(dtype))})")
        table.rows.append(row)
    print(table.markdown() if options.markdown else table.text())


if __name__ == "__main__":
    main()
