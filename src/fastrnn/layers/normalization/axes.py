"""The base of layers that normalize along axes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from fastrnn.layers.checks import axis_of
from fastrnn.layers.layer import Layer
from fastrnn.layers.shapes import Shape
from fastrnn.workspace import Array


class Axes(Layer):
    """Base of the layers with an argument `axis`, an axis or several behind the batch."""

    supports_masking = True
    #: Whether the axes must have known extents, since weights have them too.
    are_known: ClassVar[bool] = True

    def __init__(self, axis: Any, **options: Any) -> None:
        super().__init__(**options)
        given = axis if isinstance(axis, (list, tuple)) else [axis]
        self.axis = [axis_of(self, one) for one in given]

    @property
    def is_per_step(self) -> bool:  # type: ignore[override]
        """Whether it computes each step independently."""
        return self.axis == [-1]

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """Return `input_shape`."""
        self._places(input_shape)
        return input_shape

    def _places(self, shape: Sequence[Any]) -> list[int]:
        """Return the axes as non-negative indices, after checking that their extents are known."""
        rank = len(shape)
        places = sorted({axis % rank for axis in self.axis if -rank <= axis < rank} - {0})
        unknown = self.are_known and None in [shape[place] for place in places]
        if len(places) < len(self.axis) or unknown:
            raise ValueError(
                f"{self.name} got an input of shape {tuple(shape)}; axis is {self.axis}, which "
                f"should be axes {'of known extent ' * self.are_known}behind the batch"
            )
        return places

    def _spread(self, vector: Array, inputs: Array) -> Array:
        """Return a vector for the axes in a shape that broadcasts to that of the inputs."""
        places = self._places(inputs.shape)
        return vector.reshape([n if p in places else 1 for p, n in enumerate(inputs.shape)])

    def _summed(self, array: Array) -> Array:
        """Return the sum over all other axes."""
        places = self._places(array.shape)
        total: Array = array.sum(axis=tuple(p for p in range(array.ndim) if p not in places))
        return total

    def get_config(self) -> dict[str, Any]:
        """Return the constructor arguments of this layer."""
        axis = self.axis[0] if len(self.axis) == 1 else self.axis
        return {**super().get_config(), "axis": axis}
