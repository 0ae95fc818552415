"""Stochastic gradient descent."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

from fastrnn._core import optimizer as core
from fastrnn.optimizers.optimizer import Optimizer, alias, in_range


class SGD(Optimizer):
    """Steps against the gradient, with momentum where wanted.

    Without momentum, p ← p − ηg.  With it, v ← μv − ηg and p ← p + v, or, with `nesterov`,
    p ← p + μv − ηg.

    Parameters
    ----------
    learning_rate : float, default 0.01
        η.
    momentum : float, default 0
        μ, at least 0 and below 1.
    nesterov : bool, default False
    lr : float, optional
        Keras's older name of `learning_rate`.
    """

    def __init__(
        self,
        learning_rate: float = 0.01,
        momentum: float = 0.0,
        nesterov: bool = False,
        *,
        lr: float | None = None,
    ) -> None:
        super().__init__(alias(learning_rate, lr))
        self.momentum = in_range("momentum", momentum, 0.0, 1.0)
        self.nesterov = bool(nesterov)
        self.slot_names = ("velocity",) if self.momentum else ()

    def apply(self, values: NDArray[Any], gradients: NDArray[Any]) -> None:
        """Make one step."""
        self.build(values)
        core.sgd(
            values,
            gradients,
            self.slots.get("velocity"),
            self.learning_rate,
            self.momentum,
            self.nesterov,
        )
        self.iterations += 1

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that would make this optimizer again."""
        return {**super().get_config(), "momentum": self.momentum, "nesterov": self.nesterov}
