"""The activations of cells: their names, and caches that record them."""

from __future__ import annotations

import functools
from typing import Any, ClassVar

#: The values of `activation` and `recurrent_activation`, with Keras's names;
#: ``hard_sigmoid_keras2`` is the hard sigmoid of Keras before version 3.  :mod:`fastrnn.reference`
#: has their definitions.
ACTIVATIONS = (
    "tanh",
    "relu",
    "sigmoid",
    "linear",
    "hard_sigmoid",
    "hard_sigmoid_keras2",
    "softsign",
    "elu",
    "selu",
    "softplus",
    "exponential",
)

#: The activation of the new state and that of the gates.
Activations = tuple[str, str]

#: Those of the papers, which are the defaults.
PLAIN: Activations = ("tanh", "sigmoid")

_ARGUMENTS = ("activation", "recurrent_activation")


class ActivatedCache(tuple[Any, ...]):
    """The cache of a step with activations other than :data:`PLAIN`."""

    __slots__ = ()
    activations: ClassVar[Activations]

    def __reduce__(self) -> tuple[Any, ...]:
        return make_cache, (self.activations, tuple(self))


def check_activations(activation: Any, recurrent_activation: Any = "sigmoid") -> Activations:
    """Return the names of two activations.

    Raises
    ------
    ValueError
        If there is none of that name.
    """
    for argument, name in zip(_ARGUMENTS, (activation, recurrent_activation), strict=True):
        if not isinstance(name, str) or name not in ACTIVATIONS:
            *others, last = map(repr, ACTIVATIONS)
            raise ValueError(f"{argument} must be {', '.join(others)} or {last}, got {name!r}")
    return activation, recurrent_activation


@functools.cache
def cache_type(activations: Activations) -> type[tuple[Any, ...]]:
    """Return the type of the cache of a step with these activations."""
    if activations == PLAIN:
        return tuple
    members = {"__slots__": (), "activations": activations}
    return type(ActivatedCache.__name__, (ActivatedCache,), members)


def make_cache(activations: Activations, entries: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return the cache of a step, which records the activations."""
    return entries if activations == PLAIN else cache_type(activations)(entries)


def activations_of(
    cache: Any, activation: str | None = None, recurrent_activation: str | None = None
) -> Activations:
    """Return the activations that a cache of a step, or of a sequence, was made with.

    Parameters
    ----------
    cache
        A plain tuple or list does not record its activations.
    activation, recurrent_activation : str, optional
        The arguments of the backward function.

    Raises
    ------
    ValueError
        If they differ from those of the cache.
    """
    known = getattr(cache, "activations", None)
    if activation is None and recurrent_activation is None:
        return known or PLAIN
    given = (activation, recurrent_activation)
    named = [said or default for said, default in zip(given, known or PLAIN, strict=True)]
    found = check_activations(*named)
    for argument, name, made_with in zip(_ARGUMENTS, found, known or found, strict=True):
        if name != made_with:
            raise ValueError(f"{argument} is {name!r}, but the cache was made with {made_with!r}")
    return found
