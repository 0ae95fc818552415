"""Initializers with fixed values."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fastrnn.initializers.initializer import Initializer, Shape
from fastrnn.settings import number


class Constant(Initializer):
    """Every weight is `value`: a number, or an array such as known embeddings.

    Examples
    --------
    >>> Constant(0.5)((2, 2))
    array([[0.5, 0.5],
           [0.5, 0.5]], dtype=float32)
    """

    def __init__(self, value: ArrayLike = 0.0) -> None:
        if np.ndim(value):
            self.value: Any = np.array(value, np.float64)
        else:
            self.value = number("value", value)

    def draw(self, shape: Shape, rng: np.random.Generator) -> NDArray[np.float64]:
        """Return the value; nothing is drawn."""
        try:
            return np.array(np.broadcast_to(self.value, shape), np.float64)
        except ValueError:
            raise ValueError(
                f"value of Constant has shape {np.shape(self.value)}; the weight has {shape}"
            ) from None

    def get_config(self) -> dict[str, Any]:
        """Return the constructor arguments of this initializer."""
        return {"value": self.value.tolist() if np.ndim(self.value) else self.value}


class Zeros(Initializer):
    """Every weight is 0.

    Examples
    --------
    >>> Zeros()((2,))
    array([0., 0.], dtype=float32)
    """

    def draw(self, shape: Shape, rng: np.random.Generator) -> NDArray[np.float64]:
        """Return zeros; nothing is drawn."""
        return np.zeros(shape)


class Ones(Initializer):
    """Every weight is 1.

    Examples
    --------
    >>> Ones()((2,))
    array([1., 1.], dtype=float32)
    """

    def draw(self, shape: Shape, rng: np.random.Generator) -> NDArray[np.float64]:
        """Return ones; nothing is drawn."""
        return np.ones(shape)


class Identity(Initializer):
    """`gain` times the identity matrix.

    In a recurrent kernel (n_s, G·n_s), the first gate in Keras's order gets it.

    References
    ----------
    Q. Le, N. Jaitly, G. Hinton, A simple way to initialize recurrent networks of rectified linear
    units, 2015.

    Examples
    --------
    >>> Identity()((2, 2))
    array([[1., 0.],
           [0., 1.]], dtype=float32)
    """

    def __init__(self, gain: float = 1.0) -> None:
        self.gain = number("gain", gain)

    def draw(self, shape: Shape, rng: np.random.Generator) -> NDArray[np.float64]:
        """Return the matrix; nothing is drawn."""
        if len(shape) != 2:
            raise ValueError(f"shape is {shape}; an identity matrix has two extents")
        return self.gain * np.eye(*shape)
