"""The base of layers that contain other layers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastrnn.layers.layer import Layer

#: Returns a weight of a file by its name and shape.
Stored = Callable[[str, tuple[int, ...]], NDArray[Any]]


def prefixed(stored: Stored | None, which: str) -> Stored | None:
    """Return a function for the weights of an inner layer, whose names have the prefix `which`."""
    return None if stored is None else lambda name, shape: stored(f"{which}_{name}", shape)


class Wrapper(Layer):
    """A layer whose weights, random numbers and states are those of its ``inner_layers``."""

    def named_layers(self) -> Sequence[tuple[str, Layer]]:
        """Return the inner layers, with the names of their states in files."""
        raise NotImplementedError

    @property
    def inner_layers(self) -> tuple[Layer, ...]:
        """The layers inside this one."""
        return tuple(layer for _, layer in self.named_layers())

    def share_dtype(self, inner: Layer) -> None:
        """Let an inner layer compute in the type of this one, or say that it has another."""
        inner._dtype = inner._dtype or self.dtype
        if inner.dtype != self.dtype:
            raise ValueError(
                f"the layer inside {self.name} computes in {inner.dtype}, its input is "
                f"{self.dtype}; they should be the same"
            )

    def share_frozen(self) -> None:
        """Freeze the inner layers of a layer that was made with ``trainable=False``."""
        if not self.trainable:
            for layer in self.inner_layers:
                layer.trainable = False

    @property
    def is_random(self) -> bool:  # type: ignore[override]
        """Whether it draws random numbers in training."""
        return any(layer.is_random for layer in self.inner_layers)

    @property
    def stateful(self) -> bool:  # type: ignore[override]
        """Whether a batch starts from the final states of the previous batch."""
        return any(layer.stateful for layer in self.inner_layers)

    @property
    def couples_samples(self) -> bool:  # type: ignore[override]
        """Whether an inner layer's output for a sample depends on the others of its batch."""
        return any(layer.couples_samples for layer in self.inner_layers)

    def reseed(self, seed: np.random.SeedSequence) -> None:
        """Reseed every inner layer with a child of `seed`."""
        for index, layer in enumerate(self.inner_layers):
            key = (*seed.spawn_key, index)
            layer.reseed(np.random.SeedSequence(seed.entropy, spawn_key=key))

    def draw_for(self, rows: tuple[int, int] | None) -> None:
        """Set which rows of larger batches the next batches are; None: whole batches."""
        for layer in self.inner_layers:
            layer.draw_for(rows)

    def get_state(self) -> dict[str, Any]:
        """Return the states of the inner layers by name."""
        return {name: layer.get_state() for name, layer in self.named_layers()}

    def check_state(self, state: dict[str, Any]) -> None:
        """Raise ``ValueError`` unless the inner layers accept a state."""
        for name, layer in self.named_layers():
            found = state.get(name, {})
            if not isinstance(found, dict):
                raise ValueError(f"the state of {name} is {found!r}; it should be a dict")
            layer.check_state(found)

    def set_state(self, state: dict[str, Any]) -> None:
        """Restore a state from :meth:`get_state`."""
        for name, layer in self.named_layers():
            layer.set_state(state.get(name, {}))

    def reset_states(self) -> None:
        """Reset the states of the inner layers."""
        for layer in self.inner_layers:
            if layer.stateful:
                layer.reset_states()
