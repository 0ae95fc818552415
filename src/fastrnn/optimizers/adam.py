"""Adam, and Adam with weight decay."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastrnn._core import optimizer as core
from fastrnn.optimizers.checks import in_range
from fastrnn.optimizers.optimizer import Optimizer, Rate
from fastrnn.settings import boolean


class Adam(Optimizer):
    """Steps scaled by moving averages of the gradient and of its square.

    With m ← β₁m + (1 − β₁)g and v ← β₂v + (1 − β₂)g², step t changes a weight by
    −η √(1 − β₂ᵗ) / (1 − β₁ᵗ) · m / (√v + ε).

    Parameters
    ----------
    learning_rate : float or LearningRateSchedule, default 0.001
        η.
    beta_1, beta_2 : float, default 0.9 and 0.999
    epsilon : float, default 1e-7
        As in Keras, it is added to √v before the bias correction (the paper's ε̂).  0 is replaced
        by the root of the smallest normal number of the type, so that zero gradients change
        nothing, where Keras returns NaN.
    amsgrad : bool, default False
        Whether to use the maximum of v over all steps so far instead of v.
    *common, **options :
        `weight_decay`, `clipnorm` and others of :class:`Optimizer`.

    References
    ----------
    D. Kingma, J. Ba, Adam: a method for stochastic optimization, ICLR 2015.
    S. Reddi, S. Kale, S. Kumar, On the convergence of Adam and beyond, ICLR 2018.

    Examples
    --------
    >>> from fastrnn.layers import Dense, Input
    >>> from fastrnn.models import Sequential
    >>> model = Sequential([Input((1,)), Dense(1)])
    >>> model.compile(Adam(0.01), "mse")
    >>> x = np.linspace(-1, 1, 50)[:, np.newaxis]
    >>> history = model.fit(x, 3 * x, epochs=3, verbose=0).history
    >>> history["loss"][-1] < history["loss"][0]
    True
    """

    def __init__(
        self,
        learning_rate: Rate = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        amsgrad: bool = False,
        *common: Any,
        **options: Any,
    ) -> None:
        super().__init__(learning_rate, *common, **options)
        self.beta_1 = in_range("beta_1", beta_1, 0.0, 1.0)
        self.beta_2 = in_range("beta_2", beta_2, 0.0, 1.0)
        self.epsilon = in_range("epsilon", epsilon, 0.0, math.inf)
        self.amsgrad = boolean("amsgrad", amsgrad)

    @property
    def slot_names(self) -> tuple[str, ...]:  # type: ignore[override]
        """Names of the slots."""
        return ("m", "v", "v_hat") if self.amsgrad else ("m", "v")

    def update(
        self,
        values: NDArray[Any],
        gradients: NDArray[Any],
        learning_rate: float,
        decay: float,
    ) -> None:
        """Update weights and slots."""
        step = self.iterations + 1
        correction = math.sqrt(1 - self.beta_2**step) / (1 - self.beta_1**step)
        core.adam(
            values,
            gradients,
            self.slots["m"],
            self.slots["v"],
            step_size=learning_rate * correction,
            beta_1=self.beta_1,
            beta_2=self.beta_2,
            # The root of the smallest number, so that 0 / 0 never occurs.
            epsilon=self.epsilon or math.sqrt(np.finfo(values.dtype).tiny),
            v_hat=self.slots.get("v_hat"),
            decay=decay,
        )

    def get_config(self) -> dict[str, Any]:
        """Return the constructor arguments of this optimizer."""
        return {
            **super().get_config(),
            "beta_1": self.beta_1,
            "beta_2": self.beta_2,
            "epsilon": self.epsilon,
            "amsgrad": self.amsgrad,
        }


class AdamW(Adam):
    """Adam with decoupled weight decay.

    Every step first multiplies the weights by 1 − η · λ, then makes Adam's update.

    Parameters
    ----------
    learning_rate : float or LearningRateSchedule, default 0.001
        η.
    weight_decay : float, default 0.004
        λ.
    *arguments, **options :
        `beta_1`, `beta_2` and others of :class:`Adam`.

    References
    ----------
    I. Loshchilov, F. Hutter, Decoupled weight decay regularization, ICLR 2019.

    Examples
    --------
    >>> from fastrnn.layers import Dense, Input
    >>> from fastrnn.models import Sequential
    >>> model = Sequential([Input((1,)), Dense(1)])
    >>> model.compile(AdamW(0.01), "mse")
    >>> x = np.linspace(-1, 1, 50)[:, np.newaxis]
    >>> history = model.fit(x, 3 * x, epochs=3, verbose=0).history
    >>> history["loss"][-1] < history["loss"][0]
    True
    """

    def __init__(
        self,
        learning_rate: Rate = 0.001,
        weight_decay: float = 0.004,
        *arguments: Any,
        **options: Any,
    ) -> None:
        if weight_decay is None:
            raise ValueError("weight_decay is None; AdamW wants a number, Adam does without")
        super().__init__(learning_rate, *arguments, weight_decay=weight_decay, **options)
