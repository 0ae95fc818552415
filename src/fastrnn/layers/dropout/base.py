"""What layers share that change their input at random."""

from __future__ import annotations

from typing import Any

import numpy as np

from fastrnn import seeding
from fastrnn._core.stage import Stage
from fastrnn.layers.dropout.random import DropoutRandom
from fastrnn.layers.layer import Layer
from fastrnn.layers.passing import Passing
from fastrnn.layers.shapes import Shape
from fastrnn.workspace import Signal, Workspace


class RandomLayer(Layer):
    """Base of the layers that change their input at random in a training.

    In `evaluate` and `predict` the input passes as it is.

    Parameters
    ----------
    seed : int, optional
        Of its random numbers; drawn from :func:`fastrnn.set_seed` if left out.
    """

    supports_masking = True
    #: What says how much is changed; nothing is drawn where it is zero.
    strength: float = 0.0

    def __init__(self, seed: int | None = None, **options: Any) -> None:
        super().__init__(**options)
        self.seed = seeding.checked_seed(seed)
        self._random = DropoutRandom(seed)

    @property
    def is_random(self) -> bool:  # type: ignore[override]
        """Whether a training draws random numbers."""
        return self.strength > 0

    def reseed(self, seed: np.random.SeedSequence) -> None:
        """Draw from `seed` from now on, or from what the layer's own seed makes of it."""
        self._random.reseed(seed)

    def draw_for(self, rows: tuple[int, int] | None) -> None:
        """Draw for rows of larger batches, or for whole ones."""
        self._random.rows = rows

    def get_state(self) -> dict[str, Any]:
        """Return the state of the random numbers."""
        return {"random": self._random.state} if self.is_random else {}

    def set_state(self, state: dict[str, Any]) -> None:
        """Continue with the random numbers of a state."""
        if "random" in state:
            self._random.state = state["random"]

    def check_state(self, state: dict[str, Any]) -> None:
        """Raise ``ValueError`` unless a state is one of random numbers."""
        if set(state) != set(self.get_state()):
            raise ValueError(f"it holds {sorted(state)}; it should say where random numbers are")
        if state:
            DropoutRandom.check_state(state["random"])

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """Return `input_shape`."""
        return input_shape

    def workspace(self, source: Signal, training: bool, *others: Signal) -> Workspace:
        """Return buffers for batches of the shape of ``source.output``."""
        if not training or not self.is_random:
            return Passing(source)
        return self.changing(source)

    def changing(self, source: Signal) -> Workspace:
        """Return what changes the input in a training."""
        raise NotImplementedError

    def stages(self, source: Stage) -> list[Stage]:
        """Return no stage: nothing is changed but in a training."""
        return []

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that would make this layer again."""
        return {**super().get_config(), "seed": self.seed}
