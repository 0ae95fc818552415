"""Initializers of weights, with Keras's definitions and names.

An initializer is called with a shape and a generator, which layers get from
:func:`fastrnn.set_seed`.  Values are drawn in float64 and rounded, so that a float32 and a float64
model with the same seed start from the same weights.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from fastrnn._names import names_of
from fastrnn.initializers.distributions import (
    Orthogonal,
    RandomNormal,
    RandomUniform,
    TruncatedNormal,
)
from fastrnn.initializers.fixed import Constant, Identity, Ones, Zeros
from fastrnn.initializers.gates import ForgetBias
from fastrnn.initializers.initializer import Initializer, Shape as Shape
from fastrnn.initializers.scaling import (
    GlorotNormal,
    GlorotUniform,
    HeNormal,
    HeUniform,
    LecunNormal,
    LecunUniform,
    VarianceScaling,
)
from fastrnn.naming import identified, named, read_again, snake_case, written

__all__ = [
    "Constant",
    "ForgetBias",
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
    "forget_bias",
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


class _Function(Initializer):
    """A custom function of a shape and, if it has a second parameter, a dtype."""

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
        """The name of the function in files."""
        return str(getattr(self._function, "__name__", type(self._function).__name__))

    def get_config(self) -> dict[str, Any]:
        """Return an empty dict: there are no arguments."""
        return {}


constant = Constant
forget_bias = ForgetBias
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
    ForgetBias,
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
    """Return the initializer for an identifier.

    Parameters
    ----------
    identifier : str, Initializer, class of Initializer, function, or dict
        A function takes a shape, and a dtype if it has a second parameter, and returns an array of
        any real type, in Keras's order of gates.  A dict is one that :func:`serialize` returned.

    Raises
    ------
    ValueError
        If there is none of that name.
    TypeError
        If it is none of these.

    Examples
    --------
    >>> get("zeros")((2,))
    array([0., 0.], dtype=float32)
    """
    should = (
        "a name such as 'glorot_uniform', an object of fastrnn.initializers, or a function of a "
        "shape"
    )
    return identified(
        "initializer", identifier, Initializer, _named, deserialize, _Function, should
    )


def _named(name: str) -> Any:
    return named("initializer", name, _BY_NAME)


def deserialize(
    config: dict[str, Any], custom_objects: Mapping[str, Any] | None = None
) -> Initializer:
    """Return a new initializer from what :func:`serialize` returned.

    Parameters
    ----------
    config : dict
    custom_objects : dict of str to class or function, optional
        Custom initializers by name.

    Examples
    --------
    >>> deserialize(serialize(Ones()))((2,))
    array([1., 1.], dtype=float32)
    """
    return read_again(config, Initializer, _named, _Function, custom_objects)


def drawn(
    initializer: Initializer, shape: Shape, dtype: DTypeLike, rng: np.random.Generator | None
) -> NDArray[Any]:
    """Return initial values for a layer; custom initializers need not accept a generator."""
    if "rng" in inspect.signature(type(initializer).__call__).parameters:
        return initializer(shape, dtype, rng)
    return np.asarray(initializer(shape, dtype=dtype), dtype)


def is_even(initializer: Initializer) -> bool:
    """Return whether an initializer is one of this package that treats all gates alike."""
    if isinstance(initializer, Constant) and np.ndim(initializer.value):
        return False
    return type(initializer) in _CLASSES and not isinstance(initializer, Identity)


def serialize(initializer: Initializer) -> dict[str, Any]:
    """Return an initializer as a JSON-serializable value for :func:`get`; a function by name.

    Examples
    --------
    >>> serialize(Ones())
    {'class_name': 'Ones', 'config': {}}
    """
    if isinstance(initializer, _Function):
        return {"class_name": initializer.function_name, "config": {}}
    return written(initializer)


if not TYPE_CHECKING:
    __getattr__, __dir__ = names_of(__name__, __all__)
