"""Convolution over windows of steps, in groups of features."""

from __future__ import annotations

from typing import Any

import numpy as np

from fastrnn.layers.convolution.base import Convolution
from fastrnn.layers.shapes import Shape
from fastrnn.workspace import Array


class Grouped(Convolution):
    """The computation of a convolution in groups; a subclass has the arguments."""

    filters: int
    groups: int

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """Return (None, windows, filters)."""
        steps = self.windows.output_steps(self, input_shape)
        if (input_shape[-1] or 0) % self.groups:
            raise ValueError(
                f"{self.name} got an input of shape {input_shape}; its features should be a "
                f"multiple of groups, {self.groups}"
            )
        return (input_shape[0], steps, self.filters)

    def build(self, input_shape: Shape) -> None:
        """Create kernel and bias."""
        features = input_shape[-1]
        assert features is not None
        self.add_kernel(self.kernel_size, features // self.groups, self.filters, of_steps=True)

    def _parts(self, features: int) -> list[tuple[slice, slice]]:
        """Return the slices of features and of filters of each group."""
        n, f = features // self.groups, self.filters // self.groups
        return [(slice(g * n, g * n + n), slice(g * f, g * f + f)) for g in range(self.groups)]

    def call(self, inputs: Array, kept: dict[str, Any]) -> Array:
        """Return the products of all windows with the kernel, before the activation."""
        windows = self.windows.of(inputs).swapaxes(2, 3)  # (batch, windows, size, features)
        kernel = self.parameter("kernel").value
        kept["rows"] = []
        out = np.empty((*windows.shape[:2], self.filters), inputs.dtype)
        for read, written in self._parts(inputs.shape[-1]):
            rows = np.ascontiguousarray(windows[..., read]).reshape(-1, kernel[..., 0].size)
            kept["rows"].append(rows)
            product = rows @ kernel[..., written].reshape(rows.shape[1], -1)
            out[..., written] = product.reshape(*out.shape[:2], -1)
        return self._with_bias(out)

    def backward(self, gradient: Array, inputs: Array, kept: dict[str, Any]) -> Array:
        """Return the gradient of the input."""
        kernel = self.parameter("kernel")
        dwindows = np.empty((*gradient.shape[:2], self.kernel_size, inputs.shape[-1]), inputs.dtype)
        for (read, written), rows in zip(self._parts(inputs.shape[-1]), kept["rows"], strict=True):
            part = kernel.value[..., written]
            drows = np.ascontiguousarray(gradient[..., written]).reshape(len(rows), -1)
            kernel.gradient[..., written] = (rows.T @ drows).reshape(part.shape)
            back = drows @ part.reshape(rows.shape[1], -1).T
            dwindows[..., read] = back.reshape(*dwindows.shape[:3], -1)
        self._bias_back(gradient)
        return self.windows.add_up(dwindows, inputs.shape[1])
