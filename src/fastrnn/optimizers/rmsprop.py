"""RMSprop."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastrnn._core import optimizer as core
from fastrnn.optimizers.checks import in_range
from fastrnn.optimizers.optimizer import Optimizer, Rate
from fastrnn.settings import boolean


class RMSprop(Optimizer):
    """Steps scaled by a moving average of the square of the gradient.

    With v ← ρv + (1 − ρ)g², a weight changes by −q, where q = ηg / √(v + ε); with `momentum` μ by
    −u, where u ← μu + q.

    Parameters
    ----------
    learning_rate : float or LearningRateSchedule, default 0.001
        η.
    rho : float, default 0.9
        ρ, at least 0 and below 1.
    momentum : float, default 0
        μ, at least 0 and below 1.
    epsilon : float, default 1e-7
        As in Keras, it is added under the root.  0 is replaced by the smallest normal number of the
        type, so that zero gradients change nothing, where Keras returns NaN.
    centered : bool, default False
        Whether to use the variance: the square of a ← ρa + (1 − ρ)g is subtracted from v; negative
        rounding errors become zero.
    *common, **options :
        `weight_decay`, `clipnorm` and others of :class:`Optimizer`.

    References
    ----------
    T. Tieleman, G. Hinton, Lecture 6.5 of Neural networks for machine learning, 2012.
    A. Graves, Generating sequences with recurrent neural networks, 2013 (centered, with momentum).

    Examples
    --------
    >>> from fastrnn.layers import Dense, Input
    >>> from fastrnn.models import Sequential
    >>> model = Sequential([Input((1,)), Dense(1)])
    >>> model.compile(RMSprop(0.01), "mse")
    >>> x = np.linspace(-1, 1, 50)[:, np.newaxis]
    >>> history = model.fit(x, 3 * x, epochs=3, verbose=0).history
    >>> history["loss"][-1] < history["loss"][0]
    True
    """

    def __init__(
        self,
        learning_rate: Rate = 0.001,
        rho: float = 0.9,
        momentum: float = 0.0,
        epsilon: float = 1e-7,
        centered: bool = False,
        *common: Any,
        **options: Any,
    ) -> None:
        super().__init__(learning_rate, *common, **options)
        self.rho = in_range("rho", rho, 0.0, 1.0)
        self.momentum = in_range("momentum", momentum, 0.0, 1.0)
        self.epsilon = in_range("epsilon", epsilon, 0.0, math.inf)
        self.centered = boolean("centered", centered)

    @property
    def slot_names(self) -> tuple[str, ...]:  # type: ignore[override]
        """Names of the slots."""
        return (
            "velocity",
            *(["average_gradient"] if self.centered else []),
            *(["momentum"] if self.momentum else []),
        )

    def update(
        self,
        values: NDArray[Any],
        gradients: NDArray[Any],
        learning_rate: float,
        decay: float,
    ) -> None:
        """Update weights and slots."""
        core.rmsprop(
            values,
            gradients,
            self.slots["velocity"],
            self.slots.get("average_gradient"),
            self.slots.get("momentum"),
            learning_rate=learning_rate,
            rho=self.rho,
            momentum=self.momentum,
            epsilon=self.epsilon or float(np.finfo(values.dtype).tiny),  # 0 / 0 never occurs
            decay=decay,
        )

    def get_config(self) -> dict[str, Any]:
        """Return the constructor arguments of this optimizer."""
        return {
            **super().get_config(),
            "rho": self.rho,
            "momentum": self.momentum,
            "epsilon": self.epsilon,
            "centered": self.centered,
        }
