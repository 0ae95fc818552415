from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastrnn._core.stage import Stage

ACTIVATIONS: tuple[str, ...]

class Recurrence:
    def __init__(
        self,
        name: str,
        activation: str = "tanh",
        recurrent_activation: str = "sigmoid",
        *,
        recurrent_dropout: bool = False,
    ) -> None: ...
    @property
    def name(self) -> str: ...
    @property
    def gates(self) -> int: ...
    @property
    def states(self) -> int: ...
    @property
    def kept(self) -> int: ...
    @property
    def drops(self) -> bool: ...
    def reserve_length(self, T: int, m: int, n_s: int, itemsize: int) -> int: ...
    def forward(
        self,
        x: NDArray[Any],
        weights: tuple[NDArray[Any], ...],
        reserve: NDArray[Any],
        *,
        mask: NDArray[np.uint8] | None = None,
        tokens: NDArray[np.int64] | None = None,
        source: NDArray[Any] | None = None,
        drop: NDArray[Any] | None = None,
    ) -> None: ...
    def backward(
        self,
        ds: NDArray[Any] | None,
        x: NDArray[Any],
        weights: tuple[NDArray[Any], ...],
        reserve: NDArray[Any],
        gradients: tuple[NDArray[Any], ...],
        d_initial: NDArray[Any],
        *,
        dx: NDArray[Any] | None = None,
        mask: NDArray[np.uint8] | None = None,
        tokens: NDArray[np.int64] | None = None,
        source: NDArray[Any] | None = None,
        drop: NDArray[Any] | None = None,
    ) -> None: ...
    def stage(
        self, weights: tuple[NDArray[Any], ...], streams: int, steps: int, dtype: np.dtype[Any]
    ) -> Stage: ...
