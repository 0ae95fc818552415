from typing import Any

from numpy.typing import NDArray

def softmax_cross_entropy(
    probabilities: NDArray[Any],
    n: int,
    targets: NDArray[Any],
    weights: NDArray[Any] | None,
    scale: float,
    dlogits: NDArray[Any] | None,
) -> float: ...
def count_correct(
    probabilities: NDArray[Any],
    n: int,
    targets: NDArray[Any],
    weights: NDArray[Any] | None,
) -> float: ...
