"""Checks of the shape of an input."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from fastrnn.settings import integer


def sample_shape(shape: Sequence[int | None], tokens: bool) -> tuple[int | None, ...]:
    """Return the shape of a sample as a tuple; raise an error if it is none."""
    if isinstance(shape, (int, np.integer)):
        shape = (int(shape),)
    if isinstance(shape, (str, bytes)) or not isinstance(shape, Sequence):
        raise TypeError(
            f"shape of Input is {shape!r}; it should be a tuple, such as (time, features)"
        )
    sample = tuple(shape)
    try:
        sample = tuple(None if n is None else integer("shape", n, least=1) for n in sample)
    except (TypeError, ValueError):
        raise ValueError(
            f"shape of Input is {sample}; extents should be positive, or None"
        ) from None
    is_open = len(sample) > 1 and sample[-1] is None and not tokens
    if not sample or is_open:
        raise ValueError(
            f"shape of Input is {sample}; it should be (time, features) or (features,), "
            "with a known number of features, or (time,) for tokens"
        )
    return sample


def batch_extent(argument: str, value: Any) -> int:
    """Return the size of a batch; raise an error if it is none."""
    try:
        return integer(argument, value, least=1)
    except (TypeError, ValueError):
        raise ValueError(
            f"{argument} of Input is {value!r}; it should be a positive integer"
        ) from None


def of_batch(batch_shape: Any, shape: Any, batch_size: Any) -> tuple[Any, tuple[Any, ...]]:
    """Return the size of a batch and the shape of a sample, both of which one argument says."""
    if shape is not None or batch_size is not None:
        raise ValueError("Input was given batch_shape; shape and batch_size should be left out")
    if isinstance(batch_shape, (str, bytes)) or not isinstance(batch_shape, Sequence):
        raise TypeError(
            f"batch_shape of Input is {batch_shape!r}; "
            "it should be a tuple, such as (batch_size, time, features)"
        )
    return batch_shape[0], tuple(batch_shape[1:])
