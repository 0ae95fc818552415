"""Focal losses: cross entropies with lower weights for well classified positions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fastrnn.losses.cross_entropy import EPSILON, smoothed
from fastrnn.losses.formula import FormulaLoss
from fastrnn.settings import boolean, number

Array = NDArray[Any]


class _Focal(FormulaLoss):
    broadcasts = False

    def __init__(
        self,
        alpha: Any,
        gamma: float,
        from_logits: bool,
        label_smoothing: float,
        reduction: Any,
        name: str | None,
    ) -> None:
        super().__init__(reduction, name)
        self.alpha, self.gamma = alpha, number("gamma", gamma, least=0)
        self.from_logits = boolean("from_logits", from_logits)
        self.label_smoothing = number("label_smoothing", label_smoothing, least=0, below=1)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor arguments of this loss."""
        names = ("alpha", "gamma", "from_logits", "label_smoothing")
        return {**super().get_config(), **{name: getattr(self, name) for name in names}}


class BinaryFocalCrossentropy(_Focal):
    """Mean of −(1 − pₜ)^γ log(pₜ), where pₜ is the probability of the target.

    Parameters
    ----------
    apply_class_balancing : bool, default False
        Whether to weight targets of 1 by `alpha`, and targets of 0 by 1 − `alpha`.
    alpha : float, default 0.25
    gamma : float, default 2
        γ.
    from_logits : bool, default False
        Whether the model's output is meant before the sigmoid.
    label_smoothing : float, default 0
        Share of every target that is moved to one half.
    reduction, name :
        See :class:`~fastrnn.losses.Loss`.

    References
    ----------
    T.-Y. Lin, P. Goyal, R. Girshick, K. He, P. Dollár, Focal loss for dense object detection, ICCV
    2017.

    Examples
    --------
    >>> y_true, y_pred = np.array([[0.0, 1.0], [1.0, 0.0]]), np.array([[0.2, 0.8], [0.6, 0.4]])
    >>> round(float(BinaryFocalCrossentropy()(y_true, y_pred)), 4)
    0.0453
    """

    name = "binary_focal_crossentropy"

    def __init__(
        self,
        apply_class_balancing: bool = False,
        alpha: float = 0.25,
        gamma: float = 2.0,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        *,
        reduction: Any = "sum_over_batch_size",
        name: str | None = None,
    ) -> None:
        alpha = number("alpha", alpha, least=0)
        super().__init__(alpha, gamma, from_logits, label_smoothing, reduction, name)
        self.apply_class_balancing = boolean("apply_class_balancing", apply_class_balancing)

    def _parts(self, y_true: Array, y_pred: Array) -> tuple[Array, Array, Array, Array]:
        """Return targets, probabilities, probabilities of the targets, and weights."""
        y = smoothed(y_true, self.label_smoothing, 0.5)
        p = _sigmoid(y_pred) if self.from_logits else y_pred
        clipped = np.clip(p, EPSILON, 1 - EPSILON)
        # As in Keras, the factor uses the probability before clipping.
        right = y * p + (1 - y) * (1 - p)
        weights = y * self.alpha + (1 - y) * (1 - self.alpha) if self.apply_class_balancing else 1
        return y, clipped, right, np.asarray(weights, y_pred.dtype)

    def values(self, y_true: Array, y_pred: Array) -> Any:
        """Return the loss at every position."""
        y, p, right, weights = self._parts(y_true, y_pred)
        entropy = -(y * np.log(p) + (1 - y) * np.log1p(-p))
        return (weights * (1 - right) ** self.gamma * entropy).mean(axis=-1)

    def slopes(self, y_true: Array, y_pred: Array) -> Any:
        """Return its derivative."""
        y, p, right, weights = self._parts(y_true, y_pred)
        entropy = -(y * np.log(p) + (1 - y) * np.log1p(-p))
        wrong, gamma = 1 - right, self.gamma
        raw = _sigmoid(y_pred) if self.from_logits else y_pred
        steep = np.where(raw == p, (p - y) / (p * (1 - p)), 0)
        turn = gamma * np.where(wrong > 0, wrong, 1) ** (gamma - 1) if gamma else 0
        slopes = wrong**gamma * steep - np.where(wrong > 0, turn, 0) * (2 * y - 1) * entropy
        if self.from_logits:
            slopes = slopes * raw * (1 - raw)
        return weights * slopes / y_pred.shape[-1]

    def get_config(self) -> dict[str, Any]:
        """Return the constructor arguments of this loss."""
        return {**super().get_config(), "apply_class_balancing": self.apply_class_balancing}


class CategoricalFocalCrossentropy(_Focal):
    """−Σ α (1 − p)^γ y_true log(p) over the classes.

    Parameters
    ----------
    alpha : float or list of float, default 0.25
        Weight of all classes, or of each.
    gamma : float, default 2
        γ.
    from_logits : bool, default False
        Whether the model's output is meant before the softmax.
    label_smoothing : float, default 0
        Share of every target that is spread evenly over the classes.
    reduction, name :
        See :class:`~fastrnn.losses.Loss`.

    Examples
    --------
    >>> y_true, y_pred = np.array([[0.0, 1.0], [1.0, 0.0]]), np.array([[0.2, 0.8], [0.6, 0.4]])
    >>> round(float(CategoricalFocalCrossentropy()(y_true, y_pred)), 4)
    0.0113
    """

    name = "categorical_focal_crossentropy"

    def __init__(
        self,
        alpha: Any = 0.25,
        gamma: float = 2.0,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        *,
        reduction: Any = "sum_over_batch_size",
        name: str | None = None,
    ) -> None:
        alpha = [number("alpha", a) for a in alpha] if np.ndim(alpha) else number("alpha", alpha)
        super().__init__(alpha, gamma, from_logits, label_smoothing, reduction, name)

    def _parts(self, y_true: Array, y_pred: Array) -> tuple[Array, Array, Array]:
        y = smoothed(y_true, self.label_smoothing, 1 / y_true.shape[-1])
        if self.from_logits:
            shares = np.exp(y_pred - y_pred.max(axis=-1, keepdims=True))
        else:
            shares = y_pred
        shares = shares / shares.sum(axis=-1, keepdims=True)
        return (
            y * np.asarray(self.alpha, y_pred.dtype),
            shares,
            np.clip(shares, EPSILON, 1 - EPSILON),
        )

    def values(self, y_true: Array, y_pred: Array) -> Any:
        """Return the loss at every position."""
        y, _, p = self._parts(y_true, y_pred)
        return -((1 - p) ** self.gamma * y * np.log(p)).sum(axis=-1)

    def slopes(self, y_true: Array, y_pred: Array) -> Any:
        """Return its derivative."""
        y, shares, p = self._parts(y_true, y_pred)
        turn = self.gamma * (1 - p) ** (self.gamma - 1) * np.log(p) if self.gamma else 0
        slopes = np.where(shares == p, y * (turn - (1 - p) ** self.gamma / p), 0)
        along = slopes - (slopes * shares).sum(axis=-1, keepdims=True)
        if self.from_logits:
            return shares * along
        return along / y_pred.sum(axis=-1, keepdims=True)


def _sigmoid(x: Array) -> Array:
    return np.asarray(1 / (1 + np.exp(-x)))


def _function(loss: type[FormulaLoss], name: str) -> Callable[..., Array]:
    def function(y_true: ArrayLike, y_pred: ArrayLike, **options: Any) -> Array:
        return loss(**options).call(y_true, y_pred)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"""Return the loss of :class:`{loss.__name__}` at every position.

    Examples
    --------
    >>> {name}(np.array([[0.0, 1.0]]), np.array([[0.2, 0.8]])).shape
    (1,)
    """
    return function


binary_focal_crossentropy = _function(BinaryFocalCrossentropy, "binary_focal_crossentropy")
categorical_focal_crossentropy = _function(
    CategoricalFocalCrossentropy, "categorical_focal_crossentropy"
)
