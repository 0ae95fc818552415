from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastrnn._core.stage import Stage

def tanh(x: NDArray[Any], n: int) -> None: ...
def sigmoid(x: NDArray[Any], n: int) -> None: ...
def exp(x: NDArray[Any], n: int) -> None: ...
def softmax(x: NDArray[Any], n: int) -> None: ...
def stage(
    name: str,
    function: Callable[[NDArray[Any], int], None],
    in_place: bool,
    n: int,
    streams: int,
    steps: int,
    dtype: np.dtype[Any],
) -> Stage: ...
