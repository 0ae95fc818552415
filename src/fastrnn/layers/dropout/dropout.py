"""Dropout of single values."""

from __future__ import annotations

from fastrnn.layers.dropout.base import RateLayer
from fastrnn.layers.dropout.workspace import DropoutWorkspace
from fastrnn.workspace import Signal, Workspace


class Dropout(RateLayer):
    """In training, set a fraction of the input to zero, and scale the rest by 1 / (1 − rate).

    In `evaluate` and `predict` the input is not changed.

    Parameters
    ----------
    rate : float
        The fraction, from 0 to 1.
    seed : int, optional
        Seed of its random numbers; derived from :func:`fastrnn.set_seed` if left out.
    **options :
        `name`, `dtype`, `input_shape` of :class:`~fastrnn.layers.Layer`.

    Notes
    -----
    The random numbers of an epoch of `fit` depend only on the seed and the index of the epoch, so a
    training can start at any epoch.

    References
    ----------
    N. Srivastava et al., Dropout: a simple way to prevent neural networks from overfitting, Journal
    of Machine Learning Research 15, 2014.

    Examples
    --------
    >>> x = np.ones((2, 3))
    >>> bool((Dropout(0.5)(x) == x).all())  # dropout is for training only
    True
    >>> set(Dropout(0.5)(np.ones((50, 50)), training=True).ravel().tolist()) == {0.0, 2.0}
    True
    """

    is_per_step = True

    def changing(self, source: Signal) -> Workspace:
        """Return the workspace of the dropout."""
        return DropoutWorkspace(source, self.rate, self._random)
