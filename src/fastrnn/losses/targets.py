"""Reading targets and predictions, for losses and metrics."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fastrnn.arguments import as_array

Array = NDArray[Any]


def check_dense_targets(
    y: Array, output_shape: tuple[int, ...], argument: str, broadcasts: bool = False
) -> Array:
    """Return real targets of the shape of the output, or say what is wrong with them.

    With `broadcasts`, targets that NumPy would repeat for the output are repeated, with a warning;
    and where the output has one feature, they may have several, each of which it is compared with.
    Keras does so too, in silence, and scripts go by it without their authors' knowing.
    """
    if y.dtype.kind not in "biuf" or y.dtype == np.float16:
        raise TypeError(f"{argument} is of type {y.dtype}; it should be real numbers")
    if y.shape == output_shape:
        return y
    if output_shape[-1] == 1 and y.shape == output_shape[:-1]:
        return y[..., np.newaxis]
    samples = output_shape[0]
    if len(output_shape) == 3 and output_shape[-1] == 1 and y.shape in ((samples,), (samples, 1)):
        warnings.warn(
            f"{argument} has shape {y.shape}, and the output {output_shape}: every step is "
            "compared with the one number of its sample; leave out return_sequences=True if only "
            "the last step should be",
            stacklevel=2,
        )
        return np.broadcast_to(y.reshape(samples, 1, 1), output_shape)
    found = _repeated(y, output_shape) if broadcasts else None
    if found is None:
        raise ValueError(
            f"{argument} has shape {y.shape}; it should be {output_shape}, as the output"
        )
    warnings.warn(
        f"{argument} has shape {y.shape}, and the output {output_shape}: every target is compared "
        "with every number of the output that NumPy's broadcasting puts beside it, as in Keras; "
        "give both the same shape if that is not what you want",
        stacklevel=2,
    )
    return found


def _repeated(y: Array, output_shape: tuple[int, ...]) -> Array | None:
    """Return targets as they stand beside the output in Keras, or None if they cannot."""
    if y.ndim == 1 and len(output_shape) == 2:
        y = y[..., np.newaxis]
    elif y.ndim == len(output_shape) + 1 and y.shape[-1] == 1:
        y = y[..., 0]
    if y.ndim != len(output_shape) or y.shape[0] != output_shape[0]:
        return None
    shape = output_shape if output_shape[-1] > 1 else (*output_shape[:-1], y.shape[-1])
    try:
        return np.broadcast_to(y, shape)
    except ValueError:
        return None


def real_arrays(
    y_true: ArrayLike, y_pred: ArrayLike, broadcasts: bool = False
) -> tuple[Array, Array]:
    """Return targets and predictions of one shape and a floating type."""
    predictions = real_predictions(y_pred)
    given = as_array("y_true", y_true)
    targets = check_dense_targets(given, predictions.shape, "y_true", broadcasts)
    predictions = np.broadcast_to(predictions, targets.shape)
    return targets.astype(predictions.dtype, copy=False), predictions


def real_predictions(y_pred: ArrayLike) -> Array:
    """Return predictions as float32 or float64 with a last axis of features."""
    predictions = as_array("y_pred", y_pred)
    if predictions.dtype.kind not in "biuf" or predictions.dtype == np.float16:
        raise TypeError(f"y_pred is of type {predictions.dtype}; it should be float32 or float64")
    if not predictions.ndim:
        raise ValueError("y_pred is a single number; it should have features on its last axis")
    return predictions if predictions.dtype == np.float32 else predictions.astype(np.float64)
