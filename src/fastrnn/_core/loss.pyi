from typing import Any

import numpy as np
from numpy.typing import NDArray

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
