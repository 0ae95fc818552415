"""The base classes of initializers."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy.typing import DTypeLike, NDArray

from fastrnn import seeding
from fastrnn.arithmetic import quietly
from fastrnn.construction import Constructible, Harmless
from fastrnn.representation import constructor_like

Shape = tuple[int, ...]


class Initializer(metaclass=Constructible):
    """Base of all initializers: a subclass defines :meth:`draw`.

    Examples
    --------
    >>> isinstance(Zeros(), Initializer)
    True
    """

    #: Keras's arguments without an effect on what fastrnn computes, at their defaults.
    harmless: ClassVar[Harmless] = {
        "input_axes": ((None,), "a kernel is (inputs, outputs)"),
        "output_axes": ((None,), "a kernel is (inputs, outputs)"),
        "dtype": ((None,), "values are of the type of the layer"),
    }

    @quietly
    def __call__(
        self,
        shape: Shape,
        dtype: DTypeLike = "float32",
        rng: np.random.Generator | None = None,
    ) -> NDArray[Any]:
        """Return an array of initial values.

        Parameters
        ----------
        shape : tuple of int
        dtype : dtype, default "float32"
        rng : numpy.random.Generator, optional
            The random generator; a new one of :func:`fastrnn.set_seed` if left out.
        """
        shape = tuple(int(extent) for extent in shape)
        return self.draw(shape, seeding.generator() if rng is None else rng).astype(dtype)

    def draw(self, shape: Shape, rng: np.random.Generator) -> NDArray[np.float64]:
        """Return float64 values of `shape`, drawn from `rng`."""
        raise NotImplementedError

    def get_config(self) -> dict[str, Any]:
        """Return the constructor arguments of this initializer."""
        return dict(vars(self))

    def __repr__(self) -> str:
        return constructor_like(self, self.get_config())


class Seeded(Initializer):
    """Base of the initializers with an optional seed.

    With a seed, every call with the same shape returns the same values, and the generator is not
    used.
    """

    seed: int | None

    def __call__(
        self,
        shape: Shape,
        dtype: DTypeLike = "float32",
        rng: np.random.Generator | None = None,
    ) -> NDArray[Any]:
        """Return an array of initial values, drawn with the seed if there is one."""
        if self.seed is not None:
            rng = np.random.Generator(np.random.PCG64(self.seed))
        return super().__call__(shape, dtype, rng)
