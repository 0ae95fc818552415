"""The names of Keras 2's layers for GPUs."""

from __future__ import annotations

from typing import Any

from fastrnn.layers.gru import GRU
from fastrnn.layers.lstm import LSTM


def CuDNNGRU(units: int, **options: Any) -> GRU:
    """Return ``GRU(units, reset_after=True)``, which computes what Keras 2's CuDNNGRU did.

    Parameters
    ----------
    units : int
    **options
        As of :class:`~fastrnn.layers.GRU`.

    Examples
    --------
    >>> CuDNNGRU(8).reset_after
    True
    """
    return GRU(units, reset_after=True, **options)


def CuDNNLSTM(units: int, **options: Any) -> LSTM:
    """Return ``LSTM(units)``, which computes what Keras 2's CuDNNLSTM did.

    Parameters
    ----------
    units : int
    **options
        As of :class:`~fastrnn.layers.LSTM`.

    Examples
    --------
    >>> CuDNNLSTM(8).units
    8
    """
    return LSTM(units, **options)
