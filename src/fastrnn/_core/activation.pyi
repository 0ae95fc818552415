from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastrnn._core.stage import Stage

def activate(name: str, x: NDArray[Any], n: int, before: NDArray[Any] | None = None) -> None: ...
def stage(
    name: str,
    function: Callable[[NDArray[Any], int], None],
    in_place: bool,
    n: int,
    streams: int,
    steps: int,
    dtype: np.dtype[Any],
) -> Stage: ...
