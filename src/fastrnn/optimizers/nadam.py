"""Adam with Nesterov's momentum."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastrnn.optimizers.adam import Adam
from fastrnn.optimizers.optimizer import Rate

#: The momentum at step t is β₁ · (1 − 0.5 · 0.96ᵗ).
WARMING = 0.96


class Nadam(Adam):
    """Adam with Nesterov momentum.

    With μₜ = β₁(1 − 0.5 · 0.96ᵗ), m ← β₁m + (1 − β₁)g and v ← β₂v + (1 − β₂)g², step t changes a
    weight by −η · (μₜ₊₁m / (1 − Πᵢ₌₁ᵗ⁺¹μᵢ) + (1 − μₜ)g / (1 − Πᵢ₌₁ᵗμᵢ)) / (√(v / (1 − β₂ᵗ)) + ε).

    Parameters
    ----------
    learning_rate, beta_1, beta_2, epsilon, **options :
        See :class:`Adam`; there is no `amsgrad`.

    References
    ----------
    T. Dozat, Incorporating Nesterov momentum into Adam, ICLR workshop 2016.

    Examples
    --------
    >>> from fastrnn.layers import Dense, Input
    >>> from fastrnn.models import Sequential
    >>> model = Sequential([Input((1,)), Dense(1)])
    >>> model.compile(Nadam(0.01), "mse")
    >>> x = np.linspace(-1, 1, 50)[:, np.newaxis]
    >>> history = model.fit(x, 3 * x, epochs=3, verbose=0).history
    >>> history["loss"][-1] < history["loss"][0]
    True
    """

    #: Number of steps of the cached product of momenta, and the product.
    _product = (0, 1.0)

    def __init__(
        self,
        learning_rate: Rate = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        **options: Any,
    ) -> None:
        if options.pop("amsgrad", False):
            raise TypeError("Nadam has no argument 'amsgrad'; Adam has")
        super().__init__(learning_rate, beta_1, beta_2, epsilon, **options)

    def _momentum(self, step: int) -> float:
        return self.beta_1 * (1 - 0.5 * WARMING**step)

    def _product_until(self, step: int) -> float:
        """Return the product of the momenta of the steps from 1 to `step`."""
        known, product = self._product if self._product[0] <= step else (0, 1.0)
        for number in range(known + 1, step + 1):
            product *= self._momentum(number)
        self._product = step, product
        return product

    def update(
        self,
        values: NDArray[Any],
        gradients: NDArray[Any],
        learning_rate: float,
        decay: float,
    ) -> None:
        """Update weights and slots."""
        step = self.iterations + 1
        now, ahead = self._momentum(step), self._momentum(step + 1)
        product = self._product_until(step)
        m, v = self.slots["m"], self.slots["v"]
        epsilon = self.epsilon or math.sqrt(np.finfo(values.dtype).tiny)
        with np.errstate(all="ignore"):
            if decay:
                values -= values * decay
            m += (gradients - m) * (1 - self.beta_1)
            v += (np.square(gradients) - v) * (1 - self.beta_2)
            change = m * (ahead / (1 - product * ahead))
            change += gradients * ((1 - now) / (1 - product))
            change /= np.sqrt(v / (1 - self.beta_2**step)) + epsilon
            change *= learning_rate
            values -= change

    def get_config(self) -> dict[str, Any]:
        """Return the constructor arguments of this optimizer."""
        config = super().get_config()
        del config["amsgrad"]
        return config
