"""The values of a graph while it is read as layers, and the layers found so far.

A layer takes (batch, time, features), but a graph may have any order of axes: each axis of a value
has a label, and nodes that only rearrange axes change labels.

=====  ==================================================
label  axis
=====  ==================================================
B, T   batch, time F      features D      directions of a recurrent node, one or two 1      of size
1, inserted by Unsqueeze N      all steps of all sequences in one axis
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
    """An output of a layer, with labelled axes.

    Attributes
    ----------
    place : (int, int)
        Index of the call of a layer, and of its output.
    axes : str
        A label for each axis.
    features : int
        Extent of F; 0 for tokens.
    steps : int or None
        Extent of T, if known.
    recurrent : int or None
        Index of the call of the recurrent layer whose steps these are, if only layers that compute
        steps independently are between.
    dense : int or None
        Index of the call of a Dense layer without bias and activation so far.
    is_reversed : bool
        Whether the order of the steps differs from the graph's.
    is_state : bool
        Whether it is the final state of a recurrent layer.
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
    """Integers computed from the shapes of data, unknown before a run."""


@dataclass(frozen=True)
class Repeated:
    """A constant repeated for every sample: zeros, or a trained initial state."""

    vector: Array | None


@dataclass(frozen=True)
class StateInput:
    """An input of the graph that is a state, or a part of one."""

    name: str
    part: tuple[int, ...]


@dataclass
class Found:
    """The layers found so far.

    Attributes
    ----------
    layers : list of dict
        ``class_name`` and ``config``.
    reads : list of list of (int, int)
        The inputs of each layer.
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
        """Return the arguments of a layer, for changes."""
        found: dict[str, Any] = self.layers[place]["config"]
        return found

    def name(self, place: int) -> str:
        """Return the name of a layer."""
        return str(self.config(place)["name"])
