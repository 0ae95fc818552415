from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastrnn._core.stage import Stage

def affine(
    x: NDArray[Any],
    w: NDArray[Any],
    b: NDArray[Any],
    out: NDArray[Any],
    *,
    softmax: bool = False,
    mask: NDArray[np.uint8] | None = None,
) -> None: ...
def affine_backward(
    dout: NDArray[Any],
    x: NDArray[Any],
    w: NDArray[Any],
    dx: NDArray[Any] | None,
    dw: NDArray[Any],
    db: NDArray[Any],
) -> None: ...
def stage(
    w: NDArray[Any], b: NDArray[Any], streams: int, steps: int, dtype: np.dtype[Any]
) -> Stage: ...
