"""The layer of an input of a model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from fastrnn import _older
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
    batch_size : int, optional
        Samples of every batch; any number if left out.
    dtype : dtype, optional
        Dtype of the layers that have none of their own.
    name : str, optional
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
