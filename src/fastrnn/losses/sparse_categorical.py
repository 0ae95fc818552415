"""Cross entropy with integer labels."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fastrnn import activations
from fastrnn._core import activation, loss as core
from fastrnn.arguments import as_array
from fastrnn.arithmetic import quietly
from fastrnn.losses.cross_entropy import EPSILON, CrossEntropy, Heads
from fastrnn.losses.head import Head
from fastrnn.losses.targets import real_predictions
from fastrnn.scanning import find
from fastrnn.settings import integer
from fastrnn.workspace import Signal, empty

Array = NDArray[Any]


@quietly
def sparse_categorical_crossentropy(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    from_logits: bool = False,
    ignore_class: int | None = None,
) -> Array:
    """Return −log of the predicted probability of the label, at every position.

    As in Keras, `y_pred` is divided by its sum over the classes, so that outputs of a sigmoid or
    ReLU become a distribution.

    Parameters
    ----------
    y_true : array_like of shape (...) or (..., 1)
        Integer labels; floats with integer values are accepted.
    y_pred : array_like of shape (..., classes)
        Probabilities or unnormalized probabilities, or logits.
    from_logits : bool, default False
    ignore_class : int, optional
        A label at which the loss is 0; it need not be one of the classes.

    Returns
    -------
    ndarray of shape (...)

    Raises
    ------
    ValueError
        If the shapes do not fit, or a label is not one of 0 to classes − 1.

    Examples
    --------
    >>> y_true, y_pred = np.array([1, 0]), np.array([[0.2, 0.8], [0.6, 0.4]])
    >>> sparse_categorical_crossentropy(y_true, y_pred).round(4)
    array([0.2231, 0.5108])
    """
    predictions = real_predictions(y_pred)
    # A copy, so that no other thread can change it between check and use.
    given = np.array(as_array("y_true", y_true))
    given = check_labels(given, predictions.shape, "y_true", ignore_class)
    ignored = None if ignore_class is None else given == ignore_class
    labels = (given if ignored is None else np.where(ignored, 0, given)).astype(np.int64)
    picked = np.take_along_axis(predictions, labels[..., np.newaxis], axis=-1)[..., 0]
    if not from_logits:
        shares = picked / predictions.sum(axis=-1)
        losses = -np.log(np.clip(shares, EPSILON, 1 - EPSILON))
    else:
        highest = predictions.max(axis=-1)
        total = np.exp(predictions - highest[..., np.newaxis]).sum(axis=-1)
        losses = np.log(total) - (picked - highest)
    return np.asarray(losses if ignored is None else np.where(ignored, 0, losses))


class LabelHead(Head):
    """A head whose targets are labels.

    Attributes
    ----------
    ignore_class : int or None
        A label to ignore.
    labels : ndarray of shape (time · batch,)
        `targets`, with ignored labels replaced by a class.
    """

    ignore_class: int | None = None

    def __init__(self, last: Signal) -> None:
        super().__init__(last)
        self._by_step = np.zeros(last.output.shape[:-1], np.int64)
        self.targets = self.labels = self._by_step.reshape(-1)

    def load(self, y: Array) -> None:
        """Copy the labels of a batch, (batch, time, ...) or (batch,).

        Raises
        ------
        ValueError
            If a label is not one of the classes.  All were checked before the training; but a
            callback, another thread, or a process that shares a file may have changed them since,
            so the copy is checked again.
        """
        if y.dtype.kind == "f":
            y = np.array(y)
            self._refuse(y, _no_label(y, self.features, self.ignore_class))
        np.copyto(self._by_step, y.swapaxes(0, 1) if y.ndim > 1 else y, casting="unsafe")
        if self.ignore_class is not None:
            self.labels = np.where(self.targets == self.ignore_class, 0, self.targets)
        # As unsigned numbers, negative ones are large, so one comparison checks both ends.
        if self.labels.size and self.labels.view(np.uint64).max() >= self.features:
            self._refuse(self.labels, _no_label(self.labels, self.features))

    def kept(self) -> Array | None:
        """Return which labels are not to be ignored."""
        return None if self.ignore_class is None else self.targets != self.ignore_class

    @property
    def counts_vary(self) -> bool:
        """Whether the number of positions that count depends on the content of a batch."""
        return self.ignore_class is not None or super().counts_vary

    def _refuse(self, labels: Array, wrong: NDArray[np.bool_]) -> None:
        if wrong.any():
            raise ValueError(
                f"y holds the label {labels[wrong][0]}, which was written to it after the check; "
                f"the output has {self.features} classes, so labels should be whole numbers of 0 "
                f"to {self.features - 1}"
            )


class _SoftmaxHead(LabelHead):
    """The loss of the output of a softmax; computes the gradient of the logits."""

    def __init__(self, last: Signal) -> None:
        super().__init__(last)
        self._probabilities, self._dlogits = self.rows, last.drows
        self.pass_activation()

    def run(self, training: bool) -> float:
        total = core.softmax_cross_entropy(
            self._probabilities,
            self.features,
            self.labels,
            self.weights,
            self.loss_weight / self.denominator,
            dlogits=self._dlogits if training else None,
        )
        return float(total)


class _LogitsHead(_SoftmaxHead):
    """The loss of logits: computes the softmax, but does not change the model's output."""

    def __init__(self, last: Signal) -> None:
        super().__init__(last)
        self.pass_activation(False)
        self._probabilities = empty((len(self.rows), self.features), self.rows.dtype)

    def run(self, training: bool) -> float:
        np.copyto(self._probabilities[:, : self.features], self.output)
        activation.activate("softmax", self._probabilities, self.features)
        return super().run(training)


class _SharesHead(LabelHead):
    """The loss of outputs that are not a softmax: rows are divided by their sum first."""

    def __init__(self, last: Signal) -> None:
        super().__init__(last)
        self._every_row = np.arange(len(self.targets))

    def run(self, training: bool) -> float:
        sums = self.output.sum(axis=1)
        shares = self.output[self._every_row, self.labels] / sums
        clipped = np.clip(shares, EPSILON, 1 - EPSILON)
        if training:
            assert self.gradient is not None
            # A clipped probability has no gradient.
            slopes = np.where(shares == clipped, -1 / clipped, 0) / sums
            # The gradient of the sum in the denominator.
            self.gradient[...] = (-slopes * shares)[:, np.newaxis]
            self.gradient[self._every_row, self.labels] += slopes
            self.average(self.gradient)
        return self.total(-np.log(clipped))


class SparseCategoricalCrossentropy(CrossEntropy):
    """Mean of :func:`sparse_categorical_crossentropy` over all positions.

    Parameters
    ----------
    from_logits : bool, default False
        Whether the model's outputs are logits.
    ignore_class : int, optional
        A label to ignore: without a gradient, and excluded from the mean.  It need not be one of
        the classes.  Metrics do not ignore it, as in Keras.
    reduction, name :
        See :class:`~fastrnn.losses.Loss`.

    Notes
    -----
    If a model ends in a softmax, training combines it with the loss: the gradient of the logits is
    p − onehot, and probabilities are not clipped.

    Examples
    --------
    >>> y_true, y_pred = np.array([1, 0]), np.array([[0.2, 0.8], [0.6, 0.4]])
    >>> round(float(SparseCategoricalCrossentropy()(y_true, y_pred)), 4)
    0.367
    """

    name = "sparse_categorical_crossentropy"
    _function = staticmethod(sparse_categorical_crossentropy)
    _activation = activations.SOFTMAX
    _heads = Heads(_SoftmaxHead, _LogitsHead, _SharesHead)

    def __init__(
        self,
        from_logits: bool = False,
        ignore_class: int | None = None,
        reduction: Any = "sum_over_batch_size",
        *,
        name: str | None = None,
    ) -> None:
        super().__init__(from_logits, reduction, name)
        self.ignore_class = None if ignore_class is None else integer("ignore_class", ignore_class)

    def call(self, y_true: ArrayLike, y_pred: ArrayLike) -> Array:
        """Return the loss at every position."""
        return self._function(y_true, y_pred, self.from_logits, self.ignore_class)

    @quietly
    def __call__(self, y_true: ArrayLike, y_pred: ArrayLike, sample_weight: Any = None) -> Any:
        """Return the losses of all positions, times their weights, reduced."""
        if self.ignore_class is None or self.reduction in (None, "sum"):
            return super().__call__(y_true, y_pred, sample_weight)
        values = self.call(y_true, y_pred)
        kept = as_array("y_true", y_true).reshape(values.shape) != self.ignore_class
        share = kept.mean() if self.reduction == "sum_over_batch_size" else 1.0
        weights = kept.astype(values.dtype)
        if sample_weight is not None:
            given = as_array("sample_weight", sample_weight)
            while given.ndim > values.ndim and given.shape[-1] == 1:
                given = given[..., 0]
            weights = weights * given.reshape(given.shape + (1,) * (values.ndim - given.ndim))
        return super().__call__(y_true, y_pred, weights) / (float(share) or 1.0)

    def check_targets(self, y: Array, output_shape: tuple[int, ...], argument: str) -> Array:
        """Return checked labels of shape (n, time) or (n,)."""
        return check_labels(y, output_shape, argument, self.ignore_class)

    def classes_of(self, y: Array) -> Array:
        """Return the labels."""
        return y if self.ignore_class is None else np.where(y == self.ignore_class, 0, y)

    def head(self, last: Signal) -> Head:
        """Return what computes this loss behind the output `last` of a workspace."""
        head = super().head(last)
        assert isinstance(head, LabelHead)
        head.ignore_class = self.ignore_class
        return head

    def get_config(self) -> dict[str, Any]:
        """Return the constructor arguments of this loss."""
        config = super().get_config()
        if self.ignore_class is not None:
            config["ignore_class"] = self.ignore_class
        return config


def check_labels(
    y: Array, output_shape: tuple[int, ...], argument: str, ignored: int | None = None
) -> Array:
    """Return labels of any type with integer values in the shape ``output_shape[:-1]``.

    The label `ignored` is accepted too.

    Raises
    ------
    TypeError
        If `y` does not hold numbers.
    ValueError
        If the shape does not fit, or a label is not a whole number of 0 to classes − 1; the message
        names the first such label and its index.
    """
    positions, classes = output_shape[:-1], output_shape[-1]
    if y.dtype.kind not in "biuf" or y.dtype == np.float16:
        raise TypeError(f"{argument} is of type {y.dtype}; it should be integer labels")
    if y.shape == (*positions, 1):
        y = y[..., 0]
    if y.shape != positions:
        raise ValueError(
            f"{argument} has shape {y.shape}; it should be {positions} or {(*positions, 1)}: "
            "an integer label for every position of the output"
        )
    place = find(y, lambda part: _no_label(part, classes, ignored))
    if place is not None:
        raise ValueError(
            f"{argument} holds the label {y[place]} at {list(place)}; the output has {classes} "
            f"classes, so labels should be whole numbers of 0 to {classes - 1}"
        )
    return y


def _no_label(y: Array, classes: int, ignored: int | None = None) -> Array:
    """Return where labels are neither integers from 0 to `classes` - 1 nor ignored."""
    outside = (y < 0) | (y >= classes)
    # An infinite number is outside, and a NaN is unequal to everything.
    wrong = outside | (y != np.floor(y)) if y.dtype.kind == "f" else outside
    return wrong if ignored is None else wrong & (y != ignored)
