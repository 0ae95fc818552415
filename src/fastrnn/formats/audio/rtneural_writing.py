"""Writing models as RTNeural's JSON."""

from __future__ import annotations

import json
import os
import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastrnn.files import make_folder, path_text, replace_file
from fastrnn.formats.audio.rtneural import ACTIVATIONS
from fastrnn.formats.description import Call, Description, Wiring, wiring_of
from fastrnn.formats.errors import CheckpointError

Array = NDArray[Any]

#: Arguments of layers that do not affect inference.
_HARMLESS = {"name", "dtype", "trainable", "seed", "unit_forget_bias"}


def write(path: str, description: Description) -> None:
    """Write a model as RTNeural's JSON, atomically.

    The layers must form a chain; a final layer may add the input to the output, as ``in_skip``,
    which AIDA-X supports, but RTNeural does not.

    Raises
    ------
    CheckpointError
        If RTNeural lacks a layer or an argument; the message names it.
    OSError
        If the file cannot be written.

    Warns
    -----
    UserWarning
        If there is such a residual connection.
    """
    path = path_text("filepath", path)
    wiring = wiring_of(description.model)
    row, has_skip = _row(wiring)
    shape = row[0].layer["config"]["shape"]
    if len(shape) not in (1, 2) or not _is_number(row[0].layer["config"].get("dtype", "float32")):
        raise CheckpointError(
            f"the input of {row[0].name} has shape {tuple(shape)}; RTNeural reads numbers, (time, "
            "features)"
        )
    features = shape[-1]
    content: dict[str, Any] = {"in_shape": [None, None, features]}
    if has_skip:
        content["in_skip"] = 1
        warnings.warn(
            f"{path}: the input is added to the output, which is written as in_skip: AIDA-X reads "
            "it, RTNeural itself does not",
            stacklevel=6,
        )
    written: list[dict[str, Any]] = []
    for call in row[1:]:
        features = _add(written, call, description.tensors, features)
    if not written:
        raise CheckpointError("the model has no layer that RTNeural computes")
    content["layers"] = written
    make_folder(os.path.dirname(os.path.realpath(path)))
    replace_file(path, [json.dumps(content, allow_nan=False).encode()])


def _is_number(dtype: str) -> bool:
    return dtype.startswith("float")


def _row(wiring: Wiring) -> tuple[list[Call], bool]:
    """Return the calls of the chain, and whether the input is added to the output."""
    calls = list(wiring.calls)
    if len(wiring.inputs) != 1 or len(wiring.outputs) != 1:
        raise CheckpointError(
            f"the model has {len(wiring.inputs)} inputs and {len(wiring.outputs)} outputs; "
            "RTNeural has one of each"
        )
    last = calls[-1]
    has_skip = (
        last.layer["class_name"] == "Add"
        and sorted(last.inputs) == [(0, 0), (len(calls) - 2, 0)]
        and wiring.inputs == (0,)
        and calls[0].layer["config"]["shape"][-1] == 1
    )
    if has_skip:
        calls.pop()
    for place, call in enumerate(calls):
        if call.inputs != (((place - 1, 0),) if place else ()):
            raise CheckpointError(
                f"{call.name} is not behind the layer before it alone; RTNeural's layers follow "
                "one another"
            )
    if wiring.outputs != ((len(wiring.calls) - 1, 0),):
        raise CheckpointError("the output is not that of the last layer, as RTNeural's is")
    return calls, has_skip


def _add(
    written: list[dict[str, Any]], call: Call, tensors: Mapping[str, Array], features: int
) -> int:
    """Add a layer to the file, and return its number of output features."""
    layer, prefix = call.layer, call.name
    if layer["class_name"] == "TimeDistributed":
        layer = {**layer["config"]["layer"]}
    kind, config = layer["class_name"], dict(layer["config"])
    if kind == "Dropout":
        return features  # nothing but in trainings
    writer = _WRITERS.get(kind)
    if writer is None:
        raise CheckpointError(
            f"{call.name} is a {kind}, which RTNeural lacks; it has "
            f"{', '.join(sorted({*_WRITERS, 'Dropout'}))}"
        )
    arrays = {
        name.removeprefix(f"{prefix}/"): np.asarray(tensors[name])
        for name in tensors
        if name.startswith(f"{prefix}/")
    }
    for name, array in arrays.items():
        if not np.isfinite(array).all():
            raise CheckpointError(f"{prefix}/{name} holds NaN or infinity, which JSON cannot")
    taken = _Config(call.name, config)
    entries = writer(taken, arrays, features)
    taken.refuse_rest()
    for entry in entries:
        features = entry.pop("features", features)
        entry = {"shape": [None, None, features], **entry}
        entry["weights"] = [array.tolist() for array in entry.get("weights", [])]
        written.append(entry)
    return features


class _Config:
    """The arguments of a layer, with a check that all were handled."""

    def __init__(self, name: str, config: dict[str, Any]) -> None:
        self.name = name
        self._left = {
            key: value
            for key, value in config.items()
            if key not in _HARMLESS and not key.endswith("initializer")
        }

    def take(self, argument: str, default: Any = None) -> Any:
        """Return an argument."""
        return self._left.pop(argument, default)

    def want(self, argument: str, wanted: Any, default: Any = None) -> None:
        """Raise an error unless an argument has RTNeural's value."""
        self.one_of(argument, [wanted], wanted if default is None else default)

    def one_of(self, argument: str, wanted: list[Any], default: Any) -> Any:
        """Return an argument after checking that it is one of several."""
        value = self.take(argument, default)
        if value not in wanted:
            raise CheckpointError(
                f"{argument} of {self.name} is {value!r}; RTNeural has "
                f"{', '.join(map(repr, wanted))} alone"
            )
        return value

    def activation(self) -> str:
        """Return the activation in the format of the file."""
        value = self.one_of("activation", ["linear", *ACTIVATIONS[2:]], "linear")
        return "" if value == "linear" else str(value)

    def refuse_rest(self) -> None:
        """Raise an error if an argument with an effect was not handled."""
        for argument, value in self._left.items():
            if value not in (None, False, 0, []):
                raise CheckpointError(
                    f"{argument} of {self.name} is {value!r}, which RTNeural has no place for"
                )


Entry = dict[str, Any]


def _dense(config: _Config, arrays: Mapping[str, Array], features: int) -> list[Entry]:
    units, use_bias = config.take("units"), config.take("use_bias", True)
    bias = arrays["bias"] if use_bias else np.zeros(units, arrays["kernel"].dtype)
    return [
        {
            "type": "dense",
            "activation": config.activation(),
            "features": units,
            "weights": [arrays["kernel"], bias],
        }
    ]


def _recurrent(kind: str, gates: int, moved: tuple[int, ...] | None) -> Any:
    def write(config: _Config, arrays: Mapping[str, Array], features: int) -> list[Entry]:
        units, use_bias = config.take("units"), config.take("use_bias", True)
        config.want("activation", "tanh")
        config.want("recurrent_activation", "sigmoid")
        config.want("return_sequences", True, default=False)
        if config.take("learn_initial_state", False):
            raise CheckpointError(
                f"learn_initial_state of {config.name} is True; RTNeural begins with zeros"
            )
        for argument in ("dropout", "recurrent_dropout"):
            config.take(argument)  # nothing but in trainings
        config.take("return_state")  # in a chain, the states are not used
        found = [arrays["kernel"], arrays["recurrent_kernel"]]
        if kind == "gru":
            config.want("reset_after", True, default=False)
        shape = (2, gates * units) if kind == "gru" else (gates * units,)
        found.append(arrays["bias"] if use_bias else np.zeros(shape, found[0].dtype))
        if moved is not None:  # from the core's order of the gates to Keras's
            parts = [np.split(array, gates, axis=-1) for array in found]
            found = [np.concatenate([part[gate] for gate in moved], axis=-1) for part in parts]
        return [{"type": kind, "activation": "tanh", "features": units, "weights": found}]

    return write


def _conv1d(config: _Config, arrays: Mapping[str, Array], features: int) -> list[Entry]:
    filters, size = config.take("filters"), config.take("kernel_size")
    config.want("padding", "causal", default="valid" if size != 1 else "causal")
    config.want("strides", 1)
    kernel = arrays["kernel"]
    bias = arrays["bias"] if config.take("use_bias", True) else np.zeros(filters, kernel.dtype)
    return [
        {
            "type": "conv1d",
            "activation": config.activation(),
            "features": filters,
            "kernel_size": [size],
            "dilation": [config.take("dilation_rate", 1)],
            "groups": config.take("groups", 1),
            "weights": [kernel, bias],
        }
    ]


def _batchnorm(config: _Config, arrays: Mapping[str, Array], features: int) -> list[Entry]:
    config.one_of("axis", [-1, [-1]], -1)
    config.take("momentum")
    config.take("center")
    config.take("scale")
    mean = arrays["moving_mean"]
    gamma, beta = arrays.get("gamma", np.ones_like(mean)), arrays.get("beta", np.zeros_like(mean))
    weights = [gamma, beta, mean, arrays["moving_variance"]]
    epsilon = config.take("epsilon", 1e-3)
    return [{"type": "batchnorm", "activation": "", "epsilon": epsilon, "weights": weights}]


def _prelu(config: _Config, arrays: Mapping[str, Array], features: int) -> list[Entry]:
    config.want("shared_axes", [1], default=[])
    return [{"type": "prelu", "activation": "", "weights": [arrays["alpha"]]}]


def _leaky_relu(config: _Config, arrays: Mapping[str, Array], features: int) -> list[Entry]:
    slope = config.take("negative_slope", 0.3)
    return [{"type": "prelu", "activation": "", "weights": [np.full((1, features), slope)]}]


def _activation(config: _Config, arrays: Mapping[str, Array], features: int) -> list[Entry]:
    name = config.activation()
    return [{"type": "activation", "activation": name}] if name else []


_WRITERS: dict[str, Any] = {
    "Dense": _dense,
    "GRU": _recurrent("gru", 3, (1, 0, 2)),
    "LSTM": _recurrent("lstm", 4, None),
    "Conv1D": _conv1d,
    "BatchNormalization": _batchnorm,
    "PReLU": _prelu,
    "LeakyReLU": _leaky_relu,
    "Activation": _activation,
}
