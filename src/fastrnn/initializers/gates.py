"""Initializers for the biases of gates."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fastrnn.initializers.initializer import Initializer, Shape
from fastrnn.settings import number


class ForgetBias(Initializer):
    """A bias for the forget gate, so that a recurrent layer initially keeps its state; else zeros.

    For ``bias_initializer`` of layers with gates. With a bias of b the gate begins at about σ(b),
    and a state lasts about 1 + exp(b) steps: 3.7 with the usual 1, 21 with 3. Where an answer
    depends on what came many steps before, a network that forgets less at first learns sooner.

    ============  ==================================  ==============
    layer         gate                                its bias
    ============  ==================================  ==============
    ``LSTM``      f, of c' = f ⊙ c + i ⊙ g            `value`
    ``GRU``       z, of s' = (1 − z) ⊙ n + z ⊙ s      `value`
    ``MGU``       f, of s' = (1 − f) ⊙ s + f ⊙ n      −`value`
    ============  ==================================  ==============

    Parameters
    ----------
    value : float, default 1
        The larger it is, the longer states are kept.

    Raises
    ------
    ValueError
        When a layer without such a gate is built.

    Notes
    -----
    In an ``LSTM`` it takes the place of ``unit_forget_bias``, which is the same with a value of 1.
    A ``GRU`` with ``reset_after=True`` has two biases, whose sum counts: `value` stands in that of
    the input. Keras has no such initializer; its files get a ``Constant`` with the same numbers.

    References
    ----------
    F. A. Gers, J. Schmidhuber, F. Cummins, Learning to forget: continual prediction with LSTM,
    Neural Computation 12, 2000.
    R. Jozefowicz, W. Zaremba, I. Sutskever, An empirical exploration of recurrent network
    architectures, ICML 2015.

    Examples
    --------
    >>> from fastrnn.layers import LSTM, Input
    >>> from fastrnn.models import Sequential
    >>> model = Sequential([Input((None, 3)), LSTM(2, bias_initializer=ForgetBias(3.0))])
    >>> model.get_weights()[2]
    array([0., 0., 3., 3., 0., 0., 0., 0.], dtype=float32)
    """

    def __init__(self, value: float = 1.0) -> None:
        self.value = number("value", value)

    def draw(self, shape: Shape, rng: np.random.Generator) -> NDArray[np.float64]:
        """Raise ``ValueError``: the position of the gate does not follow from the shape."""
        raise ValueError(
            "ForgetBias is for the bias of a layer that has a gate to keep its state; it should be "
            "the bias_initializer of LSTM, GRU or MGU"
        )

    def of_gate(self, gates: int, gate: int, sign: int) -> Initializer:
        """Return the initializer of a layer's bias.

        Parameters
        ----------
        gates : int
            Number of gates.
        gate : int
            Index of the gate that keeps the state.
        sign : int
            1, or -1 if a smaller bias keeps more.
        """
        return _GateBias(gates, gate, sign * self.value)


class _GateBias(Initializer):
    """Zeros, except for one gate."""

    def __init__(self, gates: int, gate: int, value: float) -> None:
        self.gates, self.gate, self.value = gates, gate, value

    def draw(self, shape: Shape, rng: np.random.Generator) -> NDArray[np.float64]:
        """Return the bias, or the two biases, of which the first gets the value."""
        bias = np.zeros(shape)
        units = shape[-1] // self.gates
        row = bias[0] if bias.ndim > 1 else bias
        row[self.gate * units : (self.gate + 1) * units] = self.value
        return bias
