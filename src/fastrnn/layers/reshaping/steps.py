"""The base of layers that change the number of steps."""

from __future__ import annotations

from typing import Any

import numpy as np

from fastrnn.layers.checks import require_rank
from fastrnn.layers.layer import Layer
from fastrnn.layers.shapes import Shape


class Steps(Layer):
    """Base of the layers (None, time, features) → (None, other time, features)."""

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """Return the shape with another number of steps."""
        require_rank(self, input_shape, 3, "(None, time, features)")
        batch, steps, features = input_shape
        return (batch, None if steps is None else self.count(steps), features)

    def count(self, steps: int) -> int:
        """Return the number of output steps."""
        raise NotImplementedError


def both_ends(layer: Layer, argument: str, value: Any) -> tuple[int, int]:
    """Return numbers of steps at the start and the end, from a pair or one for both."""
    given = tuple(value) if isinstance(value, (list, tuple)) else (value, value)
    whole = [isinstance(n, (int, np.integer)) and not isinstance(n, bool) for n in given]
    if len(given) != 2 or not all(whole) or min(given) < 0:
        raise ValueError(
            f"{argument} of {type(layer).__name__} is {value!r}; it should be a number of steps, "
            "0 or more, or a pair of them, for the start and the end"
        )
    return int(given[0]), int(given[1])
