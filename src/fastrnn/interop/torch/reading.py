"""Converting modules of PyTorch to layers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from fastrnn.layers import (
    ELU,
    GRU,
    LSTM,
    Activation,
    Bidirectional,
    Dense,
    Dropout,
    Embedding,
    Layer,
    LayerNormalization,
    LeakyReLU,
    SimpleRNN,
)

#: Modules without relevant arguments, and their activations.
_ACTIVATIONS = {
    "Tanh": "tanh",
    "Sigmoid": "sigmoid",
    "ReLU": "relu",
    "ReLU6": "relu6",
    "SELU": "selu",
    "SiLU": "silu",
    "Mish": "mish",
    "Softsign": "softsign",
    "LogSigmoid": "log_sigmoid",
    "Hardsigmoid": "hard_sigmoid",
}


@dataclass
class Found:
    """The layers of a module.

    Attributes
    ----------
    layers : list of Layer
    weights : dict of str to tensor
        Their weights, in order.
    features : int or None
        Number of input features of the first layer that states it; 0 for an embedding.
    is_sequence : bool
        Whether a layer reads sequences.
    dtype : str
    """

    layers: list[Layer] = field(default_factory=list)
    weights: dict[str, Any] = field(default_factory=dict)
    features: int | None = None
    is_sequence: bool = False
    dtype: str = "float32"

    @property
    def input_shape(self) -> tuple[int | None, ...]:
        """The shape of a sample."""
        if self.features is None:
            raise ValueError(
                "the module does not say how many features it reads; give input_shape, such as "
                "(None, 3)"
            )
        if not self.features:
            return (None,)
        return (None, self.features) if self.is_sequence else (self.features,)

    def add(self, layer: Layer, features: int | None = None) -> None:
        """Append a layer with a number of input features."""
        if self.features is None:
            self.features = features
        self.layers.append(layer)

    def take(self, prefix: str, module: Any) -> None:
        """Add the weights of a module."""
        for name, tensor in module.state_dict().items():
            self.weights[f"{prefix}{name}"] = tensor


def layers_of(module: Any) -> Found:
    """Return the layers of a module."""
    kinds = {str(tensor.dtype) for tensor in module.parameters()}
    if len(kinds) > 1 or not kinds <= {"torch.float32", "torch.float64"}:
        raise ValueError(
            f"the weights of the module are of {', '.join(sorted(kinds))}; they should all be "
            "float32, or all float64"
        )
    found = Found(dtype=kinds.pop().removeprefix("torch.") if kinds else "float32")
    _add(found, module, "")
    if not found.layers:
        raise ValueError("the module has no layers")
    return found


def _add(found: Found, module: Any, prefix: str) -> None:
    import torch

    for kind, add in _KINDS.items():
        if type(module) is getattr(torch.nn, kind):
            add(found, module, prefix)
            return
    name = type(module).__name__
    if isinstance(module, torch.nn.Sequential):
        _check_sequential(module)
        for child, inner in module.named_children():
            _add(found, inner, f"{prefix}{child}.")
            if child in getattr(module, "only_last", ()):
                found.layers[-1] = _without_sequences(found.layers[-1])
    elif name in _ACTIVATIONS and type(module) is getattr(torch.nn, name):
        found.add(Activation(_ACTIVATIONS[name]))
    elif type(module) is not torch.nn.Identity:
        raise TypeError(
            f"module{f' {prefix[:-1]}' if prefix else ''} is of type {name}, of whose forward "
            "nothing is known here: build a model with the same layers, and give it the weights by "
            "load_state_dict(model, module.state_dict())"
        )


def _check_sequential(module: Any) -> None:
    import torch

    from fastrnn.interop.torch.chain import Chain

    if type(module) not in (torch.nn.Sequential, Chain):
        raise TypeError(
            f"module is of type {type(module).__name__}, a Sequential with a forward of its own: "
            "build a model with the same layers, and use load_state_dict"
        )


def _recurrent(found: Found, module: Any, prefix: str) -> None:
    if module.proj_size:
        raise ValueError(
            f"proj_size of {type(module).__name__} is {module.proj_size}; it should "
            "be 0, as no layer here has a projection"
        )
    found.is_sequence = True
    features = module.input_size
    for index in range(module.num_layers):
        if index and module.dropout:
            found.add(Dropout(module.dropout))
        layer: Layer = _layer(module, getattr(module, "nonlinearity", "tanh"))
        found.add(Bidirectional(layer) if module.bidirectional else layer, features)  # type: ignore[arg-type]
    found.take(prefix, module)


def _cell(found: Found, module: Any, prefix: str) -> None:
    found.is_sequence = True
    found.add(_layer(module, getattr(module, "nonlinearity", "tanh")), module.input_size)
    found.take(prefix, module)


def _layer(module: Any, activation: str) -> Layer:
    options: dict[str, Any] = {"use_bias": bool(module.bias), "return_sequences": True}
    if hasattr(module, "initial_state_l0"):
        options["learn_initial_state"] = True
    kind = type(module).__name__
    if kind.startswith("GRU"):
        return GRU(module.hidden_size, reset_after=True, **options)
    if kind.startswith("LSTM"):
        return LSTM(module.hidden_size, **options)
    return SimpleRNN(module.hidden_size, activation=activation, **options)


def _linear(found: Found, module: Any, prefix: str) -> None:
    layer = Dense(module.out_features, use_bias=module.bias is not None)
    found.add(layer, module.in_features)
    found.take(prefix, module)


def _embedding(found: Found, module: Any, prefix: str) -> None:
    if module.max_norm is not None:
        raise ValueError(f"max_norm of Embedding is {module.max_norm}; it should be None")
    if found.layers:
        raise ValueError("Embedding stands behind another module; it should be the first")
    found.is_sequence = True
    found.add(Embedding(module.num_embeddings, module.embedding_dim), 0)
    found.take(prefix, module)


def _layer_norm(found: Found, module: Any, prefix: str) -> None:
    if len(module.normalized_shape) != 1:
        raise ValueError(
            f"normalized_shape of LayerNorm is {tuple(module.normalized_shape)}; it should be the "
            "features alone"
        )
    scale, center = module.weight is not None, module.bias is not None
    layer = LayerNormalization(epsilon=module.eps, scale=scale, center=center)
    found.add(layer, module.normalized_shape[0])
    found.take(prefix, module)


def _softmax(found: Found, module: Any, prefix: str) -> None:
    if module.dim not in (-1, 2):
        raise ValueError(f"dim of {type(module).__name__} is {module.dim}; it should be -1")
    found.add(Activation("log_softmax" if "Log" in type(module).__name__ else "softmax"))


def _gelu(found: Found, module: Any, prefix: str) -> None:
    if module.approximate != "none":
        raise ValueError(f"approximate of GELU is {module.approximate!r}; it should be 'none'")
    found.add(Activation("gelu"))


def _softplus(found: Found, module: Any, prefix: str) -> None:
    if module.beta != 1:
        raise ValueError(f"beta of Softplus is {module.beta}; it should be 1")
    found.add(Activation("softplus"))


def _without_sequences(layer: Layer) -> Layer:
    """Return a layer that returns only its final state."""
    config = layer.get_config()
    inner = config["layer"]["config"] if isinstance(layer, Bidirectional) else config
    inner["return_sequences"] = False
    return type(layer).from_config(config)


_KINDS: dict[str, Callable[[Found, Any, str], None]] = {
    "RNN": _recurrent,
    "GRU": _recurrent,
    "LSTM": _recurrent,
    "RNNCell": _cell,
    "GRUCell": _cell,
    "LSTMCell": _cell,
    "Linear": _linear,
    "Embedding": _embedding,
    "LayerNorm": _layer_norm,
    "Dropout": lambda found, module, _: found.add(Dropout(module.p)),
    "LeakyReLU": lambda found, module, _: found.add(LeakyReLU(module.negative_slope)),
    "ELU": lambda found, module, _: found.add(ELU(module.alpha)),
    "Softmax": _softmax,
    "LogSoftmax": _softmax,
    "GELU": _gelu,
    "Softplus": _softplus,
}
