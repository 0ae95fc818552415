"""Converting layers to modules of PyTorch."""

from __future__ import annotations

from typing import Any

from fastrnn import activations
from fastrnn.interop.torch.loading import to_state_dict
from fastrnn.layers import (
    ELU,
    GRU,
    LSTM,
    Activation,
    Bidirectional,
    Dense,
    Dropout,
    Embedding,
    InputLayer,
    Layer,
    LayerNormalization,
    LeakyReLU,
    RecurrentLayer,
    ReLU,
    SimpleRNN,
    Softmax,
    TimeDistributed,
)
from fastrnn.layers.contract import Contract
from fastrnn.layers.initial_state import initial_states
from fastrnn.models import Model
from fastrnn.models.nested import ModelLayer, Nestable
from fastrnn.models.network import is_chain

_ACTIVATIONS: dict[str, tuple[str, dict[str, Any]]] = {
    "tanh": ("Tanh", {}),
    "sigmoid": ("Sigmoid", {}),
    "relu": ("ReLU", {}),
    "relu6": ("ReLU6", {}),
    "selu": ("SELU", {}),
    "silu": ("SiLU", {}),
    "mish": ("Mish", {}),
    "gelu": ("GELU", {}),
    "softsign": ("Softsign", {}),
    "log_sigmoid": ("LogSigmoid", {}),
    "hard_sigmoid": ("Hardsigmoid", {}),
    "elu": ("ELU", {}),
    "leaky_relu": ("LeakyReLU", {"negative_slope": 0.2}),
    "softmax": ("Softmax", {"dim": -1}),
    "log_softmax": ("LogSoftmax", {"dim": -1}),
    "softplus": ("Softplus", {"threshold": 40.0}),
}


def module_of(model: Model) -> Any:
    """Return the module of a model; see :func:`fastrnn.interop.torch.to_module`."""
    import torch

    from fastrnn.interop.torch.chain import Chain

    if not is_chain(model._graph):
        raise ValueError(
            f"the layers of {model.name} do not simply follow one another, as in a Sequential; "
            "write the module, and give it to_state_dict(model)"
        )
    modules: dict[str, Any] = {}
    only_last: list[str] = []
    _collect(model, "", modules, only_last)
    chain = Chain(modules, only_last)
    given = to_state_dict(model)
    names = {name.replace(".", "_"): name for name in chain.state_dict()}
    state = {names[name.replace(".", "_")]: torch.from_numpy(a) for name, a in given.items()}
    chain.to(torch.float64 if model.dtype == "float64" else torch.float32)
    chain.load_state_dict(state)
    return chain.eval()


def _collect(model: Nestable, prefix: str, modules: dict[str, Any], only_last: list[str]) -> None:
    for node in model._graph.nodes:
        layer = node.layer
        name = f"{prefix}{layer.name}".replace(".", "_")
        if isinstance(layer, InputLayer):
            continue
        if isinstance(layer, ModelLayer):
            if not is_chain(layer.graph):
                raise ValueError(f"the layers of {layer.name} do not simply follow one another")
            _collect(layer.model, f"{name}_", modules, only_last)
            continue
        if any(tensor.has_mask for tensor in node.inputs):
            raise ValueError(
                f"{layer.name} reads a mask, which modules of PyTorch do not have; give the model "
                "no mask (mask_zero=False, no Masking)"
            )
        features = node.inputs[0].shape[-1] or 0
        inner = layer.layer if isinstance(layer, TimeDistributed) else layer
        modules[name] = _module(inner, layer.name, features)
        recurrent = inner.forward_layer if isinstance(inner, Bidirectional) else inner
        if isinstance(recurrent, RecurrentLayer) and not recurrent.return_sequences:
            only_last.append(name)
        activation = getattr(inner, "activation", activations.LINEAR)
        if isinstance(inner, Dense) and activation is not activations.LINEAR:
            modules[f"{name}_activation"] = _activation(layer.name, activation.name)


def _activation(layer: str, name: str) -> Any:
    import torch

    if name == "linear":
        return torch.nn.Identity()
    if name not in _ACTIVATIONS:
        raise ValueError(
            f"activation of {layer} is {name!r}, which PyTorch lacks; it should be one of "
            f"{', '.join(_ACTIVATIONS)}"
        )
    kind, options = _ACTIVATIONS[name]
    return getattr(torch.nn, kind)(**options)


def _module(layer: Contract, name: str, features: int) -> Any:
    from torch import nn

    if isinstance(layer, (Bidirectional, RecurrentLayer)):
        return _recurrent(layer, name, features)
    if isinstance(layer, Dense):
        return nn.Linear(features, layer.units, bias=layer.use_bias)
    if isinstance(layer, Embedding):
        if layer.mask_zero:
            raise ValueError(f"mask_zero of {name} is True; modules of PyTorch have no masks")
        return nn.Embedding(layer.input_dim, layer.output_dim)
    if isinstance(layer, Dropout):
        if getattr(layer, "noise_shape", None) is not None:
            raise ValueError(f"noise_shape of {name} is something that PyTorch's Dropout lacks")
        return nn.Dropout(layer.rate)
    if isinstance(layer, Activation):
        return _activation(name, layer.activation.name)
    if isinstance(layer, LayerNormalization) and layer.axis == [-1]:
        if layer.scale:
            return nn.LayerNorm(features, eps=layer.epsilon, bias=layer.center)
        if not layer.center:
            return nn.LayerNorm(features, eps=layer.epsilon, elementwise_affine=False)
    if isinstance(layer, LeakyReLU):
        return nn.LeakyReLU(layer.negative_slope)
    if isinstance(layer, ELU):
        return nn.ELU(layer.alpha)
    if isinstance(layer, ReLU) and layer.max_value is None and layer.threshold == 0:
        return nn.LeakyReLU(layer.negative_slope) if layer.negative_slope else nn.ReLU()
    if isinstance(layer, Softmax) and layer.axis == (-1,):
        return nn.Softmax(-1)
    raise ValueError(
        f"{name} is a {type(layer).__name__}, for which there is no module: write one of your own, "
        "and give it to_state_dict(model)"
    )


def _recurrent(layer: Layer, name: str, features: int) -> Any:
    import torch
    from torch import nn

    both = isinstance(layer, Bidirectional)
    inner = layer.forward_layer if isinstance(layer, Bidirectional) else layer
    assert isinstance(inner, RecurrentLayer)
    directions = [inner]
    if isinstance(layer, Bidirectional):
        directions.append(layer.backward_layer)
        if layer.merge_mode != "concat":
            raise ValueError(
                f"merge_mode of {name} is {layer.merge_mode!r}; PyTorch has 'concat' alone"
            )
        if _kind(name, directions[0]) != _kind(name, directions[1]):
            raise ValueError(f"the two directions of {name} differ, which PyTorch's cannot")
    for one, backwards in zip(directions, (False, True), strict=False):
        wanted = {
            "go_backwards": backwards,
            "return_state": False,
            "stateful": False,
            "dropout": 0.0,
            "recurrent_dropout": 0.0,
        }
        for argument, value in wanted.items():
            if getattr(one, argument) != value:
                raise ValueError(
                    f"{argument} of {name} is {getattr(one, argument)!r}; modules of PyTorch have "
                    "no such thing"
                )
    kind, options = _kind(name, inner)
    made = getattr(nn, kind)(
        features, inner.units, bias=inner.use_bias, batch_first=True, bidirectional=both, **options
    )
    for one, suffix in zip(directions, ("", "_reverse"), strict=False):
        for parameter in initial_states(one):
            name = f"{parameter.name}_l0{suffix}"
            made.register_parameter(name, nn.Parameter(torch.zeros(one.units)))
    return made


def _kind(name: str, layer: RecurrentLayer) -> tuple[str, dict[str, Any]]:
    """Return the class of a module, and its specific arguments."""
    activation = layer.activation.name
    if isinstance(layer, SimpleRNN):
        if activation not in ("tanh", "relu"):
            raise ValueError(f"activation of {name} is {activation!r}; PyTorch has tanh and relu")
        return "RNN", {"nonlinearity": activation}
    if not isinstance(layer, (GRU, LSTM)):
        raise ValueError(f"{name} is a {type(layer).__name__}, for which there is no module")
    for argument, wanted in (("activation", "tanh"), ("recurrent_activation", "sigmoid")):
        given = getattr(layer, argument).name
        if given != wanted:
            raise ValueError(f"{argument} of {name} is {given!r}; PyTorch has {wanted!r} alone")
    return ("GRU" if isinstance(layer, GRU) else "LSTM"), {}
