"""Seeding all random generators of a script."""

from __future__ import annotations

import random

import numpy as np

from fastrnn.seeding import set_seed
from fastrnn.settings import integer


def set_random_seed(seed: int) -> None:
    """Seed Python's :mod:`random`, NumPy's global generator, and fastrnn.

    Parameters
    ----------
    seed : int
        0 to 2**32 - 1.

    Raises
    ------
    TypeError, ValueError
        If `seed` is no integer, or out of range.

    See Also
    --------
    fastrnn.set_seed : Seeds fastrnn alone.

    Examples
    --------
    >>> set_random_seed(812)
    """
    seed = integer("seed", seed)
    if not 0 <= seed < 2**32:
        raise ValueError(f"seed is {seed}; it should be 0 to {2**32 - 1}")
    set_seed(seed)
    random.seed(seed)
    np.random.seed(seed)
