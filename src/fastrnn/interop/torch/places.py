"""The mapping between the weights of layers and the tensors of PyTorch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastrnn.layers import (
    GRU,
    LSTM,
    BatchNormalization,
    Bidirectional,
    Conv1D,
    Dense,
    Embedding,
    Layer,
    LayerNormalization,
    SimpleRNN,
    TimeDistributed,
)
from fastrnn.layers.initial_state import initial_states
from fastrnn.layers.parameter import Parameter
from fastrnn.models import Model
from fastrnn.models.layer_order import listed
from fastrnn.models.nested import ModelLayer

Array = NDArray[Any]

#: PyTorch's gates in the core: the order is the same.
_RECURRENT = (SimpleRNN, GRU, LSTM)


@dataclass(frozen=True)
class Place:
    """A layer with weights, and its full name.

    Attributes
    ----------
    name : str
        Name of the layer; for one in a nested model, both names, separated by "/".
    layer : Layer
    """

    name: str
    layer: Layer

    @property
    def title(self) -> str:
        """Its name in error messages."""
        shapes = ", ".join(f"{name} {shape}" for name, shape in expected(self).items())
        return f"{self.name} ({type(self.layer).__name__}: {shapes})"


def places_of(model: Model) -> list[Place]:
    """Return the layers of a model that have weights, in their order."""
    return list(_places(listed(model._graph), ""))


def _places(layers: Sequence[Layer], before: str) -> Iterator[Place]:
    for layer in layers:
        if isinstance(layer, ModelLayer):
            yield from _places(listed(layer.graph), f"{before}{layer.name}/")
        elif layer.parameters:
            inner = layer.layer if isinstance(layer, TimeDistributed) else layer
            if isinstance(inner, ModelLayer):
                yield from _places(listed(inner.graph), f"{before}{layer.name}/")
            else:
                yield Place(f"{before}{layer.name}", inner)


def expected(place: Place) -> dict[str, tuple[int, ...]]:
    """Return the shapes of PyTorch's tensors for a layer, by their names without prefix and layer.

    Raises
    ------
    ValueError
        If PyTorch has no such layer; the error says why.
    """
    return {name: array.shape for name, array in tensors_of(place).items()}


def tensors_of(place: Place) -> dict[str, Array]:
    """Return the weights of a layer as PyTorch's tensors; copies, or views of them."""
    layer = place.layer
    if isinstance(layer, Bidirectional):
        found: dict[str, Array] = {}
        for suffix, inner in (("", layer.forward_layer), ("_reverse", layer.backward_layer)):
            one = _recurrent(place.name, inner)
            found.update({f"{name}{suffix}": array for name, array in one.items()})
        return found
    if isinstance(layer, _RECURRENT):
        return _recurrent(place.name, layer)
    value = {parameter.name: parameter.value for parameter in layer.parameters}
    names = _names(place)
    if isinstance(layer, (Dense, Conv1D)):
        value["kernel"] = value["kernel"].T
    return {names[name]: array for name, array in value.items()}


def _names(place: Place) -> dict[str, str]:
    """Return PyTorch's names of the weights of a layer that is not recurrent."""
    layer = place.layer
    if isinstance(layer, (Dense, Conv1D)):
        return {"kernel": "weight", "bias": "bias"}
    if isinstance(layer, Embedding):
        return {"embeddings": "weight"}
    names = {"gamma": "weight", "beta": "bias"}
    if isinstance(layer, LayerNormalization):
        return names
    if isinstance(layer, BatchNormalization):
        return {**names, "moving_mean": "running_mean", "moving_variance": "running_var"}
    raise ValueError(
        f"{place.name} is a {type(layer).__name__}, which has no counterpart in PyTorch: give it "
        "its weights by set_weights"
    )


def _recurrent(name: str, layer: Layer) -> dict[str, Array]:
    _check_recurrent(name, layer)
    assert isinstance(layer, _RECURRENT)
    found = {
        "weight_ih": layer.parameter("kernel").value.T,
        "weight_hh": layer.parameter("recurrent_kernel").value.T,
    }
    if layer.use_bias:
        bias = layer.parameter("bias").value
        one, other = bias if bias.ndim == 2 else (bias, np.zeros_like(bias))
        found.update(bias_ih=one, bias_hh=other)
    for parameter in initial_states(layer):
        found[parameter.name] = parameter.value
    return found


def _check_recurrent(name: str, layer: Layer) -> None:
    if isinstance(layer, GRU) and not layer.reset_after:
        raise ValueError(
            f"{name} has reset_after=False, and PyTorch's GRU is the other form: make it with "
            "GRU(..., reset_after=True)"
        )
    if not isinstance(layer, _RECURRENT):
        raise ValueError(f"{name} is a {type(layer).__name__}, which PyTorch lacks")


def weights_from(place: Place, tensors: dict[str, Array]) -> list[tuple[str, Parameter, Array]]:
    """Return a layer's weights with their arrays, with the gates in Keras's order.

    Parameters
    ----------
    place : Place
    tensors : dict of str to ndarray
        The tensors of :func:`expected`, with these shapes.

    Returns
    -------
    list of (str, Parameter, ndarray)
        The names for errors, the weights, and arrays for :func:`~fastrnn.layers.parameter.assign`.
    """
    layer = place.layer
    pairs: list[tuple[str, Parameter, Array]] = []
    if isinstance(layer, (Bidirectional, *_RECURRENT)):
        both = isinstance(layer, Bidirectional)
        inner = layer.named_layers() if isinstance(layer, Bidirectional) else [("", layer)]
        for (which, one), suffix in zip(inner, ("", "_reverse"), strict=False):
            arrays = {
                "kernel": tensors[f"weight_ih{suffix}"].T,
                "recurrent_kernel": tensors[f"weight_hh{suffix}"].T,
            }
            if one.use_bias:
                biases = [tensors[f"bias_{which}{suffix}"] for which in ("ih", "hh")]
                arrays["bias"] = np.stack(biases) if isinstance(one, GRU) else _sum(*biases)
            for parameter in initial_states(one):
                arrays[parameter.name] = tensors[f"{parameter.name}{suffix}"]
            for parameter in one.parameters:
                title = f"{place.name}/{f'{which}_' if both else ''}{parameter.name}"
                pairs.append((title, parameter, arrays[parameter.name]))
    else:
        names = _names(place)
        for parameter in layer.parameters:
            array = tensors[names[parameter.name]]
            if parameter.name == "kernel":
                array = array.T
            pairs.append((f"{place.name}/{parameter.name}", parameter, array))
    return [(title, one, one.to_keras(np.ascontiguousarray(array))) for title, one, array in pairs]


def _sum(one: Array, other: Array) -> Array:
    """Return the sum of both biases, rounded once."""
    return one.astype(np.float64) + other.astype(np.float64)
