"""The initializer of the bias of an LSTM."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from fastrnn import initializers


class UnitForgetBias(initializers.Initializer):
    """Ones for the forget gate, and values of another initializer for the other gates."""

    def __init__(self, others: initializers.Initializer) -> None:
        self.others = others

    def __call__(
        self,
        shape: initializers.Shape,
        dtype: DTypeLike = "float32",
        rng: np.random.Generator | None = None,
    ) -> NDArray[Any]:
        """Return the values."""
        units = shape[0] // 4
        before, behind = (self.others((count * units,), dtype, rng) for count in (1, 2))
        return np.concatenate((before, np.ones(units, dtype), behind))
