"""The layer that changes nothing."""

from __future__ import annotations

from typing import Any

from fastrnn.layers.activation import Activation


def Identity(**options: Any) -> Activation:
    """Return a layer that changes nothing.

    Parameters
    ----------
    **options :
        `name`, `dtype`, `input_shape` of :class:`~fastrnn.layers.Layer`.

    Examples
    --------
    >>> Identity()(np.array([[1.0, -2.0]])).tolist()
    [[1.0, -2.0]]
    """
    return Activation("linear", **options)
