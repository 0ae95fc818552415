"""Stochastic gradient descent."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

from fastrnn._core import optimizer as core
from fastrnn.optimizers.checks import in_range
from fastrnn.optimizers.optimizer import Optimizer, Rate
from fastrnn.settings import boolean


class SGD(Optimizer):
    """Gradient descent, optionally with momentum.

    Without momentum, p ← p − ηg.  With it, v ← μv − ηg and p ← p + v, or, with `nesterov`,
    p ← p + μv − ηg.

    Parameters
    ----------
    learning_rate : float or LearningRateSchedule, default 0.01
        η.
    momentum : float, default 0
        μ, at least 0 and below 1.
    nesterov : bool, default False
    *common, **options :
        `weight_decay`, `clipnorm` and others of :class:`Optimizer`.

    Examples
    --------
    >>> from fastrnn.layers import Dense, Input
    >>> from fastrnn.models import Sequential
    >>> model = Sequential([Input((1,)), Dense(1)])
    >>> model.compile(SGD(0.01), "mse")
    >>> x = np.linspace(-1, 1, 50)[:, np.newaxis]
    >>> history = model.fit(x, 3 * x, epochs=3, verbose=0).history
    >>> history["loss"][-1] < history["loss"][0]
    True
    """

    def __init__(
        self,
        learning_rate: Rate = 0.01,
        momentum: float = 0.0,
        nesterov: bool = False,
        *common: Any,
        **options: Any,
    ) -> None:
        super().__init__(learning_rate, *common, **options)
        self.momentum = in_range("momentum", momentum, 0.0, 1.0)
        self.nesterov = boolean("nesterov", nesterov)

    @property
    def slot_names(self) -> tuple[str, ...]:  # type: ignore[override]
        """Names of the slots."""
        return ("velocity",) if self.momentum else ()

    def update(
        self,
        values: NDArray[Any],
        gradients: NDArray[Any],
        learning_rate: float,
        decay: float,
    ) -> None:
        """Update weights and slots."""
        core.sgd(
            values,
            gradients,
            self.slots.get("velocity"),
            learning_rate=learning_rate,
            momentum=self.momentum,
            nesterov=self.nesterov,
            decay=decay,
        )

    def get_config(self) -> dict[str, Any]:
        """Return the constructor arguments of this optimizer."""
        return {**super().get_config(), "momentum": self.momentum, "nesterov": self.nesterov}
