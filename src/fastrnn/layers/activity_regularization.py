"""A penalty on the input, which passes unchanged."""

from __future__ import annotations

from typing import Any

from fastrnn.layers.activation import Activation
from fastrnn.regularizers import L1L2


def ActivityRegularization(l1: float = 0.0, l2: float = 0.0, **options: Any) -> Activation:
    """Return a layer that changes nothing and adds a penalty on its input to the loss.

    Parameters
    ----------
    l1, l2 : float, default 0
        Factors of the sums of absolute values and of squares, divided by the number of samples.
    **options :
        `name`, `dtype`, `input_shape` of :class:`~fastrnn.layers.Layer`.

    Examples
    --------
    >>> ActivityRegularization(l2=0.1).activity_regularizer
    L1L2(l2=0.1)
    """
    return Activation("linear", activity_regularizer=L1L2(l1, l2), **options)
