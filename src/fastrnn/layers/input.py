"""The inputs of a model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from fastrnn import _older
from fastrnn.construction import with_older_names
from fastrnn.layers.input_shape import batch_extent, of_batch, sample_shape
from fastrnn.layers.layer import Layer
from fastrnn.layers.shapes import Shape
from fastrnn.layers.symbolic import Node, SymbolicTensor
from fastrnn.settings import floatx
from fastrnn.workspace import Signal, Workspace


class InputLayer(Layer):
    """The layer of an input of a model; :func:`Input` creates it.

    Parameters
    ----------
    shape : tuple of int
        Of one sample: (time, features), (features,), or (time,) for tokens; time may be None.
    dtype : dtype, optional
        Dtype of the layers that have none of their own.
    name : str, optional
    batch_size : int, optional
        Samples of every batch; any number if left out.
    batch_shape : tuple of int, optional
        ``(batch_size, *shape)``, instead of these two arguments.

    Examples
    --------
    >>> InputLayer((10, 3)).name.startswith("input")
    True
    """

    #: Keras's arguments without an effect, at their defaults.
    harmless = _older.INPUTS

    def __init__(
        self,
        shape: Sequence[int | None] | None = None,
        batch_size: int | None = None,
        dtype: DTypeLike | None = None,
        name: str | None = None,
        batch_shape: Sequence[int | None] | None = None,
    ) -> None:
        if batch_shape is not None:
            batch_size, shape = of_batch(batch_shape, shape, batch_size)
        if shape is None:
            raise TypeError("Input wants a shape, such as (time, features)")
        super().__init__(name=name or "input_1")
        self.is_named_by_count = not name
        given = np.dtype(dtype or floatx())
        if given.kind not in "biuf" or given == np.float16:
            raise TypeError(
                f"dtype of Input is {given}; it should be float32, float64, or integers for tokens"
            )
        self._dtype = given.newbyteorder("=")
        if batch_size is not None:
            self.batch_size = batch_extent("batch_size", batch_size)
        self.shape: Shape = (self.batch_size, *sample_shape(shape, given.kind in "iu"))
        self.built = True

    def tensor(self) -> SymbolicTensor:
        """Return the symbolic tensor of the input."""
        if self._node is None:
            self._node = Node(self, [], [self.shape])
        return self._node.outputs[0]

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """Return `input_shape`."""
        return input_shape

    def workspace(self, source: Signal, training: bool, *others: Signal) -> Workspace:
        """Raise ``ValueError``: models allocate their inputs themselves."""
        raise TypeError(f"{self.name} stands for data, and computes nothing")

    def get_config(self) -> dict[str, Any]:
        """Return shape, dtype and name, and the batch size if it is fixed."""
        config = {"shape": list(self.shape[1:]), "dtype": self.dtype.name, "name": self.name}
        return config if self.batch_size is None else {**config, "batch_size": self.batch_size}


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
    if isinstance(batch_size, (str, type, np.dtype)):
        # The order of earlier versions: the type, then the name.
        batch_size, dtype, name = None, batch_size, name if dtype is None else str(dtype)
    size: Any = batch_size
    return InputLayer(shape, size, dtype, name, batch_shape).tensor()
