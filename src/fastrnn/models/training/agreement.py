"""The facts on which processes that train one model must agree."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from fastrnn.config import config as running
from fastrnn.models.source import Source

#: Largest array in bytes that is compared as a whole; of larger ones, some samples are compared.
WHOLE = 1 << 26
#: Number of samples to compare of larger arrays.
SOME = 64


def facts(
    config: Mapping[str, Any],
    compiled: Mapping[str, Any],
    options: Mapping[str, Any],
    samples: Source,
    validation: Source | None,
) -> dict[str, str]:
    """Return the facts of a training, for :meth:`fastrnn.distributed.Group.agree`.

    Parameters
    ----------
    config : mapping
        Of the model.
    compiled : mapping
        Its optimizer, losses and metrics.
    options : mapping
        Of the training.
    samples, validation : Source
    """
    here = running()
    return {
        "the version of fastrnn": here["version"],
        # Weights have the same bits in all processes only if the same kernels update them.
        "the instruction set, which FASTRNN_ISA can choose": here["instruction_set"],
        **dict(_leaves("the model", config)),
        **dict(_leaves("compile", compiled)),
        **{name: str(value) for name, value in options.items()},
        "the data": _data(samples),
        "the validation data": "none" if validation is None else _data(validation),
    }


def _leaves(name: str, config: Any) -> Iterator[tuple[str, str]]:
    """Yield the values of a nested configuration with their paths, for error messages."""
    if isinstance(config, Mapping) and config:
        for key, part in config.items():
            yield from _leaves(f"{name}, {key}", part)
    elif isinstance(config, (list, tuple)) and config:
        for number, part in enumerate(config):
            yield from _leaves(f"{name} {number}", part)
    else:
        yield name, str(config)


def _data(source: Source) -> str:
    data = source.some(SOME, WHOLE)
    arrays = [array for array in data.arrays() if array is not None]
    kinds = ", ".join(f"{array.dtype}{list(array.shape[1:])}" for array in arrays)
    checksum = 0
    for array in arrays:
        checksum = zlib.crc32(np.ascontiguousarray(array).tobytes(), checksum)
    count = str(source) if source.samples is None else f"{source.samples} samples"
    return f"{count} of {kinds} (CRC {checksum:08x})"
