"""Conversion of a model's inputs to those of the ONNX graph that it was read from.

The model has the batch first, and an input for each state, of which the graph may have several in
one.  With a single sample, all orders of axes have the elements in the same order, so outputs are
compared flat.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


def feeds_of(
    inputs: Sequence[tuple[str, Sequence[int], Any]], names: Sequence[str], x: Sequence[Array]
) -> Iterator[dict[str, Array]]:
    """Yield all possible feeds for the model's inputs.

    Parameters
    ----------
    inputs : sequence of (name, extents, dtype)
        The inputs of the graph; an unknown extent is 0.
    names : sequence of str
        Names of the model's inputs.
    x : sequence of ndarray
        A batch of one sample for each input.
    """
    choices: list[list[Array]] = []
    for name, extents, dtype in inputs:
        stem = re.sub(r"[^\w.-]", "_", name)
        found: dict[tuple[int, ...], Array] = {}
        for given, array in zip(names, x, strict=True):
            part = re.fullmatch(rf"{re.escape(stem)}((?:_\d+)*)", given)
            if part is not None:
                found[tuple(map(int, part[1].split("_")[1:]))] = array
        if not found:
            raise ValueError(f"the model has no input for {name!r} of the graph")
        choices.append([one.astype(dtype) for one in _arranged(extents, found)])
    for chosen in itertools.product(*choices):
        yield {name: array for (name, _, _), array in zip(inputs, chosen, strict=True)}


def _arranged(extents: Sequence[int], parts: dict[tuple[int, ...], Array]) -> Iterator[Array]:
    """Yield the possible arrays of the graph for parts with one sample each."""
    whole = parts.get(())
    if whole is not None:
        # Axes of size one, such as the batch, may be at any position.
        kept = [n for n in whole.shape if n != 1]
        for axes in itertools.combinations(range(len(extents)), len(kept)):
            shape = [1] * len(extents)
            for axis, extent in zip(axes, kept, strict=True):
                shape[axis] = extent
            if _fits(shape, extents):
                yield whole.reshape(shape)
        return
    counts = [max(place) + 1 for place in zip(*parts, strict=True)]
    units = next(iter(parts.values())).shape[-1]
    for at in range(len(extents)):
        for sample in range(len(extents)):
            others = [axis for axis in range(len(extents)) if axis not in (at, sample)]
            shape = [1] * len(extents)
            shape[at] = units
            if at == sample or len(others) != len(counts):
                continue
            for axis, count in zip(others, counts, strict=True):
                shape[axis] = count
            if _fits(shape, extents):
                array = np.empty(shape)
                for place, part in parts.items():
                    index: list[Any] = [0] * len(extents)
                    index[at] = slice(None)
                    for axis, number in zip(others, place, strict=True):
                        index[axis] = number
                    array[tuple(index)] = part[0]
                yield array


def _fits(shape: Sequence[int], extents: Sequence[int]) -> bool:
    return all(extent in (0, n) for n, extent in zip(shape, extents, strict=True))


def as_ours(theirs: Sequence[Array], ours: Sequence[Array]) -> list[Array]:
    """Return a graph's outputs in the shapes of the model's, of which there may be more.

    States that are packed into one output may be in any order: their values are compared sorted.
    """
    left, found = list(ours), []
    for one in theirs:
        flat = np.asarray(one).reshape(-1)
        taken: list[Array] = []
        while left and sum(array.size for array in taken) < flat.size:
            taken.append(left.pop(0))
        mine = np.concatenate([array.reshape(-1) for array in taken] or [flat[:0]])
        if mine.size != flat.size:
            raise ValueError("the graph has outputs of other sizes than the model")
        if np.ndim(one) > 3:
            paired = np.empty_like(flat)
            paired[np.argsort(mine)] = np.sort(flat)
            flat = paired
        at = 0
        for array in taken:
            found.append(flat[at : at + array.size].reshape(array.shape))
            at += array.size
    return found
