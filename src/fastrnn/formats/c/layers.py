"""The C code of each layer in the step of a model."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastrnn.formats.c.functions import sections
from fastrnn.formats.c.program import Program, Value
from fastrnn.formats.errors import CheckpointError

Array = NDArray[Any]

#: Activations over all features of a step.
_WHOLE = ("softmax", "log_softmax")
#: Those that need no exp or tanh.
_CHEAP = frozenset(
    ("linear", "relu", "relu6", "leaky_relu", "hard_sigmoid", "hard_sigmoid_keras2", "softsign")
)


@dataclass(frozen=True)
class Layer:
    """A layer of a description that is converted to C.

    Attributes
    ----------
    kind : str
        Its class.
    config : mapping
    tensors : mapping of str to ndarray
        Its weights by name.
    name : str
        A name for C.
    place : str or None
        Where to write its output; None for new memory.
    may_overwrite : bool
        Whether it is the only reader of its input.
    """

    kind: str
    config: Mapping[str, Any]
    tensors: Mapping[str, Array]
    name: str
    place: str | None
    may_overwrite: bool

    def refuse(self, reason: str) -> CheckpointError:
        """Return the error for a layer that cannot be written in C."""
        name = f"{self.config['name']} ({self.kind})"
        return CheckpointError(f"{name} cannot be written in C: {reason}")

    def bias(self, outputs: int) -> Array:
        """Return the bias, or zeros."""
        found = self.tensors.get("bias")
        return np.zeros(outputs) if found is None else found


Writer = Callable[[Layer, Sequence[Value], Program], Value]


def write(layer: Layer, sources: Sequence[Value], program: Program) -> Value:
    """Add a layer to a step, and return its output.

    Raises
    ------
    CheckpointError
        If it cannot be computed step by step, or C code is missing; the message says why.
    """
    writer = WRITERS.get(layer.kind)
    if writer is None:
        raise layer.refuse(_REASONS.get(layer.kind, "there is no template for such a layer"))
    return writer(layer, sources, program)


def _numbers(layer: Layer, source: Value, program: Program) -> Value:
    """Return a source as numbers, after converting a token to its one-hot row."""
    if source.kind == "numbers":
        return source
    if source.kind == "token":
        raise layer.refuse("its input is tokens, which only Embedding and CategoryEncoding read")
    made = program.buffer(program.unique(f"{layer.name}_one_hot"), source.size, None)
    program.call("net_one_hot", source.place, made.place, source.size)
    return made


def _own(layer: Layer, source: Value, program: Program) -> Value:
    """Return memory with the values of a source that may be overwritten."""
    source = _numbers(layer, source, program)
    if source.is_own and layer.may_overwrite and layer.place in (None, source.place):
        return source
    made = program.buffer(layer.name, source.size, layer.place)
    program.call("net_copy", source.place, made.place, source.size)
    return made


def _activated(layer: Layer, value: Value, activation: str, program: Program) -> Value:
    if activation in _WHOLE:
        program.call(f"net_{activation}", value.place, value.size)
    elif activation != "linear":
        known(layer, "activation", activation)
        at = f"{value.place}[i]"
        program.loop(value.size, f"{at} = net_{activation}({at});")
    program.squashes += 0 if activation in _CHEAP else value.size
    return value


def known(layer: Layer, argument: str, activation: str) -> str:
    """Return the name of an activation, after checking that it has a C function."""
    if f"net_{activation}" not in sections("functions.c"):
        raise layer.refuse(f"its {argument} is {activation!r}, for which there is no C function")
    return activation


def _affine(layer: Layer, source: Value, kernel: Array, bias: Array, program: Program) -> Value:
    inputs, outputs = kernel.shape
    w = program.matrix(f"{layer.name}_kernel", kernel)
    b = program.vector(f"{layer.name}_bias", bias)
    made = program.buffer(layer.name, outputs, layer.place)
    if source.kind == "one-hot":
        program.call("net_affine_of_token", w, b, source.place, made.place, inputs, outputs)
    else:
        source = _numbers(layer, source, program)
        program.call("net_affine", w, b, source.place, made.place, inputs, outputs)
        program.products += inputs * outputs
    return made


def _dense(layer: Layer, sources: Sequence[Value], program: Program) -> Value:
    kernel = layer.tensors["kernel"]
    made = _affine(layer, sources[0], kernel, layer.bias(kernel.shape[1]), program)
    return _activated(layer, made, layer.config.get("activation", "linear"), program)


def _activation(layer: Layer, sources: Sequence[Value], program: Program) -> Value:
    return _activated(layer, _own(layer, sources[0], program), layer.config["activation"], program)


def _embedding(layer: Layer, sources: Sequence[Value], program: Program) -> Value:
    if layer.config.get("mask_zero"):
        raise layer.refuse("it has mask_zero=True, and a stream has no padding to leave out")
    if sources[0].kind != "token":
        raise layer.refuse("its input is not that of the model")
    table = layer.tensors["embeddings"]
    made = program.buffer(layer.name, table.shape[1], layer.place)
    w = program.matrix(f"{layer.name}_embeddings", table)
    program.call("net_gather", w, sources[0].place, made.place, *table.shape)
    return made


def _category_encoding(layer: Layer, sources: Sequence[Value], program: Program) -> Value:
    return Value(sources[0].place, layer.config["num_tokens"], "one-hot")


def _passed(layer: Layer, sources: Sequence[Value], program: Program) -> Value:
    return sources[0]


def _time_distributed(layer: Layer, sources: Sequence[Value], program: Program) -> Value:
    inner = layer.config["layer"]
    if inner["class_name"] in _CELLS:
        raise layer.refuse("its layer reads a sequence at every step")
    config = {**inner["config"], "name": layer.config["name"]}
    within = Layer(
        inner["class_name"], config, layer.tensors, layer.name, layer.place, layer.may_overwrite
    )
    return write(within, sources, program)


def _recurrent(layer: Layer, sources: Sequence[Value], program: Program) -> Value:
    for option, reason in (
        ("go_backwards", "the last step of a stream is not known"),
        ("return_state", "a step puts out one vector"),
    ):
        if layer.config.get(option):
            raise layer.refuse(f"it has {option}=True; {reason}")
    cell = _CELLS[layer.kind]
    if cell == "gru" and layer.config.get("reset_after"):
        cell = "gru_reset_after"
    units = layer.config["units"]
    source = sources[0]
    of_token = source.kind == "one-hot"
    if not of_token:
        source = _numbers(layer, source, program)
    kernel, recurrent = layer.tensors["kernel"], layer.tensors["recurrent_kernel"]
    activation = known(layer, "activation", layer.config.get("activation", "tanh"))
    gate = known(layer, "recurrent_activation", layer.config.get("recurrent_activation", "sigmoid"))
    gate = "tanh" if cell == "rnn" else gate
    arguments = [program.matrix(f"{layer.name}_kernel", kernel)]
    biases = layer.bias(kernel.shape[1])
    s = program.state(f"{layer.name}_s", units, layer.tensors.get("initial_state"))
    states = [s]
    if cell in ("rnn", "lstm"):
        arguments.append(program.matrix(f"{layer.name}_recurrent", recurrent))
        arguments.append(program.vector(f"{layer.name}_bias", biases))
        if cell == "lstm":
            first = layer.tensors.get("initial_cell")
            states.append(program.state(f"{layer.name}_c", units, first))
    else:
        # The product for n is separate: it needs r first, or is multiplied by r.
        gates = recurrent.shape[1] - units
        arguments.append(program.matrix(f"{layer.name}_recurrent_gates", recurrent[:, :gates]))
        arguments.append(program.matrix(f"{layer.name}_recurrent_n", recurrent[:, gates:]))
        if cell == "gru_reset_after":
            of_input, of_state = biases if biases.ndim == 2 else (biases, biases)
            joined = of_input.copy()
            joined[:gates] += of_state[:gates]
            arguments.append(program.vector(f"{layer.name}_bias", joined))
            arguments.append(program.vector(f"{layer.name}_recurrent_bias", of_state[gates:]))
        else:
            arguments.append(program.vector(f"{layer.name}_bias", biases))
    function = program.cell(cell, activation, gate, of_token)
    inputs = kernel.shape[0]
    program.call(function, *arguments, source.place, *states, "state->work", inputs, units)
    program.work = max(program.work, _WORK[cell] * units)
    program.products += recurrent.size + (0 if of_token else kernel.size) + _GATING[cell] * units
    for count, name in zip(_SQUASHES[cell], (activation, gate), strict=True):
        program.squashes += 0 if name in _CHEAP else count * units
    return Value(s, units)


def _layer_normalization(layer: Layer, sources: Sequence[Value], program: Program) -> Value:
    if _axis(layer) != [-1]:
        raise layer.refuse(f"its axis is {layer.config['axis']}; it should be -1")
    value = _own(layer, sources[0], program)
    program.call("net_normalize", value.place, value.size, f"REAL({layer.config['epsilon']!r})")
    program.products += 2 * value.size
    gamma, beta = layer.tensors.get("gamma"), layer.tensors.get("beta")
    if gamma is not None or beta is not None:
        _scaled(
            layer,
            np.ones(value.size) if gamma is None else gamma,
            np.zeros(value.size) if beta is None else beta,
            value,
            program,
        )
    return value


def _batch_normalization(layer: Layer, sources: Sequence[Value], program: Program) -> Value:
    if _axis(layer) != [-1]:
        raise layer.refuse(f"its axis is {layer.config['axis']}; it should be -1")
    mean, variance = (layer.tensors[f"moving_{kind}"] for kind in ("mean", "variance"))
    wide = np.float64
    factor = 1 / np.sqrt(variance.astype(wide) + layer.config["epsilon"])
    factor = factor * layer.tensors.get("gamma", 1)
    value = _own(layer, sources[0], program)
    _scaled(layer, factor, layer.tensors.get("beta", 0) - mean * factor, value, program)
    return value


def _axis(layer: Layer) -> list[int]:
    axis = layer.config.get("axis", -1)
    return list(axis) if isinstance(axis, (list, tuple)) else [axis]


def _scaled(layer: Layer, gamma: Array, beta: Array, value: Value, program: Program) -> None:
    g = program.vector(f"{layer.name}_gamma", gamma)
    b = program.vector(f"{layer.name}_beta", beta)
    program.call("net_scale", g, b, value.place, value.size)
    program.products += value.size


def _elementwise(expression: Callable[[Layer], str], squashes: bool = False) -> Writer:
    """Return a writer for an elementwise layer with an expression of ``X``."""

    def writer(layer: Layer, sources: Sequence[Value], program: Program) -> Value:
        value = _own(layer, sources[0], program)
        at = f"{value.place}[i]"
        program.loop(value.size, f"{at} = {expression(layer).replace('X', at)};")
        program.squashes += value.size if squashes else 0
        return value

    return writer


def _relu(layer: Layer) -> str:
    limit, slope, most = (
        layer.config.get(name) for name in ("threshold", "negative_slope", "max_value")
    )
    limit, slope = limit or 0.0, slope or 0.0
    text = f"X > REAL({limit!r}) ? X : REAL({slope!r}) * (X - REAL({limit!r}))"
    if most is None:
        return text
    return f"X > REAL({max(most, limit)!r}) ? REAL({most!r}) : {text}" if most >= limit else text


def _softmax(layer: Layer, sources: Sequence[Value], program: Program) -> Value:
    if _axis(layer) != [-1]:
        raise layer.refuse(f"its axis is {layer.config['axis']}; it should be -1")
    return _activated(layer, _own(layer, sources[0], program), "softmax", program)


def _merged(statement: str, last: str = "") -> Writer:
    """Return a writer for a layer that merges several inputs element by element.

    In the statement, ``Y`` is the result so far, and ``X`` the next input.
    """

    def writer(layer: Layer, sources: Sequence[Value], program: Program) -> Value:
        values = [_numbers(layer, source, program) for source in sources]
        size = max(value.size for value in values)
        made = program.buffer(layer.name, size, layer.place)
        parts = [f"{value.place}[{'i' if value.size == size else 0}]" for value in values]
        text = parts[0]
        for part in parts[1:]:
            text = statement.replace("Y", text).replace("X", part)
        if last:
            text = last.replace("Y", text).replace("N", f"REAL({float(len(parts))!r})")
        program.loop(size, f"{made.place}[i] = {text};")
        program.products += size * statement.count("*") * (len(parts) - 1)
        return made

    return writer


def _concatenate(layer: Layer, sources: Sequence[Value], program: Program) -> Value:
    if layer.config.get("axis", -1) not in (-1, 2):
        raise layer.refuse(f"its axis is {layer.config['axis']}; it should be -1")
    values = [_numbers(layer, source, program) for source in sources]
    made = program.buffer(layer.name, sum(value.size for value in values), layer.place)
    first = 0
    for value in values:
        at = f"{made.place} + {first}" if first else made.place
        program.call("net_copy", value.place, at, value.size)
        first += value.size
    return made


#: The cells of the recurrent layers, with the scratch memory per unit, and the multiplications per
#: unit besides the products.
_CELLS = {"SimpleRNN": "rnn", "GRU": "gru", "LSTM": "lstm", "MGU": "mgu"}
_WORK = {"rnn": 1, "gru": 4, "gru_reset_after": 4, "lstm": 4, "mgu": 3}
_GATING = {"rnn": 0, "gru": 3, "gru_reset_after": 3, "lstm": 3, "mgu": 3}
#: Number of evaluations per unit of the activation, and of the gates' activation.
_SQUASHES = {"rnn": (1, 0), "gru": (1, 2), "gru_reset_after": (1, 2), "lstm": (2, 3), "mgu": (1, 1)}

#: Layers without an effect outside of training.
_PASSED = frozenset(
    (
        "Dropout",
        "SpatialDropout1D",
        "GaussianNoise",
        "GaussianDropout",
        "AlphaDropout",
        "ActivityRegularization",
        "Identity",
    )
)

WRITERS: dict[str, Writer] = {
    **dict.fromkeys(_CELLS, _recurrent),
    "Dense": _dense,
    "Activation": _activation,
    "Embedding": _embedding,
    "CategoryEncoding": _category_encoding,
    "TimeDistributed": _time_distributed,
    "LayerNormalization": _layer_normalization,
    "BatchNormalization": _batch_normalization,
    "Softmax": _softmax,
    "ReLU": _elementwise(_relu),
    "LeakyReLU": _elementwise(
        lambda layer: f"X >= REAL(0.0) ? X : X * REAL({layer.config['negative_slope']!r})"
    ),
    "ELU": _elementwise(
        lambda layer: (
            f"X > REAL(0.0) ? X : REAL({layer.config['alpha']!r}) * net_expm1_of_negative(X)"
        ),
        squashes=True,
    ),
    "Add": _merged("Y + X"),
    "Subtract": _merged("Y - X"),
    "Multiply": _merged("Y * X"),
    "Average": _merged("Y + X", "(Y) / N"),
    "Maximum": _merged("net_maximum(Y, X)"),
    "Minimum": _merged("net_minimum(Y, X)"),
    "Concatenate": _concatenate,
    **dict.fromkeys(_PASSED, _passed),
}

#: Layers that can work in place.
IN_PLACE = _PASSED | {
    "Activation",
    "LayerNormalization",
    "BatchNormalization",
    "Softmax",
    "ReLU",
    "LeakyReLU",
    "ELU",
}

_WHOLE_SEQUENCE = "it needs the whole sequence at once"
#: Reasons why some layers cannot be written.
_REASONS = {
    "Bidirectional": "it reads the sequence from its end, which a stream does not know",
    "Masking": "a stream has no padding to leave out; leave such steps out of it",
    "Lambda": "it is a Python function",
    **dict.fromkeys(
        (
            "Flatten",
            "Reshape",
            "Permute",
            "RepeatVector",
            "Dot",
            "GlobalMaxPooling1D",
            "GlobalAveragePooling1D",
            "MaxPooling1D",
            "AveragePooling1D",
            "Conv1D",
            "Conv1DTranspose",
            "DepthwiseConv1D",
            "SeparableConv1D",
            "Cropping1D",
            "UpSampling1D",
            "ZeroPadding1D",
            "GroupNormalization",
        ),
        _WHOLE_SEQUENCE,
    ),
}
