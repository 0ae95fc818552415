"""Initializers with a variance that depends on the shape of the weight."""

from __future__ import annotations

import math
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from fastrnn import seeding
from fastrnn.initializers.distributions import CUT_OFF_DEVIATION, cut_off
from fastrnn.initializers.initializer import Seeded, Shape
from fastrnn.settings import number


class VarianceScaling(Seeded):
    """Random values with variance `scale` / n, where n depends on the shape.

    The fans are the two extents of a kernel (n_in, n_out), times those before them; for a recurrent
    layer n_out counts the columns of all gates together.

    Parameters
    ----------
    scale : float, default 1
    mode : {"fan_in", "fan_out", "fan_avg"}
        n: the inputs, the outputs, or their mean.
    distribution : {"truncated_normal", "untruncated_normal", "uniform"}
        The first, also called "normal", is truncated at two standard deviations; `scale` is that of
        the truncated distribution.
    seed : int, optional

    Examples
    --------
    >>> VarianceScaling(seed=1)((200, 100)).shape
    (200, 100)
    """

    def __init__(
        self,
        scale: float = 1.0,
        mode: str = "fan_in",
        distribution: str = "truncated_normal",
        seed: int | None = None,
    ) -> None:
        self.scale = number("scale", scale, above=0)
        self.mode = str(mode).lower()
        self.distribution = str(distribution).lower()
        if self.distribution == "normal":
            self.distribution = "truncated_normal"
        if self.mode not in ("fan_in", "fan_out", "fan_avg"):
            raise ValueError(f"mode is {mode!r}; it should be 'fan_in', 'fan_out' or 'fan_avg'")
        if self.distribution not in ("truncated_normal", "untruncated_normal", "uniform"):
            raise ValueError(
                f"distribution is {distribution!r}; it should be 'truncated_normal', "
                "'untruncated_normal' or 'uniform'"
            )
        self.seed = seeding.checked_seed(seed)

    def draw(self, shape: Shape, rng: np.random.Generator) -> NDArray[np.float64]:
        """Return draws."""
        fan_in, fan_out = _fans(shape)
        n = {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2}[self.mode]
        n = max(1.0, n)
        if self.distribution == "uniform":
            # with one rounding before the root, as √(6 / (fan_in + fan_out)) has
            limit = math.sqrt(3 * self.scale / n)
            return rng.uniform(-limit, limit, shape)
        if self.distribution == "untruncated_normal":
            return rng.normal(0.0, math.sqrt(self.scale / n), shape)
        return cut_off(shape, rng) * (math.sqrt(self.scale / n) / CUT_OFF_DEVIATION)


def _fans(shape: Shape) -> tuple[int, int]:
    if not shape:
        return 1, 1
    if len(shape) == 1:
        return shape[0], shape[0]
    receptive = math.prod(shape[:-2])
    return shape[-2] * receptive, shape[-1] * receptive


class _Scaled(VarianceScaling):
    """Base of the named variance scalings."""

    _chosen: ClassVar[tuple[float, str, str]]

    def __init__(self, seed: int | None = None) -> None:
        super().__init__(*self._chosen, seed)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor arguments of this initializer."""
        return {"seed": self.seed}


class GlorotUniform(_Scaled):
    """Uniform over ±√(6 / (fan_in + fan_out)).

    References
    ----------
    X. Glorot, Y. Bengio, Understanding the difficulty of training deep feedforward neural networks,
    AISTATS 2010, equation 16.

    Examples
    --------
    >>> GlorotUniform(seed=1)((200, 100)).shape
    (200, 100)
    """

    _chosen = (1.0, "fan_avg", "uniform")


class GlorotNormal(_Scaled):
    """Normal with standard deviation √(2 / (fan_in + fan_out)), truncated at two of them.

    Examples
    --------
    >>> GlorotNormal(seed=1)((200, 100)).shape
    (200, 100)
    """

    _chosen = (1.0, "fan_avg", "truncated_normal")


class HeUniform(_Scaled):
    """Uniform over ±√(6 / fan_in).

    References
    ----------
    K. He, X. Zhang, S. Ren, J. Sun, Delving deep into rectifiers, ICCV 2015.

    Examples
    --------
    >>> HeUniform(seed=1)((200, 100)).shape
    (200, 100)
    """

    _chosen = (2.0, "fan_in", "uniform")


class HeNormal(_Scaled):
    """Normal with standard deviation √(2 / fan_in), truncated at two of them.

    Examples
    --------
    >>> HeNormal(seed=1)((200, 100)).shape
    (200, 100)
    """

    _chosen = (2.0, "fan_in", "truncated_normal")


class LecunUniform(_Scaled):
    """Uniform over ±√(3 / fan_in).

    Examples
    --------
    >>> LecunUniform(seed=1)((200, 100)).shape
    (200, 100)
    """

    _chosen = (1.0, "fan_in", "uniform")


class LecunNormal(_Scaled):
    """Normal with standard deviation √(1 / fan_in), truncated at two of them.

    Examples
    --------
    >>> LecunNormal(seed=1)((200, 100)).shape
    (200, 100)
    """

    _chosen = (1.0, "fan_in", "truncated_normal")
