"""The states of the layer of a custom cell: given, kept between batches, restored."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fastrnn._core.stage import Stage
from fastrnn.differentiation import plain
from fastrnn.layers.one_inside import OneInside
from fastrnn.layers.returning import Returning
from fastrnn.layers.shapes import Shape
from fastrnn.layers.states import check_states, fit, read_states, states_of, wanted
from fastrnn.settings import boolean


class Stepping(Returning, OneInside):
    """A layer that carries the states of its cell from step to step."""

    takes_several = True
    is_per_step = False
    stateful = False

    def __init__(
        self,
        return_sequences: bool,
        return_state: bool,
        go_backwards: bool,
        stateful: bool,
        **options: Any,
    ) -> None:
        super().__init__(return_sequences, return_state, go_backwards, **options)
        self.stateful = boolean("stateful", stateful)
        #: The states after the last batch of a stateful layer.
        self.states: list[NDArray[Any]] | None = None

    @property
    def sizes(self) -> list[int]:
        """Sizes of the states."""
        return [int(size) for size in states_of(self.layer.state_size)]  # type: ignore[attr-defined]

    @property
    def state_count(self) -> int:
        """Number of states."""
        return len(self.sizes)

    def __call__(
        self, inputs: Any, mask: Any = None, training: bool | None = None, initial_state: Any = None
    ) -> Any:
        """Call the layer; see :class:`~fastrnn.layers.RecurrentLayer`."""
        return self._called(inputs, states_of(initial_state), mask, training)

    def check_inputs(self, shapes: Sequence[Shape]) -> None:
        """Raise ``ValueError`` unless these are a sequence, optionally with all initial states."""
        if len(shapes[0]) < 3:
            raise ValueError(
                f"{self.name} got an input of shape {shapes[0]}; "
                "it should be (None, time, features)"
            )
        check_states(self, shapes[1:], self.sizes)

    def compute_mask(self, inputs: Any, previous_mask: Any) -> Any:
        """Return the mask of the sequence, in the order of processing."""
        return previous_mask[0][:, ::-1] if self.go_backwards else previous_mask[0]

    def begun(self, batch: int, given: list[Any]) -> list[Any]:
        """Return the states before the first step of a batch."""
        if given:
            return given
        kept = self.states if self.stateful else None
        if kept is None:
            return [np.zeros((batch, size), self.dtype) for size in self.sizes]
        if len(kept[0]) != batch:
            raise ValueError(
                f"{self.name} holds the states of {len(kept[0])} samples, and the batch has "
                f"{batch}; a stateful layer wants batches of one size, or reset_states() between"
            )
        return [state.copy() for state in kept]

    def keep(self, states: list[Any]) -> None:
        """Store the states after a batch, if the layer is stateful."""
        if self.stateful:
            self.states = [np.array(state, self.dtype) for state in plain(states)]

    def reset_states(self, states: ArrayLike | Sequence[ArrayLike] | None = None) -> None:
        """Reset the states to zeros, or to `states`, one (batch, size) for each."""
        if not self.stateful:
            raise ValueError(f"{self.name} keeps no state; give it stateful=True")
        given = None if states is None else read_states(self.name, states, self.sizes, self.dtype)
        self.states = given

    def get_state(self) -> dict[str, Any]:
        """Return the states of a stateful layer, and those of the cell."""
        kept = None if self.states is None else [state.copy() for state in self.states]
        return {**super().get_state(), **({"states": kept} if self.stateful else {})}

    def check_state(self, state: dict[str, Any]) -> None:
        """Raise ``ValueError`` unless a state fits the layer."""
        super().check_state(state)
        states = state.get("states")
        if states is not None and not fit(states, self.sizes):
            raise ValueError(f"the states should be {wanted(self.sizes)}")

    def set_state(self, state: dict[str, Any]) -> None:
        """Restore a state from :meth:`get_state`."""
        super().set_state(state)
        self.states = state.get("states")

    def check_stream(self) -> None:
        """Raise ``ValueError`` if the layer cannot run in a stream."""
        if self.go_backwards or self.return_state:
            option = "go_backwards" if self.go_backwards else "return_state"
            raise ValueError(
                f"{self.name} cannot run in a stream: it has {option}=True, and the last step of "
                "a stream is not known"
            )

    def stages_of(self, sources: list[Stage]) -> list[Stage]:
        """Return the stage that computes the layer in a stream."""
        return self.stages(sources[0])

    def get_config(self) -> dict[str, Any]:
        """Return the constructor arguments of this layer."""
        return {**super().get_config(), **({"stateful": True} if self.stateful else {})}
