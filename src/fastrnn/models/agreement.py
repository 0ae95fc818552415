"""What processes that train one model together must have in common, in words."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from typing import Any

import numpy as np

from fastrnn.config import config as running
from fastrnn.models.samples import Samples

#: Bytes of an array up to which all of them are compared; of a larger one, some samples are.
WHOLE = 1 << 26
#: How many samples are compared of what is too large to be read as a whole.
SOME = 64


def facts(
    config: Mapping[str, Any],
    compiled: Mapping[str, Any],
    options: Mapping[str, Any],
    samples: Samples,
    validation: Samples | None,
) -> dict[str, str]:
    """Return what a process says of a training, for :meth:`fastrnn.distributed.Group.agree`.

    Parameters
    ----------
    config : mapping
        Of the model.
    compiled : mapping
        Its optimizer, losses and metrics.
    options : mapping
        Of the training.
    samples, validation : Samples
    """
    return {
        "the version of fastrnn": running()["version"],
        # Weights stay the same bits everywhere only where the same code changes them.
        "the instruction set, which FASTRNN_ISA can choose": running()["instruction_set"],
        "the model": _digest(config),
        "the optimizer, the loss or the metrics": _digest(compiled),
        **{name: str(value) for name, value in options.items()},
        "the data": _data(samples),
        "the validation data": "none" if validation is None else _data(validation),
    }


def _digest(config: Mapping[str, Any]) -> str:
    text = json.dumps(config, sort_keys=True, default=str)
    return f"{text[:200]}{'...' if len(text) > 200 else ''} (CRC {zlib.crc32(text.encode()):08x})"


def _data(samples: Samples) -> str:
    n = len(samples)
    data = samples.some(np.unique(np.linspace(0, n - 1, min(n, SOME)).astype(np.intp)), WHOLE)
    arrays = [array for array in (*data.x, *data.y, *data.weights) if array is not None]
    kinds = ", ".join(f"{array.dtype}{list(array.shape[1:])}" for array in arrays)
    checksum = 0
    for array in arrays:
        checksum = zlib.crc32(np.ascontiguousarray(array).tobytes(), checksum)
    return f"{n} samples of {kinds} (CRC {checksum:08x})"
