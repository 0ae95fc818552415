"""Penalties on weights, which are added to the training loss, with Keras's names.

A layer takes them as ``kernel_regularizer``, ``recurrent_regularizer``, ``bias_regularizer`` and so
on.  The reported losses of training and evaluation include them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from fastrnn._names import names_of
from fastrnn.arithmetic import quietly
from fastrnn.construction import Constructible
from fastrnn.differentiation import value_and_gradient
from fastrnn.naming import identified, named, read_again, written
from fastrnn.representation import constructor_like
from fastrnn.settings import number

__all__ = [
    "L1",
    "L1L2",
    "L2",
    "Regularizer",
    "deserialize",
    "get",
    "l1",
    "l1_l2",
    "l2",
    "serialize",
]

Array = NDArray[Any]

#: Weights with arguments for regularizers and constraints: ``kernel_regularizer`` and so on.
REGULARIZED = (
    "kernel",
    "recurrent",
    "bias",
    "embeddings",
    "gamma",
    "beta",
    "alpha",
    "depthwise",
    "pointwise",
)


class Regularizer(metaclass=Constructible):
    """A penalty: ``__call__`` of a subclass computes it with NumPy's operations.

    Examples
    --------
    >>> class Sparse(Regularizer):
    ...     def __call__(self, x):
    ...         return 0.1 * np.sum(np.sqrt(np.abs(x) + 1e-6))
    """

    def __call__(self, x: Any) -> Any:
        """Return the penalty of a weight, an array in Keras's order of gates."""
        raise NotImplementedError

    #: Whether the penalty of several samples is the sum of theirs.
    is_sum = False

    @quietly
    def gradient(self, x: Array) -> Any:
        """Return its gradient; by default by automatic differentiation."""
        value, back = value_and_gradient(self, [x])
        return back(np.ones_like(value))

    def get_config(self) -> dict[str, Any]:
        """Return the constructor arguments of this regularizer."""
        return {}

    def __repr__(self) -> str:
        return constructor_like(self, self.get_config())


class L1L2(Regularizer):
    """`l1` times the sum of absolute values plus `l2` times the sum of squares.

    Parameters
    ----------
    l1, l2 : float, default 0

    Examples
    --------
    >>> round(float(L1L2(0.1, 0.1)(np.array([1.0, -2.0]))), 4)
    0.8
    """

    is_sum = True

    def __init__(self, l1: float = 0.0, l2: float = 0.0) -> None:
        self.l1 = number("l1", l1 or 0.0, least=0)
        self.l2 = number("l2", l2 or 0.0, least=0)

    @quietly
    def __call__(self, x: Any) -> Any:
        """Return the penalty."""
        array = np.asarray(x)
        absolute = self.l1 * np.abs(array).sum(dtype=np.float64) if self.l1 else 0.0
        return float(absolute + self.l2 * np.square(array).sum(dtype=np.float64))

    @quietly
    def gradient(self, x: Array) -> Any:
        """Return its gradient; that of the absolute value is 0 at 0."""
        slopes = 2 * self.l2 * x
        return slopes + self.l1 * np.sign(x) if self.l1 else slopes

    def get_config(self) -> dict[str, Any]:
        """Return the constructor arguments of this regularizer."""
        return {"l1": self.l1, "l2": self.l2}


class L1(L1L2):
    """`l1` times the sum of absolute values.

    Parameters
    ----------
    l1 : float, default 0.01

    Examples
    --------
    >>> round(float(L1(0.1)(np.array([1.0, -2.0]))), 4)
    0.3
    """

    def __init__(self, l1: float = 0.01) -> None:
        super().__init__(l1=l1)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor arguments of this regularizer."""
        return {"l1": self.l1}


class L2(L1L2):
    """`l2` times the sum of squares.

    Parameters
    ----------
    l2 : float, default 0.01

    Examples
    --------
    >>> round(float(L2(0.1)(np.array([1.0, -2.0]))), 4)
    0.5
    """

    def __init__(self, l2: float = 0.01) -> None:
        super().__init__(l2=l2)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor arguments of this regularizer."""
        return {"l2": self.l2}


class _Function(Regularizer):
    """A custom function."""

    def __init__(self, function: Callable[[Any], Any]) -> None:
        self._function = function

    def __call__(self, x: Any) -> Any:
        """Return what the function returns."""
        return self._function(x)


def l1_l2(l1: float = 0.01, l2: float = 0.01) -> L1L2:
    """Return an :class:`L1L2`.

    Examples
    --------
    >>> round(float(l1_l2(0.1, 0.1)(np.array([1.0, -2.0]))), 4)
    0.8
    """
    return L1L2(l1, l2)


l1, l2 = L1, L2

_BY_NAME: dict[str, Any] = {
    **{name: one for one in (L1, L2, L1L2) for name in (one.__name__, one.__name__.lower())},
    "l1_l2": l1_l2,
}


def get(identifier: Any) -> Regularizer | None:
    """Return the regularizer that `identifier` names.

    Parameters
    ----------
    identifier : str, Regularizer, class of one, function, dict or None
        A function takes a weight and returns its penalty, with operations of NumPy.  A dict is one
        that :func:`serialize` returned.

    Raises
    ------
    ValueError
        If there is none of that name.
    TypeError
        If it is none of these.

    Examples
    --------
    >>> round(float(get("l2")(np.array([1.0, -2.0]))), 4)
    0.05
    """
    if identifier is None:
        return None
    should = "a name such as 'l2', an object of fastrnn.regularizers, or a function of a weight"
    return identified(
        "regularizer", identifier, Regularizer, _named, deserialize, _of_function, should
    )


def _named(name: str) -> Any:
    return named("regularizer", name, _BY_NAME)


def _of_function(function: Callable[..., Any], **options: Any) -> Regularizer:
    return l1_l2(**options) if function is l1_l2 else _Function(function)


def serialize(regularizer: Regularizer) -> dict[str, Any]:
    """Return a regularizer as a JSON-serializable value for :func:`get`; a function by name.

    Examples
    --------
    >>> serialize(L2(0.1))["class_name"]
    'L2'
    """
    if isinstance(regularizer, _Function):
        function = regularizer._function
        return {"class_name": getattr(function, "__name__", type(function).__name__), "config": {}}
    return written(regularizer)


def deserialize(
    config: dict[str, Any], custom_objects: Mapping[str, Any] | None = None
) -> Regularizer:
    """Return a new regularizer from what :func:`serialize` returned.

    Parameters
    ----------
    config : dict
    custom_objects : dict of str to class or function, optional
        Custom regularizers by name.

    Examples
    --------
    >>> isinstance(deserialize(serialize(L2(0.1))), L2)
    True
    """
    return read_again(config, Regularizer, _named, _of_function, custom_objects)


if not TYPE_CHECKING:
    __getattr__, __dir__ = names_of(__name__, __all__)
