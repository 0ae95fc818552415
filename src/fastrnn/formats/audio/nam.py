"""Models of Neural Amp Modeler: ``.nam``, a JSON object with a flat list of weights.

An LSTM has for each layer: the weights of its gates i, f, g, o as rows, for the input and the
state; the bias; the initial state and cell.  The weights and bias of the output follow.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from fastrnn.formats.assembly import Assembly
from fastrnn.formats.description import Description, Origin
from fastrnn.formats.errors import CheckpointError
from fastrnn.formats.json_text import array_of

#: The keys of the configuration of an LSTM.
_KNOWN = {"input_size", "hidden_size", "num_layers", "in_channels", "out_channels"}


def model_in(content: dict[str, Any]) -> Description:
    """Return the description of the model in a file; CheckpointError if it is invalid."""
    architecture = content.get("architecture")
    if architecture != "LSTM":
        raise CheckpointError(
            f"architecture is {str(architecture)[:60]!r}; fastrnn reads 'LSTM' alone, as it has no "
            "convolutions that a WaveNet is made of"
        )
    config = content.get("config")
    if not isinstance(config, dict):
        raise CheckpointError(f"config is {str(config)[:60]!r}; it should be an object")
    unknown = sorted(set(config) - _KNOWN)
    if unknown:
        raise CheckpointError(f"config has {', '.join(unknown)}, which is unknown here")
    n_x, units, count = (
        _size(config, name) for name in ("input_size", "hidden_size", "num_layers")
    )
    outputs = _size(config, "out_channels", 1)
    if _size(config, "in_channels", n_x) != n_x:
        raise CheckpointError(
            f"in_channels is {config['in_channels']}; it should be input_size, {n_x}"
        )
    weights = array_of(content.get("weights"), "weights")
    wanted = sum(
        4 * units * ((n_x if layer == 0 else units) + units + 1) + 2 * units
        for layer in range(min(count, 1 + weights.size))
    )
    wanted += outputs * (units + 1)
    if weights.shape != (wanted,):
        raise CheckpointError(
            f"weights has shape {weights.shape}; it should be ({wanted},) for {count} layers of "
            f"{units} units"
        )
    made = Assembly(n_x)
    at = 0

    def take(*shape: int) -> Any:
        nonlocal at
        begin, at = at, at + int(np.prod(shape))
        return weights[begin:at].reshape(shape)

    for _ in range(count):
        read_here = made.features
        kernels = take(4 * units, read_here + units).T
        found = {
            "kernel": kernels[:read_here],
            "recurrent_kernel": kernels[read_here:],
            "bias": take(4 * units),
            "initial_state": take(units),
            "initial_cell": take(units),
        }
        options = {"units": units, "return_sequences": True, "learn_initial_state": True}
        made.add("LSTM", "lstm", options, found, units)
    head = {"kernel": take(outputs, units).T, "bias": take(outputs)}
    made.add("Dense", "dense", {"units": outputs}, head, outputs)
    version = content.get("version")
    notes = [
        f"{name} is {content[name]!r}, which is no part of the model"
        for name in ("sample_rate",)
        if isinstance(content.get(name), (int, float))
    ]
    program = f"Neural Amp Modeler, version {str(version)[:20]} of its files"
    return made.description(Origin("Neural Amp Modeler (.nam)", program), notes)


def _size(config: dict[str, Any], name: str, default: int | None = None) -> int:
    value = config.get(name, default)
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value < 1 << 20:
        raise CheckpointError(f"{name} is {str(value)[:60]!r}; it should be a whole number above 0")
    return value
