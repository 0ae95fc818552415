"""Keras's other names of the weights of layers and models."""

from __future__ import annotations

from typing import Any


class Variables:
    """What TensorFlow calls the weights."""

    weights: Any
    trainable_weights: Any
    non_trainable_weights: Any

    @property
    def variables(self) -> list[Any]:
        """All weights: `weights`."""
        return list(self.weights)

    @property
    def trainable_variables(self) -> list[Any]:
        """The weights that training changes: `trainable_weights`."""
        return list(self.trainable_weights)

    @property
    def non_trainable_variables(self) -> list[Any]:
        """The weights that training does not change: `non_trainable_weights`."""
        return list(self.non_trainable_weights)
