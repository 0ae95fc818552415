"""JSON of Automated-GuitarAmpModelling, NeuralPi and Proteus: a PyTorch RNN and a linear layer.

``model_data`` describes the model, ``state_dict`` has its weights with PyTorch's names.  With
``skip``, the first features of the input are added to the output.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastrnn.formats.assembly import Assembly
from fastrnn.formats.description import Description, Origin
from fastrnn.formats.errors import CheckpointError
from fastrnn.formats.json_text import array_of

Array = NDArray[Any]

_CELLS = {"LSTM": ("LSTM", 4), "GRU": ("GRU", 3), "RNN": ("SimpleRNN", 1)}
_KNOWN = {"model", "input_size", "skip", "output_size", "unit_type", "num_layers"}
_KNOWN |= {"hidden_size", "bias_fl"}


def model_in(content: dict[str, Any]) -> Description:
    """Return the description of the model in a file; CheckpointError if it is invalid."""
    data, state = content.get("model_data"), content.get("state_dict")
    if not isinstance(data, dict) or not isinstance(state, dict):
        raise CheckpointError("it has no model_data and state_dict that are objects")
    if data.get("model") != "SimpleRNN":
        raise CheckpointError(
            f"model is {str(data.get('model'))[:60]!r}; fastrnn reads 'SimpleRNN' alone"
        )
    unknown = sorted(set(data) - _KNOWN)
    if unknown:
        raise CheckpointError(f"model_data has {', '.join(unknown)}, which is unknown here")
    unit_type = data.get("unit_type")
    if not isinstance(unit_type, str) or unit_type not in _CELLS:
        raise CheckpointError(
            f"unit_type is {str(unit_type)[:60]!r}; it should be one of {', '.join(_CELLS)}"
        )
    n_x, n_y = _size(data, "input_size"), _size(data, "output_size", 1)
    units, layers, skip = (
        _size(data, "hidden_size"),
        _size(data, "num_layers", 1),
        _size(data, "skip", 0, least=0),
    )
    has_bias = data.get("bias_fl", True)
    if not isinstance(has_bias, bool):
        raise CheckpointError(f"bias_fl is {str(has_bias)[:60]!r}; it should be true or false")
    if skip > n_x or (skip and skip != n_y and skip != 1):
        raise CheckpointError(f"skip is {skip} for {n_x} inputs and {n_y} outputs")
    left = dict(state)

    def take(name: str, *shape: int) -> Array:
        if name not in left:
            raise CheckpointError(f"state_dict lacks {name}")
        array = array_of(left.pop(name), name)
        if array.shape != shape:
            raise CheckpointError(f"{name} has shape {array.shape}; it should be {shape}")
        return array

    made = Assembly(n_x)
    kind, gates = _CELLS[unit_type]
    rows = gates * units
    for layer in range(min(layers, 1 + len(state))):
        weights = {
            "kernel": take(f"rec.weight_ih_l{layer}", rows, made.features).T,
            "recurrent_kernel": take(f"rec.weight_hh_l{layer}", rows, units).T,
        }
        config: dict[str, Any] = {"units": units, "use_bias": has_bias, "return_sequences": True}
        if has_bias:
            biases = [take(f"rec.bias_{which}_l{layer}", rows) for which in ("ih", "hh")]
            weights["bias"] = np.stack(biases) if kind == "GRU" else biases[0] + biases[1]
        if kind == "GRU":
            config["reset_after"] = True
        made.add(kind, kind.lower().removeprefix("simple"), config, weights, units)
    # The linear layer has a bias if the RNN has one; in older files always.
    config = {"units": n_y, "use_bias": "lin.bias" in left or has_bias}
    head = {"kernel": take("lin.weight", n_y, units).T}
    if config["use_bias"]:
        head["bias"] = take("lin.bias", n_y)
    made.add("Dense", "dense", config, head, n_y)
    if left:
        raise CheckpointError(f"state_dict holds {', '.join(sorted(left))}, which is unknown here")
    if skip:
        made.add_residual(0, n_x, skip)
    rest = sorted(set(content) - {"model_data", "state_dict"})
    notes = (
        [f"the file also holds {', '.join(rest)}, which is no part of the model"] if rest else []
    )
    origin = Origin("JSON of an amp model", "Automated-GuitarAmpModelling, NeuralPi or Proteus")
    return made.description(origin, notes)


def _size(data: dict[str, Any], name: str, default: int | None = None, least: int = 1) -> int:
    value = data.get(name, default)
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value < 1 << 20:
        raise CheckpointError(f"{name} is {str(value)[:60]!r}; it should be a whole number")
    return value
