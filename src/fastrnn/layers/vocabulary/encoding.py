"""The output modes of vocabularies."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastrnn.layers.symbolic import SymbolicTensor
from fastrnn.layers.vocabulary.terms import Terms

Array = NDArray[Any]
#: Indices, or a row for every sample with one number for each term.
OUTPUT_MODES = ("int", "one_hot", "multi_hot", "count", "tf_idf")


def check_mode(mode: Any, known: Sequence[str] = OUTPUT_MODES) -> str:
    """Return an output mode; the error lists those allowed."""
    if mode not in known:
        raise ValueError(f"output_mode is {mode!r}; it should be one of {tuple(known)}")
    return str(mode)


def encoded(terms: Terms, rows: Any, mode: str) -> Array:
    """Return a row of numbers for each row of indices, one number for each term."""
    size = terms.vocabulary_size()
    counts = [np.bincount(np.asarray(row, int), minlength=size) for row in rows]
    found = np.array(counts, np.float32).reshape(len(rows), size)
    if mode == "tf_idf":
        assert terms.idf_weights is not None
        found *= terms.idf_weights
    elif mode != "count":
        np.minimum(found, 1, out=found)
    if terms.pad_to_max_tokens and terms.max_tokens is not None:
        found = np.pad(found, ((0, 0), (0, terms.max_tokens - size)))
    return found


def check_ready(terms: Terms, inputs: Any) -> None:
    """Raise an error unless there is a vocabulary, and it is called on data."""
    title = type(terms).__name__
    if isinstance(inputs, SymbolicTensor):
        raise TypeError(
            f"{title} was called on a tensor of a model, which holds numbers; "
            "call it on the data, and give the model Input((steps,), dtype='int32')"
        )
    if not terms._places:
        raise ValueError(f"{title} has no vocabulary; call adapt(data) first")
