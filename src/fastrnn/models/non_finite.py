"""The error about infinite and NaN gradients."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


class NonFiniteGradientError(ArithmeticError):
    """A gradient has become infinite or NaN; no weight was changed by it.

    Attributes
    ----------
    weights : list of str
        Names of the weights with such gradients, ``layer/weight``, in the order of the layers.
    logs : dict of str to float
        Loss and metrics of the batch.
    measured : sequence of float
        The same as sums with their divisors, for :class:`~fastrnn.models.objective.Means`.
    epoch, step : int or None
        Position in :meth:`fastrnn.models.Model.fit`, both from 0; None outside of it.

    Examples
    --------
    >>> from fastrnn.layers import Dense, Input
    >>> model = Sequential([Input((1,)), Dense(1)])
    >>> model.compile("sgd", "mse")
    >>> try:
    ...     model.train_on_batch(np.array([[1.0]]), np.array([[np.inf]]))
    ... except NonFiniteGradientError as error:
    ...     print("no weight was changed")
    no weight was changed
    """

    def __init__(self, weights: Sequence[str], logs: Mapping[str, float], reason: str) -> None:
        self.weights = list(weights)
        self.logs = dict(logs)
        self.measured: Sequence[float] | NDArray[Any] = ()
        self.reason = reason
        self.epoch: int | None = None
        self.step: int | None = None
        super().__init__(reason)

    def __str__(self) -> str:
        if self.epoch is None or self.step is None:
            return self.reason
        return f"epoch {self.epoch + 1}, step {self.step + 1}: {self.reason}"


def describe(
    names: Sequence[str],
    values: Sequence[Array],
    gradients: Sequence[Array],
    logs: Mapping[str, float],
) -> NonFiniteGradientError:
    """Return an error that names the gradients that are not finite, and suggests a remedy.

    Parameters
    ----------
    names : sequence of str
        Of the weights.
    values, gradients : sequence of ndarray
        The weights and their gradients.
    logs : mapping of str to float
        Loss and metrics of the batch.
    """
    bad = [name for name, g in zip(names, gradients, strict=True) if not np.isfinite(g).all()]
    spoilt = [name for name, v in zip(names, values, strict=True) if not np.isfinite(v).all()]
    found = []
    for name in bad:
        gradient = gradients[names.index(name)]
        where = np.argwhere(~np.isfinite(gradient))
        first = tuple(int(i) for i in where[0])
        index = ", ".join(map(str, first))
        found.append(
            f"{name} ({len(where)} of {gradient.size}, the first {gradient[first]} at [{index}])"
        )
    if spoilt:
        cause = f"the weights themselves are not finite: {', '.join(spoilt)}"
    else:
        cause = "try a smaller learning rate, or clipnorm=1.0 in the optimizer"
    return NonFiniteGradientError(
        bad,
        logs,
        f"the gradient is not finite for {', '.join(found)}; the loss of the batch is "
        f"{logs.get('loss')}; no weight was changed; {cause}",
    )
