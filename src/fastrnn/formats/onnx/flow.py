"""The values of a graph while it is read as layers, and the layers found so far.

A layer takes (batch, time, features), whatever order of axes the graph has: each axis of a value
has a label, and what only arranges axes only changes labels.

=====  ==================================================
label  axis
=====  ==================================================
B, T   batch, time
F      features
D      directions of a recurrent node, one or two
1      of extent 1, put in by Unsqueeze
N      all steps of all sequences in one axis
=====  ==================================================
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Place = tuple[int, int]


@dataclass(frozen=True)
class Flow:
    """Data on its way through the layers.

    Attributes
    ----------
    place : (int, int)
        The call of a layer, and which of its outputs.
    axes : str
        A label for each axis.
    features : int
        Extent of F; 0 for tokens.
    steps : int or None
        Extent of T, where it is known.
    recurrent : int or None
        The call of a recurrent layer whose steps these are, if only layers that look at one step
        stand between.
    dense : int or None
        The call of a Dense layer that has neither bias nor activation yet.
    is_reversed : bool
        Whether the layer has the steps in the other order than the graph.
    is_state : bool
        Whether it is the last state of a recurrent layer.
    """

    place: Place
    axes: str
    features: int = 0
    steps: int | None = None
    recurrent: int | None = None
    dense: int | None = None
    is_reversed: bool = False
    is_state: bool = False

    def with_axes(self, axes: str) -> Flow:
        """Return the same data with its axes in another order."""
        return replace(self, axes=axes)


@dataclass(frozen=True)
class Sizes:
    """Integers that are made of the extents of data, and not known before there are some."""


@dataclass(frozen=True)
class Repeated:
    """A constant repeated for every sample: zeros, or an initial state that was learned."""

    vector: Array | None


@dataclass(frozen=True)
class StateInput:
    """An input of the graph that is a state, or some part of one."""

    name: str
    part: tuple[int, ...]


@dataclass
class Found:
    """The layers that were found.

    Attributes
    ----------
    layers : list of dict
        ``class_name`` and ``config``.
    reads : list of list of (int, int)
        What each reads.
    tensors : dict of str to ndarray
    notes : list of str
    dtype : str
    """

    dtype: str
    layers: list[dict[str, Any]] = field(default_factory=list)
    reads: list[list[Place]] = field(default_factory=list)
    tensors: dict[str, Array] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    _counts: dict[str, int] = field(default_factory=dict)

    def add(
        self,
        kind: str,
        reads: Sequence[Place],
        weights: dict[str, Array] | None = None,
        name: str = "",
        **config: Any,
    ) -> int:
        """Add a layer; return its call."""
        if not name:
            stem = kind.lower()
            count = self._counts[stem] = self._counts.get(stem, 0) + 1
            name = f"{stem}_{count}"
        named = {"name": name, "dtype": self.dtype, **config}
        self.layers.append({"class_name": kind, "config": named})
        self.reads.append(list(reads))
        for weight, array in (weights or {}).items():
            self.tensors[f"{name}/{weight}"] = np.ascontiguousarray(array)
        return len(self.layers) - 1

    def config(self, place: int) -> dict[str, Any]:
        """Return the arguments of a layer, which may be changed."""
        found: dict[str, Any] = self.layers[place]["config"]
        return found

    def name(self, place: int) -> str:
        """Return the name of a layer."""
        return str(self.config(place)["name"])
