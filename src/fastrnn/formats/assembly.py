"""Building the description of a model from a file of another program."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastrnn.formats.description import Description, Origin
from fastrnn.formats.errors import CheckpointError

Array = NDArray[Any]


class Assembly:
    """The description of a model that is built layer by layer.

    Parameters
    ----------
    features : int
        Number of input features.
    dtype : {"float32", "float64"}

    Attributes
    ----------
    last : int
        Index of the call whose output the next layer reads by default; 0 is the input.
    features : int
        Number of its features.
    """

    def __init__(self, features: int, dtype: str = "float32") -> None:
        self.features = features
        self.last = 0
        self._dtype = dtype
        entry = {"shape": [None, features], "dtype": dtype, "name": "input_1"}
        self._layers: list[dict[str, Any]] = [{"class_name": "InputLayer", "config": entry}]
        self._reads: list[list[list[int]]] = [[]]
        self._tensors: dict[str, Array] = {}
        self._names: Counter[str] = Counter()

    def add(
        self,
        kind: str,
        name: str,
        config: Mapping[str, Any],
        weights: Mapping[str, Array] | None = None,
        features: int | None = None,
        reads: Sequence[int] | None = None,
    ) -> int:
        """Add a layer, and return the index of its call.

        Parameters
        ----------
        kind : str
            Class of the layer.
        name : str
            A count is appended.
        config : mapping
            Arguments of the layer, without its name.
        weights : mapping of str to ndarray, optional
            By their names in the layer, with the gates in the core's order.
        features : int, optional
            Number of output features; that of the input if left out.
        reads : sequence of int, optional
            Indices of the calls that it reads.
        """
        self._names[name] += 1
        full = f"{name}_{self._names[name]}"
        self._layers.append({"class_name": kind, "config": {"name": full, **config}})
        self._reads.append([[place, 0] for place in ([self.last] if reads is None else reads)])
        for weight, array in (weights or {}).items():
            self._tensors[f"{full}/{weight}"] = self._rounded(array, f"{full}/{weight}")
        self.last = len(self._layers) - 1
        self.features = features or self.features
        return self.last

    def _rounded(self, array: Array, title: str) -> Array:
        with np.errstate(over="ignore"):
            found: Array = np.asarray(array, self._dtype, order="C")
        if not np.isfinite(found).all():
            raise CheckpointError(f"{title} holds a number that {self._dtype} cannot")
        return found

    def scale(self, factors: Sequence[float], name: str) -> int:
        """Add a layer that scales each feature, with weights that are not trained."""
        return self.project(np.diag(np.asarray(factors, float)), name)

    def project(self, kernel: Array, name: str, reads: Sequence[int] | None = None) -> int:
        """Add a layer that multiplies by a matrix that is not trained."""
        units = kernel.shape[1]
        config = {"units": units, "use_bias": False, "trainable": False}
        return self.add("Dense", name, config, {"kernel": kernel}, units, reads)

    def add_residual(self, start: int, features: int, count: int) -> None:
        """Add the first `count` features of the call at `start` to the last layer's output."""
        last, source = self.last, start
        if count < features:
            outputs = self.features
            source = self.project(np.eye(features, count), "skip", [start])
            self.features = outputs
        self.add("Add", "add", {}, reads=[last, source])

    def description(self, origin: Origin, notes: Sequence[str] = ()) -> Description:
        """Return the description; the output of the model is that of the last layer."""
        in_a_row = all(
            reads == [[place - 1, 0]] for place, reads in enumerate(self._reads) if place
        )
        model: dict[str, Any] = {"layers": self._layers}
        if in_a_row:
            model = {"class_name": "Sequential", "name": "sequential", **model}
        else:
            model = {
                "class_name": "Model",
                "name": "model",
                **model,
                "connections": self._reads,
                "inputs": [0],
                "outputs": [[self.last, 0]],
            }
        return Description(model, None, self._tensors, None, origin, list(notes))
