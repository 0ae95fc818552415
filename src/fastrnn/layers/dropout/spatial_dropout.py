"""Dropout of features for whole sequences."""

from __future__ import annotations

from fastrnn.layers.checks import require_rank
from fastrnn.layers.dropout.base import RateLayer
from fastrnn.layers.dropout.workspace import DropoutWorkspace
from fastrnn.layers.shapes import Shape
from fastrnn.workspace import Signal, Workspace


class SpatialDropout1D(RateLayer):
    """Drop features of whole sequences: the same ones at every step of a sample.

    Parameters
    ----------
    rate : float
        Fraction of the features, from 0 to 1; the others are scaled by 1 / (1 − rate).
    seed : int, optional
        Seed of its random numbers; derived from :func:`fastrnn.set_seed` if left out.
    **options :
        `name`, `dtype`, `input_shape` of :class:`~fastrnn.layers.Layer`.

    References
    ----------
    J. Tompson et al., Efficient object localization using convolutional networks, CVPR 2015.

    Examples
    --------
    >>> y = SpatialDropout1D(0.5, seed=1)(np.ones((1, 10, 4)), training=True)
    >>> bool((y == y[:, :1]).all())  # a feature is dropped for all steps
    True
    """

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """Return `input_shape`."""
        require_rank(self, input_shape, 3, "(None, time, features)")
        return input_shape

    def changing(self, source: Signal) -> Workspace:
        """Return the workspace of the dropout."""
        return DropoutWorkspace(source, self.rate, self._random, same_every_step=True)
