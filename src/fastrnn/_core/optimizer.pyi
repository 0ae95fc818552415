from typing import Any

from numpy.typing import NDArray

def adam(
    parameters: NDArray[Any],
    gradients: NDArray[Any],
    m: NDArray[Any],
    v: NDArray[Any],
    step_size: float,
    beta_1: float,
    beta_2: float,
    epsilon: float,
) -> None: ...
def sgd(
    parameters: NDArray[Any],
    gradients: NDArray[Any],
    velocity: NDArray[Any] | None,
    learning_rate: float,
    momentum: float,
    nesterov: bool,
) -> None: ...
