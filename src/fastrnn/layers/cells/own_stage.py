"""A custom cell in a stream."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastrnn._core.stage import MergeStage, Stage, merge

Array = NDArray[Any]


class CellStage(MergeStage):
    """The stage of a custom cell, whose states are arrays of its own."""

    carried: list[Array]

    def states(self) -> list[Array]:
        """Return the current states, (streams, size) each."""
        return self.carried

    def copy(self) -> CellStage:
        """Return a stage in the same states, with memory of its own."""
        twin = super().copy()
        assert isinstance(twin, CellStage)
        twin.carried = [state.copy() for state in self.carried]
        twin.function = partial(_run, twin.function.args[0], twin.carried)
        return twin


def stage(layer: Any, source: Stage) -> CellStage:
    """Return the stage of a layer with a custom cell."""
    made = layer.compute_output_shape((None, None, source.features))
    carried = [np.zeros((source.streams, size), source.dtype) for size in layer.sizes]
    found = merge([source], made[-1], partial(_run, layer, carried), CellStage)
    assert isinstance(found, CellStage)
    found.carried = carried
    return found


def _run(layer: Any, carried: list[Array], inputs: Sequence[Array], output: Array) -> None:
    """Compute some steps of all streams, whose rows are time-major."""
    count = len(carried[0])
    for first in range(0, len(output), count):
        rows = inputs[0][first : first + count]
        rows.flags.writeable = False
        made, after = layer.step(rows, carried, False)
        output[first : first + count] = made
        for state, new in zip(carried, after, strict=True):
            np.copyto(state, new)
