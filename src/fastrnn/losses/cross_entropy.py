"""The base of the cross entropies."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from numpy.typing import ArrayLike, NDArray

from fastrnn.activations import Kernel
from fastrnn.losses.head import DenseTargets, Head
from fastrnn.losses.loss import Loss
from fastrnn.losses.targets import check_dense_targets
from fastrnn.settings import boolean, number
from fastrnn.workspace import Signal

Array = NDArray[Any]

#: Probabilities that are not the output of a softmax or sigmoid are clipped to this distance from 0
#: and 1 before taking logarithms (Keras's value).
EPSILON = 1e-7


@dataclass(frozen=True)
class Heads:
    """The heads of a cross entropy, for different kinds of outputs.

    Attributes
    ----------
    behind_activation : class of Head
        For the output of the activation that makes probabilities; computes the gradient of the
        logits.
    behind_logits : class of Head
    behind_probabilities : class of Head
        For other outputs that are probabilities.
    """

    behind_activation: type[Head]
    behind_logits: type[Head]
    behind_probabilities: type[Head]


class CrossEntropy(Loss):
    """A loss of probabilities or of logits.

    Parameters
    ----------
    from_logits : bool, default False
        Whether the model's output is meant before its softmax or sigmoid.
    reduction, name :
        See :class:`~fastrnn.losses.Loss`.
    """

    #: The loss as a function of targets, predictions and `from_logits`.
    _function: Callable[[ArrayLike, ArrayLike, bool], Array]
    #: The function that turns logits into probabilities.
    _activation: Kernel
    _heads: Heads

    def __init__(
        self,
        from_logits: bool = False,
        reduction: Any = "sum_over_batch_size",
        name: str | None = None,
    ) -> None:
        super().__init__(name, reduction)
        self.from_logits = boolean("from_logits", from_logits)

    def call(self, y_true: ArrayLike, y_pred: ArrayLike) -> Array:
        """Return the loss at every position."""
        return self._function(y_true, y_pred, self.from_logits)

    def check_targets(self, y: Array, output_shape: tuple[int, ...], argument: str) -> Array:
        """Return targets of the shape of the output, or say what is wrong with them."""
        return check_dense_targets(y, output_shape, argument)

    def head(self, last: Signal) -> Head:
        """Return what computes this loss behind the output `last` of a workspace."""
        if self.from_logits:
            return self._heads.behind_logits(last)
        if last.activation is self._activation:
            return self._heads.behind_activation(last)
        return self._heads.behind_probabilities(last)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor arguments of this loss."""
        return {**super().get_config(), "from_logits": self.from_logits}


class SmoothedCrossEntropy(CrossEntropy):
    """A cross entropy with label smoothing.

    Parameters
    ----------
    from_logits : bool, default False
        Whether the model's output is meant before its softmax or sigmoid.
    label_smoothing : float, default 0
        Share of every target, below 1, that is spread evenly over the classes.
    reduction, name :
        See :class:`~fastrnn.losses.Loss`.
    """

    _function: Callable[..., Array]

    def __init__(
        self,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        *,
        reduction: Any = "sum_over_batch_size",
        name: str | None = None,
    ) -> None:
        super().__init__(from_logits, reduction, name)
        self.label_smoothing = number("label_smoothing", label_smoothing, least=0, below=1)

    @staticmethod
    def even(features: int) -> float:
        """Return the targets of maximum smoothing."""
        return 1 / features

    def call(self, y_true: ArrayLike, y_pred: ArrayLike) -> Array:
        """Return the loss at every position."""
        return self._function(y_true, y_pred, self.from_logits, self.label_smoothing)

    def head(self, last: Signal) -> Head:
        """Return what computes this loss behind the output `last` of a workspace."""
        head = super().head(last)
        if self.label_smoothing:
            assert isinstance(head, DenseTargets)
            head.smooth(self.label_smoothing, self.even(head.features))
        return head

    def get_config(self) -> dict[str, Any]:
        """Return the constructor arguments of this loss."""
        config = super().get_config()
        if self.label_smoothing:  # so that earlier versions can read the files
            config["label_smoothing"] = self.label_smoothing
        return config


def smoothed(targets: Array, smoothing: float, even: float) -> Array:
    """Return the smoothed targets."""
    return targets * (1 - smoothing) + smoothing * even if smoothing else targets
