"""Requirements of custom layers on their inputs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from fastrnn.layers.shapes import Shape
from fastrnn.representation import constructor_like


class InputSpec:
    """Required shape of an input: ``self.input_spec = InputSpec(ndim=3)`` in a custom layer.

    Parameters
    ----------
    dtype : str, optional
        Accepted for compatibility with Keras; not checked, since layers convert their input.
    shape : tuple of int, optional
        Batch first; None for any extent.
    ndim, max_ndim, min_ndim : int, optional
        Number of axes, including the batch.
    axes : dict of int to int, optional
        Required extents of some axes.

    Examples
    --------
    >>> InputSpec(ndim=3).check("mine", (None, 4))
    Traceback (most recent call last):
    ValueError: mine got an input of shape (None, 4); it should have 3 axes
    """

    def __init__(
        self,
        dtype: str | None = None,
        shape: Sequence[int | None] | None = None,
        ndim: int | None = None,
        max_ndim: int | None = None,
        min_ndim: int | None = None,
        axes: Mapping[int, int | None] | None = None,
    ) -> None:
        self.dtype = dtype
        self.shape = None if shape is None else tuple(shape)
        self.ndim = ndim if shape is None else len(shape)
        self.max_ndim, self.min_ndim = max_ndim, min_ndim
        self.axes = {**dict(enumerate(shape or ())), **(axes or {})}

    def __repr__(self) -> str:
        return constructor_like(self)

    def check(self, title: str, shape: Shape) -> None:
        """Raise ``ValueError`` unless a shape, batch first, meets the requirements."""
        rank, said = len(shape), f"{title} got an input of shape {shape}; it should have"
        for wanted, fits, words in (
            (self.ndim, rank == self.ndim, ""),
            (self.max_ndim, rank <= (self.max_ndim or 0), "at most "),
            (self.min_ndim, rank >= (self.min_ndim or 0), "at least "),
        ):
            if wanted is not None and not fits:
                raise ValueError(f"{said} {words}{wanted} axes")
        for axis, extent in self.axes.items():
            if extent is not None and shape[axis] not in (None, extent):
                raise ValueError(f"{said} {extent} in axis {axis}")
