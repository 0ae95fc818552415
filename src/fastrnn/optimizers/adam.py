"""Adam."""

from __future__ import annotations

import math
from typing import Any

from numpy.typing import NDArray

from fastrnn._core import optimizer as core
from fastrnn.optimizers.optimizer import Optimizer, alias, in_range


class Adam(Optimizer):
    """Steps scaled by running means of the gradient and of its square.

    With m ← β₁m + (1 − β₁)g and v ← β₂v + (1 − β₂)g², step t changes a weight by
    −η √(1 − β₂ᵗ) / (1 − β₁ᵗ) · m / (√v + ε).

    Parameters
    ----------
    learning_rate : float, default 0.001
        η.
    beta_1, beta_2 : float, default 0.9 and 0.999
    epsilon : float, default 1e-7
        As in Keras it is added to √v before the correction of the bias (the paper's ε̂).
    lr : float, optional
        Keras's older name of `learning_rate`.

    References
    ----------
    D. Kingma, J. Ba, Adam: a method for stochastic optimization, ICLR 2015.
    """

    slot_names = ("m", "v")

    def __init__(
        self,
        learning_rate: float = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        *,
        lr: float | None = None,
    ) -> None:
        super().__init__(alias(learning_rate, lr))
        self.beta_1 = in_range("beta_1", beta_1, 0.0, 1.0)
        self.beta_2 = in_range("beta_2", beta_2, 0.0, 1.0)
        self.epsilon = in_range("epsilon", epsilon, 0.0, math.inf)

    def apply(self, values: NDArray[Any], gradients: NDArray[Any]) -> None:
        """Make one step."""
        self.build(values)
        step = self.iterations + 1
        correction = math.sqrt(1 - self.beta_2**step) / (1 - self.beta_1**step)
        core.adam(
            values,
            gradients,
            self.slots["m"],
            self.slots["v"],
            self.learning_rate * correction,
            self.beta_1,
            self.beta_2,
            self.epsilon,
        )
        self.iterations = step

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that would make this optimizer again."""
        return {
            **super().get_config(),
            "beta_1": self.beta_1,
            "beta_2": self.beta_2,
            "epsilon": self.epsilon,
        }
