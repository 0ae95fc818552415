"""Keras 2's rectified linear unit with a threshold."""

from __future__ import annotations

from typing import Any

from fastrnn.layers.elementwise.relu import ReLU


def ThresholdedReLU(theta: float = 1.0, **options: Any) -> ReLU:
    """Return ``ReLU(threshold=theta)``: x above `theta`, else 0.

    Parameters
    ----------
    theta : float, default 1
    **options :
        `name`, `dtype`, `input_shape` of :class:`~fastrnn.layers.Layer`.

    Examples
    --------
    >>> ThresholdedReLU(1.0)(np.array([[1.0, 1.5]], np.float32))
    array([[0. , 1.5]], dtype=float32)
    """
    return ReLU(threshold=theta, **options)
