from typing import Any

from numpy.typing import NDArray

def to_time_major(source: NDArray[Any], target: NDArray[Any]) -> None: ...
