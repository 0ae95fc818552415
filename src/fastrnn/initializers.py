"""First values of weights, with Keras's definitions and names.

An initializer is called with a shape and draws from the generator it is given; layers hand over one
that comes from :func:`fastrnn.set_seed`.  Draws are made in float64 and rounded, so that a float32
and a float64 model of one seed start from the same weights.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import DTypeLike, NDArray

from fastrnn import seeding
from fastrnn._names import names_of
from fastrnn.arithmetic import quietly
from fastrnn.construction import Constructible, Harmless
from fastrnn.settings import number

__all__ = [
    "Constant",
    "GlorotNormal",
    "GlorotUniform",
    "Initializer",
    "Ones",
    "Orthogonal",
    "RandomNormal",
    "RandomUniform",
    "Zeros",
    "get",
    "glorot_normal",
    "glorot_uniform",
    "ones",
    "orthogonal",
    "random_normal",
    "random_uniform",
    "serialize",
    "zeros",
]

Shape = tuple[int, ...]


class Initializer(metaclass=Constructible):
    """Base of all initializers: a subclass says in :meth:`draw` what it draws."""

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
        """Return an array of first values.

        Parameters
        ----------
        shape : tuple of int
        dtype : dtype, default "float32"
        rng : numpy.random.Generator, optional
            Where to draw from; the next generator of :func:`fastrnn.set_seed` if left out.
        """
        shape = tuple(int(extent) for extent in shape)
        return self.draw(shape, seeding.generator() if rng is None else rng).astype(dtype)

    def draw(self, shape: Shape, rng: np.random.Generator) -> NDArray[np.float64]:
        """Return float64 values of `shape`, drawn from `rng`."""
        raise NotImplementedError

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that would make this initializer again."""
        return dict(vars(self))

    def __repr__(self) -> str:
        arguments = ", ".join(f"{name}={value!r}" for name, value in self.get_config().items())
        return f"{type(self).__name__}({arguments})"


class Constant(Initializer):
    """Every weight is `value`."""

    def __init__(self, value: float = 0.0) -> None:
        self.value = number("value", value)

    def draw(self, shape: Shape, rng: np.random.Generator) -> NDArray[np.float64]:
        """Return `value` everywhere; nothing is drawn."""
        return np.full(shape, self.value)


class Zeros(Initializer):
    """Every weight is 0."""

    def draw(self, shape: Shape, rng: np.random.Generator) -> NDArray[np.float64]:
        """Return zeros; nothing is drawn."""
        return np.zeros(shape)


class Ones(Initializer):
    """Every weight is 1."""

    def draw(self, shape: Shape, rng: np.random.Generator) -> NDArray[np.float64]:
        """Return ones; nothing is drawn."""
        return np.ones(shape)


class _Seeded(Initializer):
    """An initializer that may have a seed of its own.

    With a seed, every call draws the same values for the same shape, whatever generator it is
    given.
    """

    seed: int | None

    def __call__(
        self,
        shape: Shape,
        dtype: DTypeLike = "float32",
        rng: np.random.Generator | None = None,
    ) -> NDArray[Any]:
        if self.seed is not None:
            rng = np.random.Generator(np.random.PCG64(self.seed))
        return super().__call__(shape, dtype, rng)


class RandomUniform(_Seeded):
    """Uniform over [minval, maxval)."""

    def __init__(
        self, minval: float = -0.05, maxval: float = 0.05, seed: int | None = None
    ) -> None:
        if not minval <= maxval:
            raise ValueError(f"minval is {minval}; it should not be above maxval, {maxval}")
        self.minval = number("minval", minval)
        self.maxval = number("maxval", maxval)
        self.seed = seeding.checked_seed(seed)

    def draw(self, shape: Shape, rng: np.random.Generator) -> NDArray[np.float64]:
        """Return uniform draws."""
        return rng.uniform(self.minval, self.maxval, shape)


class RandomNormal(_Seeded):
    """Normal, with a mean and a standard deviation."""

    def __init__(self, mean: float = 0.0, stddev: float = 0.05, seed: int | None = None) -> None:
        if not stddev >= 0:
            raise ValueError(f"stddev is {stddev}; it should not be negative")
        self.mean = number("mean", mean)
        self.stddev = number("stddev", stddev)
        self.seed = seeding.checked_seed(seed)

    def draw(self, shape: Shape, rng: np.random.Generator) -> NDArray[np.float64]:
        """Return normal draws."""
        return rng.normal(self.mean, self.stddev, shape)


class GlorotUniform(_Seeded):
    """Uniform over ±√(6 / (fan_in + fan_out)).

    The fans are the two extents of a kernel (n_in, n_out); for a recurrent layer n_out counts the
    columns of all gates together.

    References
    ----------
    X. Glorot, Y. Bengio, Understanding the difficulty of training deep feedforward neural networks,
    AISTATS 2010, equation 16.
    """

    def __init__(self, seed: int | None = None) -> None:
        self.seed = seeding.checked_seed(seed)

    def draw(self, shape: Shape, rng: np.random.Generator) -> NDArray[np.float64]:
        """Return uniform draws within the limit."""
        limit = math.sqrt(6.0 / max(1, sum(_fans(shape))))
        return rng.uniform(-limit, limit, shape)


class GlorotNormal(_Seeded):
    """Normal with standard deviation √(2 / (fan_in + fan_out)), cut off at two of them.

    As in Keras, the deviation is that of the cut-off distribution.
    """

    def __init__(self, seed: int | None = None) -> None:
        self.seed = seeding.checked_seed(seed)

    def draw(self, shape: Shape, rng: np.random.Generator) -> NDArray[np.float64]:
        """Return draws of the cut-off normal."""
        # The standard deviation of a standard normal that is cut off at -2 and 2.
        cut_off_deviation = 0.87962566103423978
        deviation = math.sqrt(2.0 / max(1, sum(_fans(shape)))) / cut_off_deviation
        values = rng.standard_normal(shape)
        while (outside := np.abs(values) > 2).any():
            values[outside] = rng.standard_normal(int(outside.sum()))
        return values * deviation


class Orthogonal(_Seeded):
    """A matrix with orthonormal rows or columns, whichever are fewer, times `gain`.

    It is the Q of a QR decomposition of normal draws, its signs fixed so that it is uniform over
    all such matrices.  As in Keras, a recurrent kernel (n_s, G·n_s) is one such matrix as a whole.

    References
    ----------
    A. Saxe, J. McClelland, S. Ganguli, Exact solutions to the nonlinear dynamics of learning in
    deep linear neural networks, ICLR 2014.
    """

    def __init__(self, gain: float = 1.0, seed: int | None = None) -> None:
        self.gain = number("gain", gain)
        self.seed = seeding.checked_seed(seed)

    def draw(self, shape: Shape, rng: np.random.Generator) -> NDArray[np.float64]:
        """Return the orthogonal matrix."""
        if len(shape) < 2:
            raise ValueError(f"shape is {shape}; an orthogonal matrix needs two extents or more")
        rows, columns = math.prod(shape[:-1]), shape[-1]
        q, r = np.linalg.qr(rng.standard_normal((max(rows, columns), min(rows, columns))))
        q *= np.where(np.diag(r) < 0, -1.0, 1.0)
        return self.gain * (q.T if rows < columns else q).reshape(shape)


def _fans(shape: Shape) -> tuple[int, int]:
    if not shape:
        return 1, 1
    if len(shape) == 1:
        return shape[0], shape[0]
    receptive = math.prod(shape[:-2])
    return shape[-2] * receptive, shape[-1] * receptive


glorot_normal = GlorotNormal
glorot_uniform = GlorotUniform
ones = Ones
orthogonal = Orthogonal
random_normal = RandomNormal
random_uniform = RandomUniform
zeros = Zeros

_CLASSES: tuple[type[Initializer], ...] = (
    Constant,
    GlorotNormal,
    GlorotUniform,
    Ones,
    Orthogonal,
    RandomNormal,
    RandomUniform,
    Zeros,
)
_BY_NAME: dict[str, type[Initializer]] = {c.__name__: c for c in _CLASSES} | {
    "constant": Constant,
    "glorot_normal": GlorotNormal,
    "glorot_uniform": GlorotUniform,
    "normal": RandomNormal,
    "ones": Ones,
    "one": Ones,
    "orthogonal": Orthogonal,
    "random_normal": RandomNormal,
    "random_uniform": RandomUniform,
    "uniform": RandomUniform,
    "zero": Zeros,
    "zeros": Zeros,
}

Identifier = str | Initializer | type[Initializer] | Callable[..., NDArray[Any]] | dict[str, Any]


def get(identifier: Identifier) -> Initializer:
    """Return the initializer that `identifier` names.

    Parameters
    ----------
    identifier : str, Initializer, class of Initializer, or dict
        A dict is what :func:`serialize` returns.

    Raises
    ------
    ValueError
        If there is none of that name.
    TypeError
        If it is none of these.
    """
    if isinstance(identifier, Initializer):
        return identifier
    if isinstance(identifier, type) and issubclass(identifier, Initializer):
        return identifier()
    if isinstance(identifier, dict):
        return _class_of(str(identifier.get("class_name")))(**identifier.get("config", {}))
    if isinstance(identifier, str):
        return _class_of(identifier)()
    raise TypeError(
        f"initializer is of type {type(identifier).__name__}; it should be a name such as "
        "'glorot_uniform' or an object of fastrnn.initializers"
    )


def is_builtin(initializer: Initializer) -> bool:
    """Return whether an initializer is one of this module's, to which all gates are alike."""
    return type(initializer) in _CLASSES


def _class_of(name: str) -> type[Initializer]:
    if name not in _BY_NAME:
        raise ValueError(f"initializer is {name!r}; it should be one of {sorted(_BY_NAME)}")
    return _BY_NAME[name]


def serialize(initializer: Initializer) -> dict[str, Any]:
    """Return `initializer` as a dict that JSON can hold and :func:`get` reads."""
    return {"class_name": type(initializer).__name__, "config": initializer.get_config()}


if not TYPE_CHECKING:
    __getattr__, __dir__ = names_of(__name__, __all__)
