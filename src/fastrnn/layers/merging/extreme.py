"""The maximum or minimum of tensors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from fastrnn.layers.merging.base import Merge, aligned, spread, summed
from fastrnn.workspace import Array


class Extreme(Merge):
    """The maximum or minimum of the inputs that are unmasked at a step."""

    function: np.ufunc

    def call(self, inputs: Sequence[Array], mask: Any) -> Array:
        """Compare."""
        arrays = aligned(inputs)
        result, counts = arrays[0], mask[0]
        for array, other in zip(arrays[1:], mask[1:], strict=True):
            one, two = result, array
            if other is not None:
                two = np.where(spread(other, two), two, one)
            if counts is not None:
                one = np.where(spread(counts, one), one, two)
            counts = None if counts is None or other is None else counts | other
            result = self.function(one, two)
        found: Array = result
        return found

    def backward(self, gradient: Array, inputs: Sequence[Array], mask: Any, output: Array) -> Any:
        """Return the gradient for the inputs equal to the output; equal inputs share it."""
        chosen = []
        for array, counts in zip(aligned(inputs), mask, strict=True):
            same = array == output
            chosen.append(same if counts is None else same & spread(counts, same))
        total = np.maximum(sum(one.astype(gradient.dtype) for one in chosen), 1)
        return [
            summed(one * gradient / total, array) for one, array in zip(chosen, inputs, strict=True)
        ]
