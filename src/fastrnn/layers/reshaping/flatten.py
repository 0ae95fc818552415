"""Flattening of samples."""

from __future__ import annotations

import math
from typing import Any

from fastrnn.layers.checks import channels_last
from fastrnn.layers.reshaping.base import Reordered
from fastrnn.layers.shapes import Shape


class Flatten(Reordered):
    """Flatten each sample: (None, a, b, c) becomes (None, a · b · c).

    Parameters
    ----------
    data_format : {"channels_last"}, optional
    **options :
        `name`, `dtype`, `input_shape` of :class:`~fastrnn.layers.Layer`.

    Examples
    --------
    >>> x = np.ones((2, 10, 3))  # (batch, time, features)
    >>> Flatten()(x).shape
    (2, 30)
    """

    def __init__(self, data_format: str | None = None, **options: Any) -> None:
        super().__init__(**options)
        channels_last(self, data_format)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """Return (None, features)."""
        if None in input_shape[1:]:
            raise ValueError(
                f"{self.name} got an input of shape {input_shape}; how many numbers a sample has "
                "should be known: give Input the number of steps"
            )
        return (input_shape[0], math.prod(n or 0 for n in input_shape[1:]))
