"""The peers, one file each, and fastrnn itself as one of the competitors.

Every peer is written as its own experienced users would write it: time-major data in its own
arrays before the clock starts, compiled where that is possible, without gradients that the
others do not compute. A module of a peer imports its library only when the peer is made, so that
the bench runs with whatever is installed.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec

from fastrnn.benchmark.peers.base import Competitor, Peer, TrainingJob

__all__ = ["NAMES", "Competitor", "Peer", "TrainingJob", "installed", "make"]

# Name on the command line and in the tables -> (module here, what it needs installed).
_PEERS = {
    "fastrnn": ("compiled", None),
    "numpy": ("reference", None),
    "torch": ("torch_", "torch"),
    "jax": ("jax_", "jax"),
    "keras": ("keras_", "keras"),
    "onnxruntime": ("onnxruntime_", "onnxruntime"),
    "numba": ("numba_", "numba"),
}

NAMES = tuple(_PEERS)


def installed(name: str) -> bool:
    """Return whether the library of a peer can be imported."""
    needs = _PEERS[name][1]
    return needs is None or find_spec(needs) is not None


def make(name: str, threads: int) -> Peer:
    """Import a peer's library and set it up for a number of threads."""
    module = import_module(f"{__name__}.{_PEERS[name][0]}")
    create: Callable[[int], Peer] = module.create
    return create(threads)
