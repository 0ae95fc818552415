"""The arguments of the output layer: probabilities, labels and masks."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .arrays import Array, Parameters, read_arrays, refuse
from .reading import as_array
from .recurrent import read_parameters
from .shapes import check_shapes, form


def read_softmax(x: Any) -> Array:
    """Return ``x`` as an array of float64 or float32 with at least one dimension."""
    (array,) = read_arrays(("x",), (x,))
    if array.ndim == 0:
        raise ValueError("x has shape (), expected (n_y, ...): at least one dimension")
    return array


def read_cross_entropy(
    y_pred: Any, targets: Any, mask: Any
) -> tuple[Array, NDArray[np.int64], NDArray[np.bool_] | None]:
    """Return ``y_pred`` (n_y, m, T_x), ``targets`` (m, T_x) and ``mask`` (m, T_x), or None.

    ``targets`` is returned as int64. Labels at masked positions are not read: they are returned as
    0. Labels and mask are copied before the check, since another thread may write to the caller's
    arrays.

    Raises
    ------
    TypeError
        If an argument is no array of numbers, or ``mask`` none of booleans.
    ValueError
        If a shape does not fit, or if a label that counts is a float or outside ``0 <= label <
        n_y``.
    """
    (probabilities,) = read_arrays(("y_pred",), (y_pred,))
    labels, counts = _read_labels(targets, mask)
    _check(("y_pred",), (probabilities,), labels, counts)
    return probabilities, _in_range(labels, counts, probabilities.shape[0]), counts


def read_cross_entropy_backward(
    y_pred: Any, targets: Any, S: Any, parameters_dict: Parameters, mask: Any
) -> tuple[Array, NDArray[np.int64], Array, Array, NDArray[np.bool_] | None]:
    """Return ``y_pred, targets, S, Wy, mask``; see :func:`read_cross_entropy`.

    ``S`` is (n_s, m, T_x) and ``Wy`` (n_y, n_s), in one type with ``y_pred``. Of
    ``parameters_dict`` only ``Wy`` is read.
    """
    values = (y_pred, S, *read_parameters(parameters_dict, ("Wy",)))
    probabilities, states, weight = read_arrays(("y_pred", "S", "Wy"), values)
    labels, counts = _read_labels(targets, mask)
    _check(("y_pred", "S", "Wy"), (probabilities, states, weight), labels, counts)
    return probabilities, _in_range(labels, counts, weight.shape[0]), states, weight, counts


def _read_labels(targets: Any, mask: Any) -> tuple[NDArray[Any], NDArray[np.bool_] | None]:
    labels = as_array("targets", targets)
    if labels.dtype.kind == "f" and not (isinstance(targets, list | tuple) and labels.size == 0):
        raise ValueError(f"targets must be integer labels, got dtype {labels.dtype}")
    if labels.dtype.kind not in "iuf":
        refuse("targets", "an array of integer labels", targets, labels)
    # With the steps last in memory, as the loss needs them, which avoids another copy.
    labels = np.array(labels, order="F")
    if mask is None:
        return labels, None
    counts = np.array(as_array("mask", mask))
    if counts.dtype.kind != "b" and not (isinstance(mask, list | tuple) and counts.size == 0):
        refuse("mask", "an array of booleans", mask, counts)
    return labels, counts.astype(bool, copy=False)


def _check(
    names: tuple[str, ...],
    arrays: tuple[Array, ...],
    labels: NDArray[Any],
    counts: NDArray[np.bool_] | None,
) -> None:
    shapes = [array.shape for array in (*arrays, labels)]
    of = form((*names, "targets", "mask"))
    check_shapes(of, (*shapes, None if counts is None else counts.shape))


def _in_range(
    labels: NDArray[Any], counts: NDArray[np.bool_] | None, n_y: int
) -> NDArray[np.int64]:
    wrong = (labels < 0) | (labels >= n_y)
    if counts is not None:
        wrong &= counts
    if wrong.any():
        place = tuple(int(i) for i in np.argwhere(wrong)[0])
        raise ValueError(
            f"targets has the label {labels[place]} at {place}, expected 0 <= label < n_y = {n_y}"
        )
    if counts is not None:
        labels = np.where(counts, labels, 0)
    return np.require(labels, np.int64, "A")


def read_reduction(reduction: Any) -> bool:
    """Return whether the reduction is the mean, and not the sum.

    Raises
    ------
    ValueError
        If `reduction` is neither ``"mean"`` nor ``"sum"``.
    """
    if reduction not in ("mean", "sum"):
        raise ValueError(f"reduction must be 'mean' or 'sum', got {reduction!r}")
    return bool(reduction == "mean")
