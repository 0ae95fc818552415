"""Normalization by the mean and variance of given data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from fastrnn import initializers
from fastrnn.arguments import as_array
from fastrnn.layers.normalization.axes import Axes
from fastrnn.layers.shapes import Shape
from fastrnn.settings import boolean
from fastrnn.workspace import Array

LEAST = 1e-7  # the smallest deviation to divide by, Keras's


class Normalization(Axes):
    """(x − mean) / √variance, with mean and variance of data, which training does not change.

    Parameters
    ----------
    axis : int, sequence of int, or None, default -1
        Axes of features that have their own mean and variance; None: one for all numbers.
    mean, variance : array_like, optional
        If left out, :meth:`adapt` computes both.
    invert : bool, default False
        Whether to compute x · √variance + mean instead.
    **options :
        `name`, `dtype`, `input_shape` of :class:`~fastrnn.layers.Layer`.

    Examples
    --------
    >>> x = np.array([[0.0, 1.0], [2.0, 5.0]])
    >>> (layer := Normalization()).adapt(x)
    >>> layer(x).tolist()
    [[-1.0, -1.0], [1.0, 1.0]]
    """

    _arguments = ("invert",)

    def __init__(
        self,
        axis: int | Sequence[int] | None = -1,
        mean: ArrayLike | None = None,
        variance: ArrayLike | None = None,
        invert: bool = False,
        **options: Any,
    ) -> None:
        super().__init__([] if axis is None else axis, **options)
        given = {"mean": mean, "variance": variance}
        self._given = {name: as_array(name, one) for name, one in given.items() if one is not None}
        if len(self._given) == 1:
            raise ValueError(f"Normalization has {[*self._given]} alone; give both or none")
        self.invert = boolean("invert", invert)

    @property
    def is_per_step(self) -> bool:  # type: ignore[override]
        """Whether it computes each step independently."""
        return self.axis in ([-1], [])

    def build(self, input_shape: Shape) -> None:
        """Create mean and variance as weights, and Keras's count, unless they were given."""
        shape: Any = tuple(input_shape[place] for place in self._places(input_shape))
        if self._given:
            np.broadcast_arrays(np.empty(shape), *self._given.values())  # an error unless they fit
            return
        for name, start in (("mean", "zeros"), ("variance", "ones")):
            self.add_parameter(name, shape, initializers.get(start), trainable=False)
        self.add_parameter("count", (), initializers.get("zeros"), trainable=False)

    def adapt(self, data: ArrayLike) -> None:
        """Compute mean and variance of data, which the layer then uses.

        Parameters
        ----------
        data : array_like of shape (batch, ..., features)

        Raises
        ------
        ValueError
            If mean and variance were given, or the data do not fit the layer.
        """
        array = as_array("data", data)
        if self._given:
            raise ValueError(f"{self.name} has a mean and a variance; leave out adapt")
        if not array.size:
            raise ValueError(f"data has shape {array.shape}; it should be an array of numbers")
        array = array.reshape(-1, 1) if array.ndim == 1 else array
        self.prepare([(None, *array.shape[1:])])
        places = self._places(array.shape)
        others = tuple(place for place in range(array.ndim) if place not in places)
        for name, found in (("mean", array.mean(others)), ("variance", array.var(others))):
            self.parameter(name).value[...] = found

    def _statistic(self, name: str, inputs: Array) -> Any:
        value = self._given[name] if self._given else self.parameter(name).value
        shape = tuple(inputs.shape[place] for place in self._places(inputs.shape))
        return self._spread(np.broadcast_to(value, shape).astype(inputs.dtype), inputs)

    def _deviation(self, inputs: Array) -> Any:
        return np.maximum(np.sqrt(self._statistic("variance", inputs)), inputs.dtype.type(LEAST))

    def call(self, inputs: Array) -> Any:
        """Normalize, or the opposite."""
        mean, deviation = self._statistic("mean", inputs), self._deviation(inputs)
        return mean + inputs * deviation if self.invert else (inputs - mean) / deviation

    def backward(self, gradient: Array, inputs: Array) -> Any:
        """Return the gradient of the input."""
        deviation = self._deviation(inputs)
        return gradient * deviation if self.invert else gradient / deviation

    def get_config(self) -> dict[str, Any]:
        """Return the constructor arguments of this layer."""
        given = {name: one.tolist() for name, one in self._given.items()}
        return {**super().get_config(), "mean": None, "variance": None, **given}
