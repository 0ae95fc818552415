"""One-hot encoding of classes, and normalization of arrays."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from fastrnn.arguments import as_array
from fastrnn.arithmetic import quietly
from fastrnn.construction import with_older_names
from fastrnn.settings import integer

Array = NDArray[Any]


@with_older_names
def to_categorical(
    x: ArrayLike, num_classes: int | None = None, dtype: DTypeLike = "float64"
) -> Array:
    """Return class numbers as one-hot rows.

    Parameters
    ----------
    x : array_like of int, shape (...) or (..., 1)
        Class indices from 0 to ``num_classes - 1``.  Floats with integer values are accepted.
    num_classes : int, optional
        Inferred from the largest class index if left out.
    dtype : dtype, default "float64"

    Returns
    -------
    ndarray of shape (..., num_classes)

    Raises
    ------
    TypeError
        If `x` does not hold numbers.
    ValueError
        If a class number is negative, too large or not whole, or `x` is empty and `num_classes` is
        left out.

    Examples
    --------
    >>> to_categorical([0, 2], num_classes=3)
    array([[1., 0., 0.],
           [0., 0., 1.]])
    """
    labels = _whole_numbers("x", x)
    if labels.ndim > 1 and labels.shape[-1] == 1:
        labels = labels[..., 0]
    if num_classes is None:
        if not labels.size:
            raise ValueError("x is empty; give num_classes to say how many classes there are")
        num_classes = int(labels.max()) + 1
    else:
        num_classes = integer("num_classes", num_classes, least=1)
    if labels.size and not 0 <= labels.min() <= labels.max() < num_classes:
        wrong = int(labels.min() if labels.min() < 0 else labels.max())
        raise ValueError(f"x holds class {wrong}; classes should be 0 to {num_classes - 1}")
    result = np.zeros((labels.size, num_classes), dtype)
    result[np.arange(labels.size), labels.ravel()] = 1
    return result.reshape(*labels.shape, num_classes)


def _whole_numbers(name: str, value: ArrayLike) -> Array:
    array = as_array(name, value)
    if array.dtype.kind not in "biuf":
        raise TypeError(f"{name} has dtype {array.dtype}; it should hold whole numbers")
    if array.dtype.kind == "f":
        beyond = ~(np.abs(array) < 2.0**62)  # this includes NaN
        if beyond.any() or (array != np.trunc(array)).any():
            raise ValueError(f"{name} holds fractions; it should hold class numbers")
    elif array.dtype.kind == "u" and array.size and int(array.max()) >= 2**62:
        raise ValueError(f"{name} holds {array.max()}; it should hold class numbers")
    return array.astype(np.int64)


@quietly
def normalize(x: ArrayLike, axis: int = -1, order: float = 2) -> Array:
    """Return `x` divided by its norm along an axis; zeros remain zeros.

    Parameters
    ----------
    x : array_like
    axis : int, default -1
    order : int or float, default 2
        As ``ord`` of :func:`numpy.linalg.norm`: 1, 2, ``numpy.inf``...

    Returns
    -------
    ndarray of the shape of `x`

    Raises
    ------
    TypeError
        If `x` does not hold real numbers.

    Examples
    --------
    >>> normalize([[3.0, 4.0], [0.0, 0.0]])
    array([[0.6, 0.8],
           [0. , 0. ]])
    """
    array = as_array("x", x)
    if array.dtype.kind not in "biuf":
        raise TypeError(f"x has dtype {array.dtype}; it should hold real numbers")
    if array.dtype.kind != "f":
        array = array.astype(np.float64)
    norm = np.linalg.norm(array, order, axis, keepdims=True)
    return np.asarray(array / np.where(norm == 0, np.ones_like(norm), norm))
