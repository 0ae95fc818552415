"""The core's fused functions by the type of their arrays."""

from __future__ import annotations

from typing import Any

import numpy as np


def typed(function: Any) -> dict[np.dtype[Any], Any]:
    """Return the float and the double version of a function of the core, by dtype."""
    return {np.dtype(np.float32): function["float"], np.dtype(np.float64): function["double"]}
