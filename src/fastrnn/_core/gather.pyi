from typing import Any

from numpy.typing import NDArray

def take_rows(table: NDArray[Any], tokens: NDArray[Any], out: NDArray[Any]) -> None: ...
def add_rows(
    dout: NDArray[Any], tokens: NDArray[Any], mask: NDArray[Any] | None, dtable: NDArray[Any]
) -> None: ...
