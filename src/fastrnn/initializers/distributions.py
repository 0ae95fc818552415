"""Initializers with a distribution that does not depend on the shape of the weight."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from fastrnn import seeding
from fastrnn.initializers.initializer import Seeded, Shape
from fastrnn.settings import number


class RandomUniform(Seeded):
    """Uniform over [minval, maxval).

    Examples
    --------
    >>> RandomUniform(seed=1)((200, 100)).shape
    (200, 100)
    """

    def __init__(
        self, minval: float = -0.05, maxval: float = 0.05, seed: int | None = None
    ) -> None:
        if not minval <= maxval:
            raise ValueError(f"minval is {minval}; it should not be above maxval, {maxval}")
        self.minval = number("minval", minval)
        self.maxval = number("maxval", maxval)
        self.seed = seeding.checked_seed(seed)

    def draw(self, shape: Shape, rng: np.random.Generator) -> NDArray[np.float64]:
        """Return uniform draws."""
        return rng.uniform(self.minval, self.maxval, shape)


class RandomNormal(Seeded):
    """Normal, with a mean and a standard deviation.

    Examples
    --------
    >>> RandomNormal(seed=1)((200, 100)).shape
    (200, 100)
    """

    def __init__(self, mean: float = 0.0, stddev: float = 0.05, seed: int | None = None) -> None:
        if not stddev >= 0:
            raise ValueError(f"stddev is {stddev}; it should not be negative")
        self.mean = number("mean", mean)
        self.stddev = number("stddev", stddev)
        self.seed = seeding.checked_seed(seed)

    def draw(self, shape: Shape, rng: np.random.Generator) -> NDArray[np.float64]:
        """Return normal draws."""
        return rng.normal(self.mean, self.stddev, shape)


class TruncatedNormal(RandomNormal):
    """Truncated normal, within two standard deviations of the mean.

    Examples
    --------
    >>> TruncatedNormal(seed=1)((200, 100)).shape
    (200, 100)
    """

    def draw(self, shape: Shape, rng: np.random.Generator) -> NDArray[np.float64]:
        """Return truncated normal draws."""
        return self.mean + self.stddev * cut_off(shape, rng)


class Orthogonal(Seeded):
    """A matrix with orthonormal rows or columns, whichever are fewer, multiplied by `gain`.

    It is the Q of a QR decomposition of normal draws, its signs fixed so that it is uniform over
    all such matrices.  As in Keras, a recurrent kernel (n_s, G·n_s) is one such matrix as a whole.

    References
    ----------
    A. Saxe, J. McClelland, S. Ganguli, Exact solutions to the nonlinear dynamics of learning in
    deep linear neural networks, ICLR 2014.

    Examples
    --------
    >>> w = Orthogonal(seed=1)((4, 4))
    >>> bool(np.allclose(w @ w.T, np.eye(4), atol=1e-6))
    True
    """

    def __init__(self, gain: float = 1.0, seed: int | None = None) -> None:
        self.gain = number("gain", gain)
        self.seed = seeding.checked_seed(seed)

    def draw(self, shape: Shape, rng: np.random.Generator) -> NDArray[np.float64]:
        """Return the orthogonal matrix."""
        if len(shape) < 2:
            raise ValueError(f"shape is {shape}; an orthogonal matrix needs two extents or more")
        rows, columns = math.prod(shape[:-1]), shape[-1]
        q, r = np.linalg.qr(rng.standard_normal((max(rows, columns), min(rows, columns))))
        q *= np.where(np.diag(r) < 0, -1.0, 1.0)
        return self.gain * (q.T if rows < columns else q).reshape(shape)


#: The standard deviation of a standard normal distribution truncated to [-2, 2].
CUT_OFF_DEVIATION = 0.87962566103423978


def cut_off(shape: Shape, rng: np.random.Generator) -> NDArray[np.float64]:
    """Return draws of a standard normal distribution truncated to [-2, 2]."""
    values = rng.standard_normal(shape)
    while (outside := np.abs(values) > 2).any():
        values[outside] = rng.standard_normal(int(outside.sum()))
    return values
