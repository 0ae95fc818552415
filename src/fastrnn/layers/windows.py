"""Sliding windows over the steps of a sequence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastrnn.layers.layer import Layer
from fastrnn.layers.shapes import Shape

Array = NDArray[Any]

PADDINGS = ("valid", "same", "causal")


@dataclass(frozen=True)
class Windows:
    """Windows of `size` steps, `dilation` apart, whose starts are `stride` steps apart.

    `padding` is "valid": windows lie within the sequence; "same": there are ⌈steps / stride⌉
    windows, and padding is divided equally over both ends, the odd step at the end; "causal": all
    padding is at the start, so that a window ends at its step.
    """

    size: int
    stride: int
    padding: str
    dilation: int = 1

    @property
    def reach(self) -> int:
        """Number of steps from the first to the last of a window, inclusive."""
        return (self.size - 1) * self.dilation + 1

    def count(self, steps: int) -> int:
        """Return the number of windows."""
        if self.padding == "valid":
            return max(0, (steps - self.reach) // self.stride + 1)
        return -(-steps // self.stride)

    def added(self, steps: int) -> tuple[int, int]:
        """Return the numbers of steps of padding at the start and the end."""
        if self.padding == "valid":
            return 0, 0
        if self.padding == "causal":
            return self.reach - 1, 0
        total = max(0, (self.count(steps) - 1) * self.stride + self.reach - steps)
        return total // 2, total - total // 2

    def of(self, x: Array, fill: float = 0.0) -> Array:
        """Return (batch, windows, features, size) from (batch, steps, features); mostly a view.

        Padding has the value `fill`.
        """
        front, behind = self.added(x.shape[1])
        if front or behind:
            batch, steps, features = x.shape
            padded = np.full((batch, front + steps + behind, features), fill, x.dtype)
            padded[:, front : front + steps] = x
            x = padded
        found = np.lib.stride_tricks.sliding_window_view(x, self.reach, axis=1)
        return found[:, :: self.stride, :, :: self.dilation]

    def add_up(self, dwindows: Array, steps: int) -> Array:
        """Return the gradient of the steps given that of all windows, (batch, windows, size, n)."""
        batch, count, size, features = dwindows.shape
        front, behind = self.added(steps)
        padded = np.zeros((batch, front + steps + behind, features), dwindows.dtype)
        span = (count - 1) * self.stride + 1
        for place in range(size):
            start = place * self.dilation
            padded[:, start : start + span : self.stride] += dwindows[:, :, place]
        return padded[:, front : front + steps]

    def output_steps(self, layer: Layer, shape: Shape) -> int | None:
        """Return the number of output steps for an input of shape (None, time, features)."""
        if len(shape) != 3:
            raise ValueError(
                f"{layer.name} got an input of shape {shape}; it should be (None, time, features)"
            )
        if shape[1] is None:
            return None
        count = self.count(shape[1])
        if count < 1:
            raise ValueError(
                f"{layer.name} got an input of shape {shape}; it looks at {self.reach} steps at "
                f"once with padding={self.padding!r}, so it should have {self.reach} or more"
            )
        return count


def extent(layer: Layer, argument: str, value: Any) -> int:
    """Return an argument that is a positive integer, or a tuple with one."""
    if isinstance(value, (list, tuple)) and len(value) == 1:
        (value,) = value
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < 1:
        raise ValueError(
            f"{argument} of {type(layer).__name__} is {value!r}; it should be a positive integer"
        )
    return int(value)


def padding_of(layer: Layer, padding: Any, allowed: tuple[str, ...] = PADDINGS) -> str:
    """Return a padding in lower case; the error lists those allowed."""
    if not isinstance(padding, str) or padding.lower() not in allowed:
        raise ValueError(
            f"padding of {type(layer).__name__} is {padding!r}; it should be one of {allowed}"
        )
    return padding.lower()
