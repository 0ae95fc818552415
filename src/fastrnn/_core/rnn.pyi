from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from fastrnn._core.stage import Stage

def forward_work(T: int, m: int, n_x: int, n_s: int, dtype: DTypeLike) -> int: ...
def backward_work(T: int, m: int, n_x: int, n_s: int, dtype: DTypeLike) -> int: ...
def forward(
    x: NDArray[Any],
    wx: NDArray[Any],
    ws: NDArray[Any],
    bs: NDArray[Any],
    states: NDArray[Any],
    work: NDArray[Any] | None,
    mask: NDArray[np.uint8] | None = None,
    tokens: NDArray[np.int64] | None = None,
    given: NDArray[Any] | None = None,
) -> None: ...
def backward(
    ds: NDArray[Any] | None,
    x: NDArray[Any],
    states: NDArray[Any],
    wx: NDArray[Any],
    ws: NDArray[Any],
    dx: NDArray[Any] | None,
    ds0: NDArray[Any],
    dwx: NDArray[Any],
    dws: NDArray[Any],
    dbs: NDArray[Any],
    work: NDArray[Any] | None,
    mask: NDArray[np.uint8] | None = None,
    tokens: NDArray[np.int64] | None = None,
    given: NDArray[Any] | None = None,
) -> None: ...
def stage(
    wx: NDArray[Any],
    ws: NDArray[Any],
    bs: NDArray[Any],
    streams: int,
    steps: int,
    dtype: np.dtype[Any],
) -> Stage: ...
