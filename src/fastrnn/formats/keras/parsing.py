"""The common part of the readers of Keras's files: JSON, and errors of damaged files."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from fastrnn.formats.errors import CheckpointError


def parsed(text: str | bytes) -> Any:
    """Return the content of a JSON text.

    Raises
    ------
    CheckpointError
        If it is not JSON, or nested too deep.
    """
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise CheckpointError(f"its configuration is not JSON: {error}") from error


@contextmanager
def failures(path: str) -> Iterator[None]:
    """Convert any exception from a damaged file to a CheckpointError with the file's name."""
    try:
        yield
    except MemoryError:
        raise
    except CheckpointError as error:
        text = str(error)
        raise CheckpointError(text if path in text else f"{path}: {text}") from error
    except Exception as error:  # any exception, since the content may be anything
        raise CheckpointError(f"{path} is damaged: {error!r}") from error
