from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from fastrnn._core.stage import Stage

def affine_work(R: int, k: int, n: int, dtype: DTypeLike) -> int: ...
def affine(
    x: NDArray[Any], w: NDArray[Any], b: NDArray[Any], out: NDArray[Any], work: NDArray[Any]
) -> None: ...
def softmax_of_states(
    states: NDArray[Any],
    skip: int,
    w: NDArray[Any],
    b: NDArray[Any],
    mask: NDArray[np.uint8] | None = None,
) -> NDArray[Any]: ...
def affine_backward(
    dout: NDArray[Any],
    x: NDArray[Any],
    w: NDArray[Any],
    dx: NDArray[Any] | None,
    dw: NDArray[Any],
    db: NDArray[Any],
    work: NDArray[Any],
) -> None: ...
def loss_blocks(R: int) -> int: ...
def softmax_cross_entropy(
    probabilities: NDArray[Any],
    n: int,
    targets: NDArray[Any],
    weights: NDArray[Any] | None,
    scale: float,
    dlogits: NDArray[Any] | None,
    partial_sums: NDArray[Any],
) -> float: ...
def count_correct(
    probabilities: NDArray[Any],
    n: int,
    targets: NDArray[Any],
    weights: NDArray[Any] | None,
    partial_sums: NDArray[np.float64],
) -> float: ...
def stage(
    w: NDArray[Any], b: NDArray[Any], streams: int, steps: int, dtype: np.dtype[Any]
) -> Stage: ...
