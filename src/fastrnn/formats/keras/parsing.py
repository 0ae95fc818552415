"""What is common to the readers of Keras's files: JSON, and one error for whatever goes wrong."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from fastrnn.formats.errors import CheckpointError


def parsed(text: str | bytes) -> Any:
    """Return what JSON says.

    Raises
    ------
    CheckpointError
        If it is none, or nested too deep.
    """
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise CheckpointError(f"its configuration is not JSON: {error}") from error


@contextmanager
def failures(path: str) -> Iterator[None]:
    """Turn whatever a damaged file leads to into one kind of error, which names the file."""
    try:
        yield
    except MemoryError:
        raise
    except CheckpointError as error:
        text = str(error)
        raise CheckpointError(text if path in text else f"{path}: {text}") from error
    except Exception as error:  # of many kinds, as the content may be anything
        raise CheckpointError(f"{path} is damaged: {error!r}") from error
