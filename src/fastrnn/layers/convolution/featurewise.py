"""Convolution of each feature by itself."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from fastrnn.layers.convolution.base import Convolution
from fastrnn.layers.parameter import Parameter
from fastrnn.workspace import Array


class Featurewise(Convolution):
    """Base of the layers whose kernel (size, features, m) makes m numbers of each feature."""

    paddings: ClassVar[tuple[str, ...]] = ("valid", "same")
    depth_multiplier: int

    def _convolved(self, inputs: Array, kernel: Parameter, kept: dict[str, Any]) -> Array:
        """Return (batch, windows, features · m), and keep the windows."""
        windows = self.windows.of(inputs).transpose(2, 0, 1, 3)  # (features, batch, windows, size)
        kept["rows"] = rows = np.ascontiguousarray(windows).reshape(
            len(windows), -1, self.kernel_size
        )
        product = rows @ kernel.value.swapaxes(0, 1)  # (features, batch · windows, m)
        found = product.swapaxes(0, 1).reshape(len(inputs), windows.shape[2], -1)
        return np.ascontiguousarray(found)

    def _convolved_back(
        self, gradient: Array, inputs: Array, kernel: Parameter, kept: dict[str, Any]
    ) -> Array:
        """Compute the gradient of the kernel, and return that of the input."""
        rows = kept["rows"]
        parts = gradient.reshape(-1, len(rows), self.depth_multiplier)
        drows = np.ascontiguousarray(parts.swapaxes(0, 1))  # (features, batch · windows, m)
        kernel.gradient[...] = (rows.swapaxes(1, 2) @ drows).swapaxes(0, 1)
        dwindows = drows @ kernel.value.transpose(1, 2, 0)  # (features, batch · windows, size)
        shape = (len(rows), *gradient.shape[:2], self.kernel_size)
        return self.windows.add_up(dwindows.reshape(shape).transpose(1, 2, 3, 0), inputs.shape[1])
