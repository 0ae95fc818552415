"""The peak of the machine, measured by NumPy's product of 1024 x 1024 matrices.

It is measured in turn with the competitors, because the speed of the machine changes over time.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from fastrnn.benchmark.timing import Call

SIZE = 1024
FLOPS = 2 * SIZE**3


def product(dtype: np.dtype[Any]) -> Call:
    """Return a call that makes one product, of FLOPS operations."""
    rng = np.random.default_rng(0)
    a, b = (rng.standard_normal((SIZE, SIZE)).astype(dtype) for _ in range(2))
    out = np.empty_like(a)
    return lambda: np.matmul(a, b, out=out)
