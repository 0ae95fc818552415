"""Further adaptive optimizers, in NumPy: steps scaled by previous gradients."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastrnn.optimizers.checks import in_range
from fastrnn.optimizers.optimizer import Optimizer, Rate

Array = NDArray[Any]


class _Adaptive(Optimizer):
    """Base of the optimizers that subtract the result of :meth:`change`."""

    _names: tuple[str, ...] = ()

    def _take(self, **numbers: Any) -> None:
        """Check and store the constructor arguments."""
        for name, value in numbers.items():
            below = 1.0 if name in ("rho", "beta_1", "beta_2") else math.inf
            setattr(self, name, in_range(name, value, 0.0, below))
        self._names = tuple(numbers)

    def update(self, values: Array, gradients: Array, learning_rate: float, decay: float) -> None:
        """Update weights and slots."""
        with np.errstate(all="ignore"):
            if decay:
                values -= values * decay
            values -= self.change(gradients, learning_rate)

    def change(self, g: Array, rate: float) -> Array:
        """Change the slots; return what to take away from the weights."""
        raise NotImplementedError

    def _small(self, g: Array) -> float:
        """Return ε, or the smallest normal number if it is 0, so that 0 / 0 never occurs."""
        return float(self.__dict__["epsilon"]) or float(np.finfo(g.dtype).tiny)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor arguments of this optimizer."""
        return {**super().get_config(), **{name: getattr(self, name) for name in self._names}}


class Adagrad(_Adaptive):
    """Steps scaled by the sum of the squares of all gradients.

    With a ← a + g², from `initial_accumulator_value` on, a weight changes by −ηg / √(a + ε).

    Parameters
    ----------
    learning_rate : float or LearningRateSchedule, default 0.001
        η.
    initial_accumulator_value : float, default 0.1
    epsilon : float, default 1e-7
        ε.
    *common, **options :
        `weight_decay`, `clipnorm` and others of :class:`Optimizer`.

    References
    ----------
    J. Duchi, E. Hazan, Y. Singer, Adaptive subgradient methods for online learning and stochastic
    optimization, Journal of Machine Learning Research 12 (2011).

    Examples
    --------
    >>> from fastrnn.layers import Dense, Input
    >>> from fastrnn.models import Sequential
    >>> model = Sequential([Input((1,)), Dense(1)])
    >>> model.compile(Adagrad(0.01), "mse")
    >>> x = np.linspace(-1, 1, 50)[:, np.newaxis]
    >>> history = model.fit(x, 3 * x, epochs=3, verbose=0).history
    >>> history["loss"][-1] < history["loss"][0]
    True
    """

    #: Holds a without its initial value.
    slot_names = ("accumulator",)
    initial_accumulator_value: float
    epsilon: float

    def __init__(
        self,
        learning_rate: Rate = 0.001,
        initial_accumulator_value: float = 0.1,
        epsilon: float = 1e-7,
        *common: Any,
        **options: Any,
    ) -> None:
        super().__init__(learning_rate, *common, **options)
        self._take(initial_accumulator_value=initial_accumulator_value, epsilon=epsilon)

    def change(self, g: Array, rate: float) -> Array:
        """Change the slots; return what to take away from the weights."""
        a = self.slots["accumulator"]
        a += np.square(g)
        return rate * g / np.sqrt(a + (self.initial_accumulator_value + self._small(g)))


class Adadelta(_Adaptive):
    """Steps scaled by moving averages of the squares of gradients and of updates.

    With a ← ρa + (1 − ρ)g², d = g √(u + ε) / √(a + ε) and then u ← ρu + (1 − ρ)d², a weight changes
    by −ηd.

    Parameters
    ----------
    learning_rate : float or LearningRateSchedule, default 0.001
        η; 1 in the paper and in Keras before 2.3.
    rho : float, default 0.95
        ρ.
    epsilon : float, default 1e-7
        ε.
    *common, **options :
        `weight_decay`, `clipnorm` and others of :class:`Optimizer`.

    References
    ----------
    M. Zeiler, ADADELTA: an adaptive learning rate method, 2012.

    Examples
    --------
    >>> from fastrnn.layers import Dense, Input
    >>> from fastrnn.models import Sequential
    >>> model = Sequential([Input((1,)), Dense(1)])
    >>> model.compile(Adadelta(0.01), "mse")
    >>> x = np.linspace(-1, 1, 50)[:, np.newaxis]
    >>> history = model.fit(x, 3 * x, epochs=3, verbose=0).history
    >>> history["loss"][-1] < history["loss"][0]
    True
    """

    slot_names = ("accumulated_grad", "accumulated_delta")
    rho: float
    epsilon: float

    def __init__(
        self,
        learning_rate: Rate = 0.001,
        rho: float = 0.95,
        epsilon: float = 1e-7,
        *common: Any,
        **options: Any,
    ) -> None:
        super().__init__(learning_rate, *common, **options)
        self._take(rho=rho, epsilon=epsilon)

    def change(self, g: Array, rate: float) -> Array:
        """Change the slots; return what to take away from the weights."""
        a, u = self.slots["accumulated_grad"], self.slots["accumulated_delta"]
        a += (np.square(g) - a) * (1 - self.rho)
        d = g * np.sqrt(u + self._small(g)) / np.sqrt(a + self._small(g))
        u += (np.square(d) - u) * (1 - self.rho)
        return rate * d


class Adamax(_Adaptive):
    """Adam with the maximum norm instead of the mean of squares.

    With m ← β₁m + (1 − β₁)g and u ← max(β₂u, |g|), step t changes a weight by
    −η / (1 − β₁ᵗ) · m / (u + ε).

    Parameters
    ----------
    learning_rate : float or LearningRateSchedule, default 0.001
        η.
    beta_1, beta_2 : float, default 0.9 and 0.999
    epsilon : float, default 1e-7
        ε.
    *common, **options :
        `weight_decay`, `clipnorm` and others of :class:`Optimizer`.

    References
    ----------
    D. Kingma, J. Ba, Adam: a method for stochastic optimization, ICLR 2015, section 7.

    Examples
    --------
    >>> from fastrnn.layers import Dense, Input
    >>> from fastrnn.models import Sequential
    >>> model = Sequential([Input((1,)), Dense(1)])
    >>> model.compile(Adamax(0.01), "mse")
    >>> x = np.linspace(-1, 1, 50)[:, np.newaxis]
    >>> history = model.fit(x, 3 * x, epochs=3, verbose=0).history
    >>> history["loss"][-1] < history["loss"][0]
    True
    """

    slot_names = ("m", "u")
    beta_1: float
    beta_2: float
    epsilon: float

    def __init__(
        self,
        learning_rate: Rate = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        *common: Any,
        **options: Any,
    ) -> None:
        super().__init__(learning_rate, *common, **options)
        self._take(beta_1=beta_1, beta_2=beta_2, epsilon=epsilon)

    def change(self, g: Array, rate: float) -> Array:
        """Change the slots; return what to take away from the weights."""
        m, u = self.slots["m"], self.slots["u"]
        m += (g - m) * (1 - self.beta_1)
        np.maximum(u * self.beta_2, np.abs(g), out=u)
        return (rate / (1 - self.beta_1 ** (self.iterations + 1))) * m / (u + self._small(g))


class Lion(_Adaptive):
    """Steps by the sign of a moving average of the gradient.

    A weight changes by −η sign(β₁m + (1 − β₁)g), then m ← β₂m + (1 − β₂)g.

    Parameters
    ----------
    learning_rate : float or LearningRateSchedule, default 0.001
        η.
    beta_1, beta_2 : float, default 0.9 and 0.99
    *common, **options :
        `weight_decay`, `clipnorm` and others of :class:`Optimizer`.

    References
    ----------
    X. Chen and others, Symbolic discovery of optimization algorithms, NeurIPS 2023.

    Examples
    --------
    >>> from fastrnn.layers import Dense, Input
    >>> from fastrnn.models import Sequential
    >>> model = Sequential([Input((1,)), Dense(1)])
    >>> model.compile(Lion(0.01), "mse")
    >>> x = np.linspace(-1, 1, 50)[:, np.newaxis]
    >>> history = model.fit(x, 3 * x, epochs=3, verbose=0).history
    >>> history["loss"][-1] < history["loss"][0]
    True
    """

    slot_names = ("m",)
    beta_1: float
    beta_2: float

    def __init__(
        self,
        learning_rate: Rate = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.99,
        *common: Any,
        **options: Any,
    ) -> None:
        super().__init__(learning_rate, *common, **options)
        self._take(beta_1=beta_1, beta_2=beta_2)

    def change(self, g: Array, rate: float) -> Array:
        """Change the slots; return what to take away from the weights."""
        m = self.slots["m"]
        change = rate * np.sign(m * self.beta_1 + g * (1 - self.beta_1))
        m += (g - m) * (1 - self.beta_2)
        return change
