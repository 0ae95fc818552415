"""The functions of cells that NumPy does not have."""

from __future__ import annotations

import numpy as np

from fastrnn.arguments import Array


def relu(a: Array) -> Array:
    """Return max(a, 0)."""
    return np.maximum(a, 0)


def sigmoid(a: Array) -> Array:
    """Return 1 / (1 + exp(-a)), accurate in both tails: exp never sees a positive number."""
    e = np.exp(-np.abs(a))
    result: Array = np.where(a < 0, e, 1) / (1 + e)
    return result
