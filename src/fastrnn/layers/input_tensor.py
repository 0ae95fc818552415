"""The inputs of a model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from fastrnn.construction import with_older_names
from fastrnn.layers.input import InputLayer
from fastrnn.layers.symbolic import SymbolicTensor


@with_older_names
def Input(
    shape: Sequence[int | None] | None = None,
    batch_size: int | DTypeLike | None = None,
    dtype: DTypeLike | None = None,
    batch_shape: Sequence[int | None] | None = None,
    name: str | None = None,
) -> SymbolicTensor:
    """Return a symbolic tensor that stands for the data.

    Parameters
    ----------
    shape : tuple of int
        Of one sample, without the batch: (time, features) or (features,), or (time,) for the
        integer tokens of an `Embedding` or a `CategoryEncoding`.  Time may be None: the length may
        then differ between batches.  Further axes may follow time, such as (time, steps, features)
        for a recurrent layer in a `TimeDistributed`.
    batch_size : int, optional
        Samples of every batch, for stateful models.  A type in this place is `dtype`.
    dtype : {"float32", "float64"}, optional
        Dtype of the computation; :func:`fastrnn.config.floatx` if left out.  Data of other types
        are converted.  For tokens an integer type may be given, and ``"bool"`` for a mask.
    batch_shape : tuple of int, optional
        ``(batch_size, *shape)``, instead of these two arguments.
    name : str, optional

    Examples
    --------
    >>> from fastrnn.layers import Input
    >>> x = Input((101, 1))
    >>> x.shape
    (None, 101, 1)
    """
    size: Any = batch_size
    kind: Any = dtype
    if isinstance(size, (str, type, np.dtype)):
        # The order of earlier versions: the type, then the name.
        size, kind, name = None, size, name if kind is None else str(kind)
    return InputLayer(shape, size, kind, name, batch_shape).tensor()
