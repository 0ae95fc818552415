"""Layers in a row, and their weights."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fastrnn.callbacks.console import say
from fastrnn.layers import Layer, SymbolicTensor, serialize
from fastrnn.layers.parameter import Parameter, assign
from fastrnn.layers.symbolic import Shape
from fastrnn.models import saving
from fastrnn.models.summary import table

Array = NDArray[Any]


class Chain:
    """What a model is before anything is said about training: layers in a row, with weights.

    Parameters
    ----------
    name : str
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self._tensors: list[SymbolicTensor] = []

    # The layers --------------------------------------------------------------------------------

    @property
    def layers(self) -> list[Layer]:
        """The layers in order, that of the input first."""
        return [tensor.layer for tensor in self._tensors]

    @property
    def input_shape(self) -> Shape:
        """Shape of the data, batch first; None where any extent will do."""
        return self._tensors[0].shape

    @property
    def output_shape(self) -> Shape:
        """Shape of the answers, batch first; None where the data decides."""
        return self._tensors[-1].shape

    @property
    def dtype(self) -> np.dtype:
        """What the model computes in, and the type of its answers."""
        return self._tensors[-1].layer.dtype

    def get_layer(self, name: str | None = None, index: int | None = None) -> Layer:
        """Return a layer by its name, or by its place in :attr:`layers`.

        Raises
        ------
        ValueError
            If there is none, or neither or both are given.
        """
        if (name is None) == (index is None):
            raise ValueError("get_layer takes a name or an index, one of the two")
        found = self.layers
        if index is not None:
            if not -len(found) <= index < len(found):
                raise ValueError(f"index is {index}; the model has {len(found)} layers")
            return found[index]
        for layer in found:
            if layer.name == name:
                return layer
        names = ", ".join(layer.name for layer in found)
        raise ValueError(f"the model has no layer {name!r}; it has {names}")

    def summary(
        self, line_length: int = 65, print_fn: Callable[[str], object] | None = None
    ) -> None:
        """Print the layers: name and type, output shape, number of weights.

        Parameters
        ----------
        line_length : int, default 65
        print_fn : callable, optional
            Takes the text line by line, in place of standard output.
        """
        self._require_chain()
        shown = [t for t in self._tensors if t.layer in self.layers]
        text = table([t.layer for t in shown], [t.shape for t in shown], line_length)
        for line in text.splitlines():
            (print_fn or say)(line)

    def __call__(self, *arguments: Any) -> SymbolicTensor:
        """Refuse: a model within a model is not a chain of layers."""
        raise TypeError("a model cannot be called; use model.predict(x) on arrays")

    def __repr__(self) -> str:
        names = ", ".join(layer.name for layer in self.layers)
        return f"<{type(self).__name__} {self.name}: {names}>"

    def get_config(self) -> dict[str, Any]:
        """Return the chain, without weights, as a dict that JSON can hold."""
        self._require_chain()
        layers = [serialize(layer) for layer in self._all_layers()]
        return {"class_name": type(self).__name__, "name": self.name, "layers": layers}

    def to_json(self, **options: Any) -> str:
        """Return :meth:`get_config` as JSON; `options` go to :func:`json.dumps`."""
        return json.dumps(self.get_config(), **options)

    def _set_chain(self, tensors: list[SymbolicTensor]) -> None:
        names = [tensor.layer.name for tensor in tensors]
        for tensor in tensors:
            if sum(other.layer is tensor.layer for other in tensors) > 1:
                raise ValueError(
                    f"{tensor.layer.name} stands in the chain twice; use a layer of its own for "
                    "each place"
                )
            if names.count(tensor.layer.name) > 1:
                raise ValueError(
                    f"two layers are called {tensor.layer.name!r}; names should be unique"
                )
        self._tensors = tensors

    def _all_layers(self) -> list[Layer]:
        """Return the layers with that of the input, which :attr:`layers` may leave out."""
        return [tensor.layer for tensor in self._tensors]

    def _require_chain(self) -> None:
        if not self._tensors:
            raise RuntimeError(
                "the shape of the input is unknown: begin the model with Input(shape), call "
                "model.build(shape), or fit it first"
            )

    # The weights -------------------------------------------------------------------------------

    @property
    def weights(self) -> list[Parameter]:
        """All weights, in the order of the layers."""
        return [parameter for layer in self._all_layers() for parameter in layer.parameters]

    def count_params(self) -> int:
        """Return how many numbers the weights hold."""
        self._require_chain()
        return sum(parameter.value.size for parameter in self.weights)

    def get_weights(self) -> list[Array]:
        """Return copies of all weights, in the order of the layers."""
        return [parameter.value.copy() for parameter in self.weights]

    def set_weights(self, weights: Sequence[ArrayLike]) -> None:
        """Replace all weights, or none if one does not fit.

        Parameters
        ----------
        weights : sequence of array_like
            As :meth:`get_weights` returns them.

        Raises
        ------
        ValueError
            If there are too few or too many, or a shape is not the weight's.
        """
        self._require_chain()
        assign(self.weights, weights, weight_names(self._all_layers()))

    def save_weights(self, filepath: str | os.PathLike[str]) -> None:
        """Write the weights and the chain, nothing of the training; else as :meth:`Model.save`."""
        self._require_chain()
        saving.write(filepath, saving.Checkpoint(self.get_config(), None, self._weight_tensors()))

    def load_weights(self, filepath: str | os.PathLike[str]) -> None:
        """Replace all weights by those of a file of :meth:`Model.save` or :meth:`save_weights`.

        Raises
        ------
        CheckpointError
            If it is no such file, is damaged, or does not fit; the model is as it was then.
        """
        self._require_chain()
        path, names = os.fspath(filepath), weight_names(self._all_layers())
        tensors = saving.read(path).tensors
        extra = sorted(name for name in tensors if name not in names and ":" not in name)
        if extra:
            raise saving.CheckpointError(
                f"{path} holds {', '.join(extra)}, which the model lacks; "
                f"the model has {', '.join(names)}"
            )
        try:
            values = [
                saving.take(tensors, name, parameter.shape, parameter.value.dtype)
                for name, parameter in zip(names, self.weights, strict=True)
            ]
        except saving.CheckpointError as error:
            raise saving.CheckpointError(f"{path}: {error}") from None
        assign(self.weights, values, names)

    def _weight_tensors(self) -> dict[str, Array]:
        return dict(zip(weight_names(self._all_layers()), self.get_weights(), strict=True))


def weight_names(layers: Sequence[Layer]) -> list[str]:
    """Return what files and errors call the weights of `layers`: ``layer/weight``."""
    return [f"{layer.name}/{p.name}" for layer in layers for p in layer.parameters]
