"""The names of arrays in a description of a model.

==================================  ==============================================
``layer/weight``                    a weight
``layer///number``                  a weight of a custom layer in a file that has no names for them
``optimizer:slot/layer/weight``     what the optimizer remembers of it
``run:place``                       what a callback or a layer of a training remembers
==================================  ==============================================
"""

from __future__ import annotations

from collections.abc import Iterable

_SLOT, _RUN = "optimizer:", "run:"
#: Before the number of a weight; names of layers and weights have no slash.
_NUMBER = "//"


def slot_name(slot: str, weight: str) -> str:
    """Return the name of a slot of the weight named `weight`."""
    return f"{_SLOT}{slot}/{weight}"


def run_name(place: str) -> str:
    """Return the name of an array in the state of a training, with the path `place`."""
    return _RUN + place


def is_weight(name: str) -> bool:
    """Return whether a name is that of a weight."""
    return ":" not in name


def numbered(place: int) -> str:
    """Return what stands for the name of a custom layer's weight in a file without names."""
    return f"{_NUMBER}{place}"


def prefix_of_numbered(name: str) -> str | None:
    """Return the prefix of the weights of a layer whose weight has a number; None of a name."""
    prefix, found, _ = name.rpartition(_NUMBER)
    return prefix if found and is_weight(name) else None


def slots_in(names: Iterable[str]) -> list[str]:
    """Return the names that are those of slots."""
    return [name for name in names if name.startswith(_SLOT)]


def weight_of(name: str) -> str:
    """Return the name of the weight whose slot a tensor is."""
    return name.removeprefix(_SLOT).partition("/")[2]


def slot_of(name: str) -> str:
    """Return which slot of its weight a tensor is."""
    return name.removeprefix(_SLOT).partition("/")[0]


def is_of_run(name: str) -> bool:
    """Return whether a tensor belongs to the state of a training."""
    return name.startswith(_RUN)
