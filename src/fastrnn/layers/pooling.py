"""Fewer steps of a sequence: the largest or the mean of several, or of all."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from fastrnn.layers.layer import Layer
from fastrnn.layers.reshaping import channels_last, require_rank
from fastrnn.layers.symbolic import Shape
from fastrnn.layers.windows import Windows, extent, padding_of
from fastrnn.settings import boolean
from fastrnn.workspace import Array, Signal, Workspace, as_rows, empty, zeros


class Pooling(Layer):
    """Base of the layers that make one step of several."""

    def __init__(
        self,
        pool_size: Any = 2,
        strides: Any = None,
        padding: str = "valid",
        data_format: str | None = None,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.pool_size = extent(self, "pool_size", pool_size)
        self.strides = self.pool_size if strides is None else extent(self, "strides", strides)
        self.padding = padding_of(self, padding, ("valid", "same"))
        channels_last(self, data_format)
        self._windows = Windows(self.pool_size, self.strides, self.padding)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """Return (None, windows, features)."""
        steps = self._windows.output_steps(self, input_shape)
        return (input_shape[0], steps, input_shape[2])

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that would make this layer again."""
        sizes = {"pool_size": self.pool_size, "strides": self.strides, "padding": self.padding}
        return {**super().get_config(), **sizes}


class MaxPooling1D(Pooling):
    """The largest of every window of steps, feature by feature.

    Parameters
    ----------
    pool_size : int, default 2
        Steps of a window.
    strides : int, optional
        How far windows are apart; `pool_size` if left out.
    padding : {"valid", "same"}
        Whether windows lie within the sequence, or may reach beyond its ends.
    data_format : {"channels_last"}, optional
    **options :
        `name`, `dtype`, `input_shape` of :class:`~fastrnn.layers.Layer`.

    Notes
    -----
    A mask ends here, as in Keras.
    """

    def call(self, inputs: Array, kept: dict[str, Any]) -> Array:
        """Return the largest of every window."""
        windows = self._windows.of(inputs, -np.inf)
        kept["places"] = places = windows.argmax(axis=-1)[..., np.newaxis]
        return np.take_along_axis(windows, places, axis=-1)[..., 0]

    def backward(self, gradient: Array, inputs: Array, kept: dict[str, Any]) -> Array:
        """Return the gradient at the first place of the largest."""
        dwindows = np.zeros((*gradient.shape, self.pool_size), gradient.dtype)
        np.put_along_axis(dwindows, kept["places"], gradient[..., np.newaxis], axis=-1)
        return self._windows.add_up(dwindows.swapaxes(2, 3), inputs.shape[1])


class AveragePooling1D(Pooling):
    """The mean of every window of steps, of those that lie within the sequence.

    Parameters are those of :class:`MaxPooling1D`; a mask ends here too.
    """

    def call(self, inputs: Array) -> Array:
        """Return the mean of what lies within the sequence."""
        total: Array = self._windows.of(inputs).sum(axis=-1)
        return total / self._counts(inputs)

    def backward(self, gradient: Array, inputs: Array) -> Array:
        """Return equal shares of the gradient."""
        shares = (gradient / self._counts(inputs))[:, :, np.newaxis]
        shape = (*gradient.shape[:2], self.pool_size, gradient.shape[2])
        return self._windows.add_up(np.broadcast_to(shares, shape), inputs.shape[1])

    def _counts(self, inputs: Array) -> Array:
        counts: Array = self._windows.of(np.ones((1, inputs.shape[1], 1), inputs.dtype)).sum(
            axis=-1
        )
        return counts


class GlobalMaxPooling1D(Layer):
    """The largest over all steps: (None, time, features) becomes (None, features).

    Parameters
    ----------
    data_format : {"channels_last"}, optional
    keepdims : bool, default False
        Whether the output is (None, 1, features).
    **options :
        `name`, `dtype`, `input_shape` of :class:`~fastrnn.layers.Layer`.

    Notes
    -----
    A mask ends here, as in Keras: steps that it leaves out take part.
    """

    def __init__(
        self, data_format: str | None = None, keepdims: bool = False, **options: Any
    ) -> None:
        super().__init__(**options)
        channels_last(self, data_format)
        self.keepdims = boolean("keepdims of GlobalMaxPooling1D", keepdims)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """Return `input_shape` without the time."""
        require_rank(self, input_shape, 3, "(None, time, features)")
        middle = (1,) if self.keepdims else ()
        return (input_shape[0], *middle, input_shape[2])

    def call(self, inputs: Array) -> Array:
        """Return the largest."""
        largest: Array = inputs.max(axis=1, keepdims=self.keepdims)
        return largest

    def backward(self, gradient: Array, inputs: Array, output: Array) -> Array:
        """Return the gradient at the largest; equal ones share it."""
        batch, _, features = inputs.shape
        same = inputs == output.reshape(batch, 1, features)
        shares: Array = gradient.reshape(batch, 1, features) / same.sum(axis=1, keepdims=True)
        found: Array = same * shares.astype(gradient.dtype)
        return found

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that would make this layer again."""
        return {**super().get_config(), "keepdims": self.keepdims}


class GlobalAveragePooling1D(Layer):
    """The mean over the steps that count: (None, time, features) becomes (None, features).

    Where no step counts it is zero.

    Parameters
    ----------
    data_format : {"channels_last"}, optional
    keepdims : bool, default False
        Whether the output is (None, 1, features).
    **options :
        `name`, `dtype`, `input_shape` of :class:`~fastrnn.layers.Layer`.
    """

    supports_masking = True

    def __init__(
        self, data_format: str | None = None, keepdims: bool = False, **options: Any
    ) -> None:
        super().__init__(**options)
        channels_last(self, data_format)
        self.keepdims = boolean("keepdims of GlobalAveragePooling1D", keepdims)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """Return `input_shape` without the time."""
        require_rank(self, input_shape, 3, "(None, time, features)")
        middle = (1,) if self.keepdims else ()
        return (input_shape[0], *middle, input_shape[2])

    def carries_mask(self, masked: Sequence[bool]) -> bool:
        """Return False: no step is left."""
        return False

    def workspace(self, source: Signal, training: bool, *others: Signal) -> Workspace:
        """Return buffers for batches of the shape of ``source.output``."""
        return _AverageWorkspace(source, training, self.keepdims)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that would make this layer again."""
        config = super().get_config()
        # Only what differs: earlier versions read files that use nothing new.
        return {**config, "keepdims": True} if self.keepdims else config


class _AverageWorkspace(Workspace):
    """A weight for every step, one divided by how many count, makes sums of means."""

    needs_output = False

    def __init__(self, source: Signal, training: bool, keepdims: bool = False) -> None:
        self._source = source
        self.features = source.features
        steps, batch = source.output.shape[:2]
        dtype: np.dtype[Any] = source.output.dtype
        self._mask = source.mask
        self._shares = np.full((steps, batch, 1), 1 / steps, dtype)
        self._weighted = np.empty((steps, batch, self.features), dtype)
        shape = (1, batch, self.features) if keepdims else (batch, self.features)
        self.output = empty(shape, dtype)
        self._mean = as_rows(self.output)
        if training:
            self.doutput = zeros(shape, dtype)

    def forward(self, training: bool) -> None:
        n = self.features
        if self._mask is not None:
            np.not_equal(self._mask[..., np.newaxis], 0, out=self._shares)
            self._shares /= np.maximum(self._shares.sum(axis=0, keepdims=True), 1)
        np.multiply(self._source.output[..., :n], self._shares, out=self._weighted)
        if self._mask is not None:
            np.copyto(self._weighted, 0, where=self._shares == 0)
        self._weighted.sum(axis=0, out=self._mean[:, :n])

    def backward(self) -> None:
        dx = self._source.doutput
        if dx is not None:
            assert self.drows is not None
            n = self.features
            np.multiply(self._shares, self.drows[:, :n], out=dx[..., :n])
