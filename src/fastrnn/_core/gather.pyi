from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastrnn._core.stage import Stage

def take_rows(table: NDArray[Any], tokens: NDArray[Any], out: NDArray[Any]) -> None: ...
def add_rows(
    dout: NDArray[Any], tokens: NDArray[Any], mask: NDArray[Any] | None, dtable: NDArray[Any]
) -> None: ...
def stage(table: NDArray[Any], streams: int, steps: int, dtype: np.dtype[Any]) -> Stage: ...
