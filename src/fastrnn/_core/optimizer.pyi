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
    v_hat: NDArray[Any] | None = None,
    decay: float = 0.0,
) -> None: ...
def sgd(
    parameters: NDArray[Any],
    gradients: NDArray[Any],
    velocity: NDArray[Any] | None,
    learning_rate: float,
    momentum: float,
    nesterov: bool,
    decay: float = 0.0,
) -> None: ...
def rmsprop(
    parameters: NDArray[Any],
    gradients: NDArray[Any],
    v: NDArray[Any],
    mean: NDArray[Any] | None,
    velocity: NDArray[Any] | None,
    learning_rate: float,
    rho: float,
    momentum: float,
    epsilon: float,
    decay: float = 0.0,
) -> None: ...
def all_finite(vector: NDArray[Any]) -> bool: ...
def clip_norms(gradients: NDArray[Any], bounds: NDArray[Any], longest: float) -> None: ...
def clip_values(gradients: NDArray[Any], furthest: float) -> None: ...
def copy_all(targets: list[NDArray[Any]], sources: list[NDArray[Any]]) -> None: ...
