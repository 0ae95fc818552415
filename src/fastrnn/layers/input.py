"""The start of a chain."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from fastrnn.layers.layer import Layer
from fastrnn.layers.symbolic import Shape, SymbolicTensor
from fastrnn.workspace import Workspace


class InputLayer(Layer):
    """What stands for the data in a chain; :func:`Input` makes it.

    Parameters
    ----------
    shape : tuple of int
        Of one sample: (time, features) or (features,); time may be None for any.
    dtype : dtype, default "float32"
        Of the chain, unless its layers say otherwise.
    name : str, optional
    """

    def __init__(
        self, shape: Sequence[int | None], dtype: DTypeLike = "float32", name: str | None = None
    ) -> None:
        super().__init__(name=name or "input_1")
        given = np.dtype(dtype)
        if given.kind not in "iuf" or given == np.float16:
            raise TypeError(f"dtype of Input is {given}; it should be float32 or float64")
        self._dtype = given.newbyteorder("=")
        self.shape: Shape = (None, *_sample_shape(shape))
        self.built = True

    def tensor(self) -> SymbolicTensor:
        """Return the symbolic tensor that stands for the data."""
        return SymbolicTensor(self.shape, self.dtype, self, None)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """Return `input_shape`: data passes as it is."""
        return input_shape

    def workspace(self, source: Workspace, training: bool) -> Workspace:
        """Return `source`: data passes as it is."""
        return source

    def get_config(self) -> dict[str, Any]:
        """Return shape, dtype and name."""
        return {"shape": list(self.shape[1:]), "dtype": self.dtype.name, "name": self.name}


def Input(
    shape: Sequence[int | None], dtype: DTypeLike = "float32", name: str | None = None
) -> SymbolicTensor:
    """Return a symbolic tensor that stands for the data.

    Parameters
    ----------
    shape : tuple of int
        Of one sample, without the batch: (time, features) or (features,).  Time may be None: then
        every batch may have a length of its own.
    dtype : {"float32", "float64"}
        What the chain computes in.  Data of other types is converted on its way in.
    name : str, optional

    Examples
    --------
    >>> from fastrnn.layers import Input
    >>> x = Input((101, 1))
    >>> x.shape
    (None, 101, 1)
    """
    return InputLayer(shape, dtype, name).tensor()


def _sample_shape(shape: Sequence[int | None]) -> tuple[int | None, ...]:
    if isinstance(shape, (str, bytes)) or not isinstance(shape, Sequence):
        raise TypeError(
            f"shape of Input is {shape!r}; it should be a tuple, such as (time, features)"
        )
    sample = tuple(shape)
    for extent in sample:
        whole = isinstance(extent, (int, np.integer)) and not isinstance(extent, bool)
        if extent is not None and not (whole and extent >= 1):
            raise ValueError(f"shape of Input is {sample}; extents should be positive, or None")
    if len(sample) not in (1, 2) or sample[-1] is None:
        raise ValueError(
            f"shape of Input is {sample}; it should be (time, features) or (features,), "
            "with a known number of features"
        )
    return tuple(None if extent is None else int(extent) for extent in sample)
