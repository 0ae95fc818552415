"""The machine's peak, by NumPy's own matrix product of 1024 x 1024 matrices."""

from __future__ import annotations

from typing import Any

import numpy as np

from fastrnn.benchmark.timing import interleaved

SIZE = 1024


def peak(dtype: np.dtype[Any], *, rounds: int = 7) -> float:
    """Return the best speed of a large matrix product, in operations a second.

    The best round and not the median: this is the roof that a fraction is taken of, and
    whatever slows a round down does not lower it.
    """
    rng = np.random.default_rng(0)
    a, b = (rng.standard_normal((SIZE, SIZE)).astype(dtype) for _ in range(2))
    out = np.empty_like(a)
    timing = interleaved({"gemm": lambda: np.matmul(a, b, out=out)}, rounds=rounds)["gemm"]
    return 2 * SIZE**3 / min(timing.rounds)
