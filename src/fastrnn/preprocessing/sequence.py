"""Padding sequences of different lengths to one array."""

from __future__ import annotations

from collections.abc import Iterable, Sequence, Sized
from itertools import islice
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import DTypeLike, NDArray

from fastrnn._names import names_of
from fastrnn.arguments import as_array, fitting
from fastrnn.preprocessing.timeseries import TimeseriesGenerator
from fastrnn.settings import integer

__all__ = ["TimeseriesGenerator", "pad_sequences"]

Side = Literal["pre", "post"]


def pad_sequences(
    sequences: Iterable[Any],
    maxlen: int | None = None,
    dtype: DTypeLike = "int32",
    padding: Side = "pre",
    truncating: Side = "pre",
    value: Any = 0.0,
) -> NDArray[Any]:
    """Pad and truncate sequences to one length.

    Parameters
    ----------
    sequences : iterable of sequences
        Each is a list or an array of shape (length, ...); all share the shape after the length.
    maxlen : int, optional
        The length of the result; that of the longest sequence if left out.
    dtype : dtype, default "int32"
        Of the result.  Use ``object`` or ``"U..."`` for text.
    padding : {"pre", "post"}
        Whether to pad short sequences at the start (as in Keras) or at the end.
    truncating : {"pre", "post"}
        Whether to truncate long sequences at the start (as in Keras) or at the end.
    value : scalar
        Value of the padding.

    Returns
    -------
    ndarray of shape (number of sequences, maxlen, ...)

    Raises
    ------
    TypeError
        If `sequences` holds something without a length or with masked elements, text or complex
        numbers where `dtype` is for real ones, or `value` cannot be of type `dtype`.
    ValueError
        If an option is none of those above, two sequences differ beyond their length, or a number
        does not fit `dtype`: integers hold whole numbers within their range, and no type makes a
        finite number infinite.

    Examples
    --------
    >>> pad_sequences([[1, 2], [3, 4, 5]], padding="post")
    array([[1, 2, 0],
           [3, 4, 5]], dtype=int32)
    """
    for name, side in (("padding", padding), ("truncating", truncating)):
        if side not in ("pre", "post"):
            raise ValueError(f"{name} is {side!r}; it should be 'pre' or 'post'")
    rows = _with_lengths(sequences)
    if maxlen is None:
        length = max((len(row) for row in rows), default=0)
    else:
        length = _checked_length(maxlen)

    dtype = np.dtype(dtype)
    holds_text = dtype.kind in "US" or dtype.kind == "O"
    if isinstance(value, str) and not holds_text:
        raise TypeError(f"value is the text {value!r}, but dtype is {dtype}; use dtype=object")

    first = next(((index, row) for index, row in enumerate(rows) if len(row)), None)
    step_shape = () if first is None else as_array(f"sequences[{first[0]}]", first[1]).shape[1:]
    filling = value if holds_text else fitting(as_array("value", value), dtype, "value")
    result = np.full((len(rows), length, *step_shape), filling, dtype=dtype)
    for index, row in enumerate(rows):
        if not len(row):
            continue
        title = f"sequences[{index}]"
        kept = as_array(title, row if len(row) <= length else _truncated(row, length, truncating))
        if not holds_text:
            kept = fitting(kept, dtype, title)
        if kept.shape[1:] != step_shape:
            raise ValueError(
                f"sequences[{index}] has steps of shape {kept.shape[1:]}; "
                f"they should have shape {step_shape}, as in the sequences before"
            )
        if padding == "post":
            result[index, : len(kept)] = kept
        else:
            result[index, length - len(kept) :] = kept
    return result


def _with_lengths(sequences: Iterable[Any]) -> list[Sequence[Any]]:
    if isinstance(sequences, (str, bytes)) or not hasattr(sequences, "__iter__"):
        raise TypeError(
            f"sequences is of type {type(sequences).__name__}; it should be a list of sequences"
        )
    if isinstance(sequences, np.ndarray):
        sequences = as_array("sequences", sequences)
    rows = _rows(sequences)
    for index, row in enumerate(rows):
        if not hasattr(row, "__len__"):
            raise TypeError(
                f"sequences[{index}] is of type {type(row).__name__}; it should be a sequence "
                "(`sequences` is a list of lists)"
            )
    return rows


def _rows(sequences: Iterable[Any]) -> list[Any]:
    """Return the sequences; of an object with a length, only that many are read."""
    if not isinstance(sequences, Sized):
        return list(sequences)
    rows = list(islice(sequences, len(sequences) + 1))
    if len(rows) > len(sequences):
        raise TypeError(
            f"sequences is of type {type(sequences).__name__}, with a length of {len(sequences)} "
            "and more sequences; it should be a list of sequences"
        )
    return rows


def _checked_length(maxlen: int) -> int:
    return integer("maxlen", maxlen, least=0)


def _truncated(row: Sequence[Any], length: int, side: Side) -> Sequence[Any]:
    return row[len(row) - length :] if side == "pre" else row[:length]


if not TYPE_CHECKING:
    __getattr__, __dir__ = names_of(__name__, __all__)
