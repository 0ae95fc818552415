"""Numbers that become zero at random."""

from __future__ import annotations

from typing import Any

from fastrnn.layers.checks import rate_of
from fastrnn.layers.dropout.base import RandomLayer
from fastrnn.layers.dropout.workspace import DropoutWorkspace
from fastrnn.workspace import Signal, Workspace


class Dropout(RandomLayer):
    """Set a share of the input to zero in a training, and scale up the rest to the same mean.

    In `evaluate` and `predict` the input passes as it is.

    Parameters
    ----------
    rate : float
        The share, from 0 to 1.
    seed : int, optional
        Of its random numbers; drawn from :func:`fastrnn.set_seed` if left out.
    **options :
        `name`, `dtype`, `input_shape` of :class:`~fastrnn.layers.Layer`.

    Notes
    -----
    What an epoch of `fit` draws depends on the seed and the number of the epoch alone, so a
    training can begin at any epoch.

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

    def __init__(self, rate: float, seed: int | None = None, **options: Any) -> None:
        super().__init__(seed, **options)
        self.rate = self.strength = rate_of(self, "rate", rate)

    def changing(self, source: Signal) -> Workspace:
        """Return what drops numbers."""
        return DropoutWorkspace(source, self.rate, self._random)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that would make this layer again."""
        return {**super().get_config(), "rate": self.rate}
