"""First values of weights, with Keras's definitions and names.

An initializer is called with a shape and draws from the generator it is given; layers hand over one
that comes from :func:`fastrnn.set_seed`.  Draws are made in float64 and rounded, so that a float32
and a float64 model of one seed start from the same weights.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from fastrnn import seeding
from fastrnn._names import names_of
from fastrnn.arithmetic import quietly
from fastrnn.construction import Constructible, Harmless
from fastrnn.naming import custom_object_scope, named, snake_case, written
from fastrnn.settings import number

__all__ = [
    "Constant",
    "GlorotNormal",
    "GlorotUniform",
    "HeNormal",
    "HeUniform",
    "Identity",
    "IdentityInitializer",
    "Initializer",
    "LecunNormal",
    "LecunUniform",
    "Ones",
    "Orthogonal",
    "OrthogonalInitializer",
    "RandomNormal",
    "RandomUniform",
    "TruncatedNormal",
    "VarianceScaling",
    "Zeros",
    "constant",
    "deserialize",
    "get",
    "glorot_normal",
    "glorot_uniform",
    "he_normal",
    "he_uniform",
    "identity",
    "lecun_normal",
    "lecun_uniform",
    "ones",
    "orthogonal",
    "random_normal",
    "random_uniform",
    "serialize",
    "truncated_normal",
    "variance_scaling",
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
    """Every weight is `value`: a number, or an array such as known embeddings."""

    def __init__(self, value: ArrayLike = 0.0) -> None:
        if np.ndim(value):
            self.value: Any = np.array(value, np.float64)
        else:
            self.value = number("value", value)

    def draw(self, shape: Shape, rng: np.random.Generator) -> NDArray[np.float64]:
        """Return the value; nothing is drawn."""
        try:
            return np.array(np.broadcast_to(self.value, shape), np.float64)
        except ValueError:
            raise ValueError(
                f"value of Constant has shape {np.shape(self.value)}; the weight has {shape}"
            ) from None

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that would make this initializer again."""
        return {"value": self.value.tolist() if np.ndim(self.value) else self.value}


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


class TruncatedNormal(RandomNormal):
    """Normal, cut off at two standard deviations from its mean."""

    def draw(self, shape: Shape, rng: np.random.Generator) -> NDArray[np.float64]:
        """Return draws of the cut-off normal."""
        return self.mean + self.stddev * _cut_off(shape, rng)


class VarianceScaling(_Seeded):
    """Draws whose variance is `scale` / n, where n follows from the shape.

    The fans are the two extents of a kernel (n_in, n_out), times those before them; for a recurrent
    layer n_out counts the columns of all gates together.

    Parameters
    ----------
    scale : float, default 1
    mode : {"fan_in", "fan_out", "fan_avg"}
        n: the inputs, the outputs, or their mean.
    distribution : {"truncated_normal", "untruncated_normal", "uniform"}
        "normal" is the first; it is cut off at two standard deviations, and `scale` is that of what
        is left.
    seed : int, optional
    """

    def __init__(
        self,
        scale: float = 1.0,
        mode: str = "fan_in",
        distribution: str = "truncated_normal",
        seed: int | None = None,
    ) -> None:
        self.scale = number("scale", scale, above=0)
        self.mode = str(mode).lower()
        self.distribution = str(distribution).lower()
        if self.distribution == "normal":
            self.distribution = "truncated_normal"
        if self.mode not in ("fan_in", "fan_out", "fan_avg"):
            raise ValueError(f"mode is {mode!r}; it should be 'fan_in', 'fan_out' or 'fan_avg'")
        if self.distribution not in ("truncated_normal", "untruncated_normal", "uniform"):
            raise ValueError(
                f"distribution is {distribution!r}; it should be 'truncated_normal', "
                "'untruncated_normal' or 'uniform'"
            )
        self.seed = seeding.checked_seed(seed)

    def draw(self, shape: Shape, rng: np.random.Generator) -> NDArray[np.float64]:
        """Return draws."""
        fan_in, fan_out = _fans(shape)
        n = {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2}[self.mode]
        scale = self.scale / max(1.0, n)
        if self.distribution == "uniform":
            limit = math.sqrt(3 * scale)
            return rng.uniform(-limit, limit, shape)
        if self.distribution == "untruncated_normal":
            return rng.normal(0.0, math.sqrt(scale), shape)
        return _cut_off(shape, rng) * (math.sqrt(scale) / CUT_OFF_DEVIATION)


#: The standard deviation of a standard normal that is cut off at -2 and 2.
CUT_OFF_DEVIATION = 0.87962566103423978


def _cut_off(shape: Shape, rng: np.random.Generator) -> NDArray[np.float64]:
    values = rng.standard_normal(shape)
    while (outside := np.abs(values) > 2).any():
        values[outside] = rng.standard_normal(int(outside.sum()))
    return values


class _Scaled(VarianceScaling):
    """A variance that has a name of its own."""

    _chosen: ClassVar[tuple[float, str, str]]

    def __init__(self, seed: int | None = None) -> None:
        super().__init__(*self._chosen, seed)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that would make this initializer again."""
        return {"seed": self.seed}


class GlorotUniform(_Scaled):
    """Uniform over ±√(6 / (fan_in + fan_out)).

    References
    ----------
    X. Glorot, Y. Bengio, Understanding the difficulty of training deep feedforward neural networks,
    AISTATS 2010, equation 16.
    """

    _chosen = (1.0, "fan_avg", "uniform")


class GlorotNormal(_Scaled):
    """Normal with standard deviation √(2 / (fan_in + fan_out)), cut off at two of them."""

    _chosen = (1.0, "fan_avg", "truncated_normal")


class HeUniform(_Scaled):
    """Uniform over ±√(6 / fan_in).

    References
    ----------
    K. He, X. Zhang, S. Ren, J. Sun, Delving deep into rectifiers, ICCV 2015.
    """

    _chosen = (2.0, "fan_in", "uniform")


class HeNormal(_Scaled):
    """Normal with standard deviation √(2 / fan_in), cut off at two of them."""

    _chosen = (2.0, "fan_in", "truncated_normal")


class LecunUniform(_Scaled):
    """Uniform over ±√(3 / fan_in)."""

    _chosen = (1.0, "fan_in", "uniform")


class LecunNormal(_Scaled):
    """Normal with standard deviation √(1 / fan_in), cut off at two of them."""

    _chosen = (1.0, "fan_in", "truncated_normal")


class Identity(Initializer):
    """`gain` times the identity matrix.

    Of a recurrent kernel (n_s, G·n_s) the first gate of Keras's order has it.

    References
    ----------
    Q. Le, N. Jaitly, G. Hinton, A simple way to initialize recurrent networks of rectified linear
    units, 2015.
    """

    def __init__(self, gain: float = 1.0) -> None:
        self.gain = number("gain", gain)

    def draw(self, shape: Shape, rng: np.random.Generator) -> NDArray[np.float64]:
        """Return the matrix; nothing is drawn."""
        if len(shape) != 2:
            raise ValueError(f"shape is {shape}; an identity matrix has two extents")
        return self.gain * np.eye(*shape)


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


class _Function(Initializer):
    """A function of the user's own, of a shape and, if it has a second argument, a type."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self._function = function

    def draw(self, shape: Shape, rng: np.random.Generator) -> NDArray[np.float64]:
        """Return what the function returns."""
        parameters = inspect.signature(self._function).parameters.values()
        places = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
        if any(p.name == "dtype" or p.kind is p.VAR_KEYWORD for p in parameters):
            found = self._function(shape, dtype="float64")
        else:
            found = self._function(shape, *(["float64"] if len(places) > 1 else []))
        return np.asarray(found, np.float64)

    @property
    def function_name(self) -> str:
        """What files call it."""
        return str(getattr(self._function, "__name__", type(self._function).__name__))

    def get_config(self) -> dict[str, Any]:
        """Return nothing: the function is all."""
        return {}


constant = Constant
glorot_normal, glorot_uniform = GlorotNormal, GlorotUniform
he_normal, he_uniform = HeNormal, HeUniform
lecun_normal, lecun_uniform = LecunNormal, LecunUniform
identity = IdentityInitializer = Identity
ones, zeros = Ones, Zeros
orthogonal = OrthogonalInitializer = Orthogonal
random_normal, random_uniform = RandomNormal, RandomUniform
truncated_normal, variance_scaling = TruncatedNormal, VarianceScaling

_CLASSES: tuple[type[Initializer], ...] = (
    Constant,
    GlorotNormal,
    GlorotUniform,
    HeNormal,
    HeUniform,
    Identity,
    LecunNormal,
    LecunUniform,
    Ones,
    Orthogonal,
    RandomNormal,
    RandomUniform,
    TruncatedNormal,
    VarianceScaling,
    Zeros,
)
_BY_NAME: dict[str, type[Initializer]] = {
    **{one.__name__: one for one in _CLASSES},
    **{snake_case(one.__name__): one for one in _CLASSES},
    "normal": RandomNormal,
    "one": Ones,
    "uniform": RandomUniform,
    "zero": Zeros,
}

Identifier = str | Initializer | type[Initializer] | Callable[..., Any] | dict[str, Any]


def get(identifier: Identifier) -> Initializer:
    """Return the initializer that `identifier` names.

    Parameters
    ----------
    identifier : str, Initializer, class of Initializer, function, or dict
        A function takes a shape, and a type if it has a second argument, and returns an array of
        any real type, in Keras's order of gates.  A dict is what :func:`serialize` returns.

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
        return deserialize(identifier)
    if isinstance(identifier, str):
        return get(named("initializer", identifier, _BY_NAME))
    if not isinstance(identifier, type) and callable(identifier):
        return _Function(identifier)
    raise TypeError(
        f"initializer is of type {type(identifier).__name__}; it should be a name such as "
        "'glorot_uniform', an object of fastrnn.initializers, or a function of a shape"
    )


def deserialize(
    config: dict[str, Any], custom_objects: Mapping[str, Any] | None = None
) -> Initializer:
    """Return a new initializer from what :func:`serialize` returned.

    Parameters
    ----------
    config : dict
    custom_objects : dict of str to class or function, optional
        Initializers of one's own, by name.
    """
    with custom_object_scope(custom_objects):
        found = named("initializer", str(config.get("class_name")), _BY_NAME)
        if isinstance(found, type):
            made: Initializer = found(**(config.get("config") or {}))
            return made
        return get(found)


def drawn(
    initializer: Initializer, shape: Shape, dtype: DTypeLike, rng: np.random.Generator | None
) -> NDArray[Any]:
    """Return first values for a layer: one of the user's own may take no generator, as in Keras."""
    if "rng" in inspect.signature(type(initializer).__call__).parameters:
        return initializer(shape, dtype, rng)
    return np.asarray(initializer(shape, dtype=dtype), dtype)


def is_even(initializer: Initializer) -> bool:
    """Return whether an initializer is one of this module's to which all gates are alike."""
    if isinstance(initializer, Constant) and np.ndim(initializer.value):
        return False
    return type(initializer) in _CLASSES and not isinstance(initializer, Identity)


def serialize(initializer: Initializer) -> dict[str, Any]:
    """Return an initializer as what JSON can hold and :func:`get` reads; a function by its name."""
    if isinstance(initializer, _Function):
        return {"class_name": initializer.function_name, "config": {}}
    return written(initializer)


if not TYPE_CHECKING:
    __getattr__, __dir__ = names_of(__name__, __all__)
