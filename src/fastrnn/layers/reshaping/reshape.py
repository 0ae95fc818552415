"""Reshaping of samples."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from fastrnn.layers.checks import positive
from fastrnn.layers.reshaping.base import Reordered
from fastrnn.layers.shapes import Shape


class Reshape(Reordered):
    """Reshape each sample, in C order.

    Parameters
    ----------
    target_shape : tuple of int
        Without the batch; one extent may be -1, and is inferred.
    **options :
        `name`, `dtype`, `input_shape` of :class:`~fastrnn.layers.Layer`.

    Examples
    --------
    >>> from fastrnn.layers import Input, Reshape
    >>> Reshape((-1, 4))(Input((12,))).shape
    (None, 3, 4)
    """

    _arguments = ("target_shape",)

    def __init__(self, target_shape: Sequence[int], **options: Any) -> None:
        super().__init__(**options)
        given: Any = [target_shape] if isinstance(target_shape, int) else target_shape
        if isinstance(given, (str, bytes)) or not isinstance(given, Sequence):
            raise TypeError(f"target_shape of Reshape is {target_shape!r}; it should be a tuple")
        self.target_shape = tuple(
            positive(self, "target_shape", n) if n != -1 else -1 for n in given
        )
        if self.target_shape.count(-1) > 1 or not self.target_shape:
            raise ValueError(
                f"target_shape of Reshape is {self.target_shape}; it should have one extent or "
                "more, and at most one of -1"
            )

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """Return the target shape, with -1 inferred."""
        known = math.prod(n for n in self.target_shape if n != -1)
        if None in input_shape[1:]:
            # An unknown input extent leaves -1 unknown; without -1, only the data show whether it
            # fits.
            found = [None if n == -1 else n for n in self.target_shape]
            if found[-1] is None:
                raise ValueError(
                    f"{self.name} got an input of shape {input_shape}, so its last extent would be "
                    f"unknown; target_shape is {self.target_shape}"
                )
            return (input_shape[0], *found)
        size = math.prod(n or 0 for n in input_shape[1:])
        if size % known or (size != known and -1 not in self.target_shape):
            raise ValueError(
                f"{self.name} got an input of shape {input_shape}, {size} numbers a sample; "
                f"they do not fit target_shape {self.target_shape}"
            )
        return (input_shape[0], *(size // known if n == -1 else n for n in self.target_shape))
