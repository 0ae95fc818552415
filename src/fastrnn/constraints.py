"""Constraints on weights, which are applied after every training step, with Keras's names.

A layer takes them as ``kernel_constraint``, ``recurrent_constraint``, ``bias_constraint`` and so
on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from fastrnn._names import names_of
from fastrnn.arithmetic import quietly
from fastrnn.construction import Constructible
from fastrnn.naming import identified, named, read_again, written
from fastrnn.representation import constructor_like
from fastrnn.settings import number

__all__ = [
    "Constraint",
    "MaxNorm",
    "MinMaxNorm",
    "NonNeg",
    "UnitNorm",
    "deserialize",
    "get",
    "max_norm",
    "maxnorm",
    "min_max_norm",
    "non_neg",
    "nonneg",
    "serialize",
    "unit_norm",
    "unitnorm",
]

Array = NDArray[Any]
#: Added by Keras to a norm before dividing by it.
EPSILON = 1e-7


class Constraint(metaclass=Constructible):
    """A constraint: ``__call__`` of a subclass returns the constrained weight.

    Examples
    --------
    >>> class Symmetric(Constraint):
    ...     def __call__(self, w):
    ...         return (w + w.T) / 2
    """

    def __call__(self, w: Array) -> Any:
        """Return the constrained weight; `w` has its gates in Keras's order."""
        raise NotImplementedError

    def get_config(self) -> dict[str, Any]:
        """Return the constructor arguments of this constraint."""
        return {}

    def __repr__(self) -> str:
        return constructor_like(self, self.get_config())


class _OfNorms(Constraint):
    """Rescales weights to given norms along some axes."""

    def __init__(self, axis: Any) -> None:
        axes = axis if isinstance(axis, (list, tuple)) else [axis]
        if not all(isinstance(one, (int, np.integer)) for one in axes):
            raise TypeError(f"axis is {axis!r}; it should be an integer or several")
        self.axis = [int(one) for one in axes]

    @quietly
    def __call__(self, w: Array) -> Array:
        """Return the rescaled weight."""
        array = np.asarray(w)
        if not all(-array.ndim <= axis < array.ndim for axis in self.axis):
            raise ValueError(f"{self!r} has an axis that a weight of shape {array.shape} lacks")
        norms = np.sqrt(np.square(array).sum(axis=tuple(self.axis), keepdims=True))
        made: Array = array * (self.wanted(norms) / (norms.dtype.type(EPSILON) + norms))
        return made

    def wanted(self, norms: Array) -> Any:
        """Return the constrained norms."""
        raise NotImplementedError

    def get_config(self) -> dict[str, Any]:
        """Return the constructor arguments of this constraint."""
        return {"axis": self.axis if len(self.axis) > 1 else self.axis[0]}


class MaxNorm(_OfNorms):
    """Limit norms to `max_value`; smaller ones are not changed.

    Parameters
    ----------
    max_value : float, default 2
    axis : int or sequence of int, default 0
        Axes of the norms: 0 for the columns of a kernel.
    """

    def __init__(self, max_value: float = 2, axis: Any = 0) -> None:
        super().__init__(axis)
        self.max_value = number("max_value", max_value, least=0)

    def wanted(self, norms: Array) -> Any:
        """Return the limited norms."""
        return np.minimum(norms, norms.dtype.type(self.max_value))

    def get_config(self) -> dict[str, Any]:
        """Return the constructor arguments of this constraint."""
        return {"max_value": self.max_value, **super().get_config()}


class UnitNorm(_OfNorms):
    """Norms of 1.

    Parameters
    ----------
    axis : int or sequence of int, default 0
        As of :class:`MaxNorm`.
    """

    def __init__(self, axis: Any = 0) -> None:
        super().__init__(axis)

    def wanted(self, norms: Array) -> Any:
        """Return ones."""
        return np.ones_like(norms)


class MinMaxNorm(_OfNorms):
    """Norms between two bounds.

    Parameters
    ----------
    min_value, max_value : float, default 0 and 1
    rate : float, default 1
        How far each step moves the norms towards the bounds, from 0 to 1.
    axis : int or sequence of int, default 0
        As of :class:`MaxNorm`.
    """

    def __init__(
        self, min_value: float = 0.0, max_value: float = 1.0, rate: float = 1.0, axis: Any = 0
    ) -> None:
        super().__init__(axis)
        self.min_value = number("min_value", min_value, least=0)
        self.max_value = number("max_value", max_value, least=0)
        self.rate = number("rate", rate, least=0)
        if self.min_value > self.max_value or self.rate > 1:
            raise ValueError(
                f"{self!r} makes no sense: min_value <= max_value and rate <= 1 should"
            )

    def wanted(self, norms: Array) -> Any:
        """Return the norms, moved towards the bounds."""
        kind = norms.dtype.type
        cut = np.clip(norms, kind(self.min_value), kind(self.max_value))
        return kind(self.rate) * cut + kind(1 - self.rate) * norms

    def get_config(self) -> dict[str, Any]:
        """Return the constructor arguments of this constraint."""
        bounds = {"min_value": self.min_value, "max_value": self.max_value, "rate": self.rate}
        return {**bounds, **super().get_config()}


class NonNeg(Constraint):
    """Set negative values to zero."""

    @quietly
    def __call__(self, w: Array) -> Array:
        """Return the weight with negative values set to zero."""
        array = np.asarray(w)
        made: Array = array * (array >= 0)
        return made


class _Function(Constraint):
    """A custom function."""

    def __init__(self, function: Callable[[Array], Any]) -> None:
        self._function = function

    def __call__(self, w: Array) -> Any:
        """Return what the function returns."""
        return self._function(w)


max_norm = maxnorm = MaxNorm
min_max_norm = MinMaxNorm
non_neg = nonneg = NonNeg
unit_norm = unitnorm = UnitNorm

_BY_NAME: dict[str, Any] = {
    "MaxNorm": MaxNorm,
    "MinMaxNorm": MinMaxNorm,
    "NonNeg": NonNeg,
    "UnitNorm": UnitNorm,
    "max_norm": MaxNorm,
    "maxnorm": MaxNorm,
    "min_max_norm": MinMaxNorm,
    "non_neg": NonNeg,
    "nonneg": NonNeg,
    "unit_norm": UnitNorm,
    "unitnorm": UnitNorm,
}


def get(identifier: Any) -> Constraint | None:
    """Return the constraint that `identifier` names.

    Parameters
    ----------
    identifier : str, Constraint, class of one, function, dict or None
        A function takes a weight and returns the constrained one.  A dict is one that
        :func:`serialize` returned.

    Raises
    ------
    ValueError
        If there is none of that name.
    TypeError
        If it is none of these.
    """
    if identifier is None:
        return None
    should = (
        "a name such as 'max_norm', an object of fastrnn.constraints, or a function of a weight"
    )
    return identified("constraint", identifier, Constraint, _named, deserialize, _Function, should)


def _named(name: str) -> Any:
    return named("constraint", name, _BY_NAME)


def serialize(constraint: Constraint) -> dict[str, Any]:
    """Return a constraint as a JSON-serializable value for :func:`get`; a function by name."""
    if isinstance(constraint, _Function):
        function = constraint._function
        return {"class_name": getattr(function, "__name__", type(function).__name__), "config": {}}
    return written(constraint)


def deserialize(
    config: dict[str, Any], custom_objects: Mapping[str, Any] | None = None
) -> Constraint:
    """Return a new constraint from what :func:`serialize` returned.

    Parameters
    ----------
    config : dict
    custom_objects : dict of str to class or function, optional
        Custom constraints by name.
    """
    return read_again(config, Constraint, _named, _Function, custom_objects)


if not TYPE_CHECKING:
    __getattr__, __dir__ = names_of(__name__, __all__)
