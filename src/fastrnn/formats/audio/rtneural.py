"""Reading models from RTNeural's JSON."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastrnn.formats.assembly import Assembly
from fastrnn.formats.description import Description, Origin
from fastrnn.formats.errors import CheckpointError
from fastrnn.formats.json_text import array_of

Array = NDArray[Any]

#: Activations of a dense or convolutional layer.
ACTIVATIONS = ("", "linear", "tanh", "relu", "sigmoid", "softmax", "elu")
#: The keys of every layer.
_COMMON = {"type", "activation", "shape", "weights", "name"}


@dataclass
class _Layer:
    """A layer of the file, and the model built so far."""

    place: int
    entry: dict[str, Any]
    made: Assembly
    #: Number of input steps, if the file states it.
    steps: int | None

    @property
    def title(self) -> str:
        """Its name in error messages."""
        return f"layer {self.place} ({self.entry['type']})"

    def refuse(self, argument: str, value: Any, wanted: str) -> CheckpointError:
        """Return an error about an argument."""
        return CheckpointError(
            f"{argument} of {self.title} is {str(value)[:60]!r}; it should be {wanted}"
        )

    @property
    def units(self) -> int:
        """Number of output features."""
        return int(self.entry["shape"][-1])

    @property
    def arrays(self) -> list[Array]:
        """Its weights."""
        given = self.entry.get("weights", [])
        if not isinstance(given, list):
            raise self.refuse("weights", given, "a list of arrays")
        return [array_of(w, f"weights[{i}] of {self.title}") for i, w in enumerate(given)]

    def weights(self, *shapes: tuple[int, ...], least: int | None = None) -> list[Array]:
        """Return the weights with these shapes; the last one is optional."""
        found = self.arrays
        if not (len(shapes) if least is None else least) <= len(found) <= len(shapes):
            wanted = f"{len(shapes)} arrays, of the shapes {list(shapes)}"
            raise self.refuse("weights", f"{len(found)} arrays", wanted)
        for place, (array, shape) in enumerate(zip(found, shapes, strict=False)):
            if array.shape != shape:
                title = f"weights[{place}]"
                raise self.refuse(title, f"of shape {array.shape}", f"of shape {shape}")
        return found

    def activation(self, known: tuple[str, ...] = ACTIVATIONS) -> str:
        """Return the activation, "linear" if there is none."""
        name = self.entry.get("activation", "")
        if name not in known:
            raise self.refuse("activation", name, f"one of {', '.join(map(repr, known))}")
        return name or "linear"

    def whole(self, argument: str, default: int) -> int:
        """Return an argument that is an integer, or a list with one."""
        value = self.entry.get(argument, default)
        if isinstance(value, list) and len(value) == 1:
            (value,) = value
        if not isinstance(value, int) or isinstance(value, bool) or value < 1:
            raise self.refuse(argument, value, "a whole number above 0")
        return value


def model_in(content: dict[str, Any]) -> Description:
    """Return the description of the model in a file; CheckpointError if it is invalid."""
    shape, layers = content.get("in_shape"), content.get("layers")
    features = _features(shape, "in_shape")
    if not isinstance(layers, list) or not layers:
        raise CheckpointError(f"layers is {str(layers)[:60]!r}; it should be a list of layers")
    made = Assembly(features)
    gains = [_gain(content, name) for name in ("in_gain", "out_gain")]
    if gains[0] != 1:
        # The first feature is the audio, the others are the positions of knobs.
        made.scale([gains[0], *[1.0] * (features - 1)], "in_gain")
    start = made.last
    steps = shape[1] if len(shape) == 3 else None  # type: ignore[index,arg-type]
    for place, entry in enumerate(layers):
        steps = _add(_Layer(place, _entry(place, entry), made, steps))
    _skip(content, made, start, features)
    if gains[1] != 1:
        made.scale([gains[1]] * made.features, "out_gain")
    known = {"in_shape", "layers", "in_skip", "in_gain", "out_gain"}
    rest = sorted(set(content) - known)
    notes = (
        [f"the file also holds {', '.join(rest)}, which is no part of the model"] if rest else []
    )
    program = "AIDA-X" if "in_skip" in content else ""
    return made.description(Origin("RTNeural JSON", program), notes)


def _entry(place: int, entry: Any) -> dict[str, Any]:
    if not isinstance(entry, dict) or not isinstance(entry.get("type"), str):
        raise CheckpointError(f"layer {place} has no type")
    _features(entry.get("shape"), f"shape of layer {place} ({entry['type']})")
    return entry


def _features(shape: Any, title: str) -> int:
    fits = isinstance(shape, list) and 2 <= len(shape) <= 3
    fits = fits and all(n is None or (isinstance(n, int) and n > 0) for n in shape)
    if not fits or shape[-1] is None or isinstance(shape[-1], bool):
        raise CheckpointError(
            f"{title} is {str(shape)[:60]!r}; it should be [null, null, features]"
        )
    return int(shape[-1])


def _gain(content: dict[str, Any], name: str) -> float:
    """Return the factor of a gain in dB; -90 and less is silence."""
    decibel = content.get(name, 0)
    if isinstance(decibel, bool) or not isinstance(decibel, (int, float)) or not decibel < 1000:
        raise CheckpointError(f"{name} is {str(decibel)[:60]!r}; it should be a number of dB")
    return 10.0 ** (decibel / 20) if decibel > -90 else 0.0


def _skip(content: dict[str, Any], made: Assembly, start: int, features: int) -> None:
    """Add the audio input to the output, if the file demands it."""
    skip = content.get("in_skip", 0)
    if isinstance(skip, bool) or skip not in (0, 1):
        raise CheckpointError(f"in_skip is {str(skip)[:60]!r}; it should be 0 or 1")
    if skip:
        if made.features != 1:
            raise CheckpointError(f"in_skip is 1 for {made.features} outputs; it should be 0")
        made.add_residual(start, features, 1)


def _add(layer: _Layer) -> int | None:
    """Add a layer, and return the number of output steps, if the file states it."""
    kind = layer.entry["type"]
    if kind not in _TYPES:
        raise CheckpointError(
            f"{layer.title} is of a type that fastrnn lacks; it has {', '.join(_TYPES)}"
        )
    add, known = _TYPES[kind]
    unknown = sorted(set(layer.entry) - _COMMON - known)
    if unknown:
        raise CheckpointError(f"{layer.title} has {', '.join(unknown)}, which is unknown here")
    add(layer)
    if layer.made.features != layer.units:
        raise layer.refuse("shape", layer.entry["shape"], f"one with {layer.made.features} last")
    shape = layer.entry["shape"]
    return shape[1] if len(shape) == 3 else None


def _dense(layer: _Layer) -> None:
    n_x, n_y = layer.made.features, layer.units
    kernel, *bias = layer.weights((n_x, n_y), (n_y,), least=1)
    config = {"units": n_y, "activation": layer.activation(), "use_bias": bool(bias)}
    weights = {"kernel": kernel, **({"bias": bias[0]} if bias else {})}
    layer.made.add("Dense", "dense", config, weights, n_y)


def _recurrent(layer: _Layer, kind: str, gates: int, moved: tuple[int, ...] | None) -> None:
    n_x, n_s = layer.made.features, layer.units
    layer.activation(("", "tanh"))
    columns = gates * n_s
    arrays = layer.arrays
    bias_shape = (2, columns) if len(arrays) > 2 and arrays[2].ndim == 2 else (columns,)
    found = layer.weights((n_x, columns), (n_s, columns), bias_shape, least=2)
    if moved is not None:  # from Keras's order of the gates to the core's
        parts = [np.split(array, gates, axis=-1) for array in found]
        found = [np.concatenate([part[gate] for gate in moved], axis=-1) for part in parts]
    names = ("kernel", "recurrent_kernel", "bias")
    config = {"units": n_s, "use_bias": len(found) > 2, "return_sequences": True}
    if kind == "GRU":
        # Without biases, both forms are equal; this is RTNeural's.
        config["reset_after"] = len(found) < 3 or found[2].ndim == 2
    elif len(found) > 2 and found[2].ndim == 2:
        raise layer.refuse("weights[2]", f"of shape {bias_shape}", f"of shape ({columns},)")
    layer.made.add(kind, kind.lower(), config, dict(zip(names, found, strict=False)), n_s)


def _gru(layer: _Layer) -> None:
    _recurrent(layer, "GRU", 3, (1, 0, 2))


def _lstm(layer: _Layer) -> None:
    _recurrent(layer, "LSTM", 4, None)


def _conv1d(layer: _Layer) -> None:
    n_x, n_y = layer.made.features, layer.units
    size, dilation = layer.whole("kernel_size", 1), layer.whole("dilation", 1)
    groups = layer.whole("groups", 1)
    if layer.whole("strides", 1) != 1:
        raise layer.refuse("strides", layer.entry["strides"], "1")
    if n_x % groups or n_y % groups:
        raise layer.refuse("groups", groups, f"one that divides {n_x} and {n_y}")
    kernel, *bias = layer.weights((size, n_x // groups, n_y), (n_y,), least=1)
    # RTNeural starts with silence; a stateless file has fewer output steps.
    after = layer.entry["shape"][1] if len(layer.entry["shape"]) == 3 else None
    is_short = size > 1 and layer.steps is not None and after == layer.steps - (size - 1) * dilation
    config = {
        "filters": n_y,
        "kernel_size": size,
        "padding": "valid" if is_short else "causal",
        "dilation_rate": dilation,
        "groups": groups,
        "activation": layer.activation(),
        "use_bias": bool(bias),
    }
    weights = {"kernel": kernel, **({"bias": bias[0]} if bias else {})}
    layer.made.add("Conv1D", "conv1d", config, weights, n_y)


def _batchnorm(layer: _Layer) -> None:
    n = layer.made.features
    epsilon = layer.entry.get("epsilon")
    if isinstance(epsilon, bool) or not isinstance(epsilon, (int, float)) or not epsilon >= 0:
        raise layer.refuse("epsilon", epsilon, "a number")
    layer.activation(("", "linear"))
    found = layer.weights(*[(n,)] * 4, least=2)
    if len(found) == 3:
        raise layer.refuse("weights", "3 arrays", "2 or 4 arrays")
    names = ("gamma", "beta", "moving_mean", "moving_variance")[4 - len(found) :]
    affine = len(found) == 4
    config = {"epsilon": float(epsilon), "center": affine, "scale": affine}
    weights = dict(zip(names, found, strict=True))
    layer.made.add("BatchNormalization", "batch_normalization", config, weights)


def _prelu(layer: _Layer) -> None:
    n = layer.made.features
    layer.activation(("", "linear", "prelu"))
    found = layer.arrays
    if len(found) != 1 or found[0].shape not in ((1, n), (1, 1)):
        shapes = [array.shape for array in found]
        raise layer.refuse("weights", f"of the shapes {shapes}", f"one array of shape (1, {n})")
    alpha = np.broadcast_to(found[0], (1, n))
    layer.made.add("PReLU", "prelu", {"shared_axes": [1]}, {"alpha": alpha})


def _activation(layer: _Layer) -> None:
    layer.weights()
    config = {"activation": layer.activation()}
    layer.made.add("Activation", "activation", config)


_TYPES: dict[str, tuple[Callable[[_Layer], None], set[str]]] = {
    "dense": (_dense, set()),
    "time-distributed-dense": (_dense, set()),
    "gru": (_gru, set()),
    "lstm": (_lstm, set()),
    "conv1d": (_conv1d, {"kernel_size", "dilation", "groups", "strides"}),
    "batchnorm": (_batchnorm, {"epsilon"}),
    "prelu": (_prelu, set()),
    "activation": (_activation, set()),
}
