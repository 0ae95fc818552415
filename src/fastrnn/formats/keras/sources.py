"""The layers of a model in Keras's order, with the names and places of their weights."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from fastrnn.formats.description import Description
from fastrnn.formats.names import is_weight, numbered

#: The classes of fastrnn for Keras's models.
MODEL = "ModelLayer"
#: The layer of a custom cell.
OWN_RNN = "OwnRNN"


@dataclass
class Source:
    """A layer in a Keras file, and the corresponding layer here.

    Attributes
    ----------
    kind : str
        Keras's class.
    keras_name : str
        Its name in the file.
    entry : dict
        Class and configuration of fastrnn's layer.
    inner : list of Source
        Both directions of a Bidirectional, the layer in a TimeDistributed, those of a row of cells,
        the layers of a model in the order in which Keras lists them.
    """

    kind: str
    keras_name: str
    entry: dict[str, Any]
    inner: list[Source] = field(default_factory=list)
    #: Of a custom layer: the names of its weights in Keras's order, trained ones first; None of a
    #: layer of Keras, whose class determines them.
    weights: list[str] | None = None
    untrained: frozenset[str] = frozenset()

    @property
    def ours(self) -> str:
        """Class of fastrnn's layer."""
        return str(self.entry["class_name"])

    @property
    def config(self) -> dict[str, Any]:
        """Configuration of fastrnn's layer."""
        found: dict[str, Any] = self.entry["config"]
        return found

    @property
    def trainable(self) -> bool:
        """Whether its weights are trainable."""
        config = self.config["model"] if self.ours == MODEL else self.config
        return config.get("trainable", True) is not False


@dataclass(frozen=True)
class Leaf:
    """A layer with weights of its own.

    Attributes
    ----------
    source : Source
    prefix : str
        Prefix of the names of its weights here: ``"layer/"``, ``"layer/forward_"``.
    place : str
        Path of its weights in Keras 3, below the model: ``"layers/lstm/cell"``.
    trainable : bool
        Whether it and all layers that contain it are trainable.
    path : str
        Path of its weights in Keras 2: ``"lstm/lstm_cell"``.
    """

    source: Source
    prefix: str
    place: str
    trainable: bool
    path: str

    @property
    def names(self) -> list[str]:
        """The names of the weights here, in Keras's order."""
        return [self.prefix + name for name in own_weights(self.source)]

    def is_trained(self, name: str) -> bool:
        """Return whether a weight of this name is trainable."""
        own = name.removeprefix(self.prefix)
        is_fixed = own.startswith("moving_") or self.source.ours == "Normalization"
        return self.trainable and not is_fixed and own not in self.source.untrained


def own_weights(source: Source) -> list[str]:
    """Return the names of a layer's own weights, in Keras's order."""
    if source.weights is not None:
        return source.weights
    config, bias = source.config, ["bias"]
    kind = source.ours
    if kind in ("SimpleRNN", "GRU", "LSTM"):
        return ["kernel", "recurrent_kernel"] + bias * bool(config.get("use_bias", True))
    if kind == "SeparableConv1D":
        kernels = ["depthwise_kernel", "pointwise_kernel"]
        return kernels + bias * bool(config.get("use_bias", True))
    if kind in ("Dense", "Conv1D", "Conv1DTranspose", "DepthwiseConv1D"):
        return ["kernel"] + bias * bool(config.get("use_bias", True))
    if kind == "PReLU":
        return ["alpha"]
    if kind == "Embedding":
        return ["embeddings"]
    if kind == "Normalization":
        return ["mean", "variance", "count"] if config.get("mean") is None else []
    if kind == "RMSNormalization":
        return ["scale"]
    if kind in ("BatchNormalization", "LayerNormalization", "GroupNormalization"):
        found = ["gamma"] * bool(config.get("scale", True))
        found += ["beta"] * bool(config.get("center", True))
        return found + ["moving_mean", "moving_variance"] * (kind == "BatchNormalization")
    return []


_CELLS = {"SimpleRNN": "simple_rnn_cell", "GRU": "gru_cell", "LSTM": "lstm_cell"}


def leaves(source: Source, place: str, trainable: bool = True) -> Iterator[Leaf]:
    """Yield the layers with weights of their own within a layer of a model.

    Parameters
    ----------
    source : Source
    place : str
        Path of the layer's weights in Keras 3.
    trainable : bool
        Whether the layers that contain it are trainable.
    """
    name = str(source.config["name"])
    yield from _within(source, f"{name}/", place, trainable, source.keras_name)


def _within(source: Source, prefix: str, place: str, trainable: bool, path: str) -> Iterator[Leaf]:
    trainable = trainable and source.trainable
    if source.ours == "Bidirectional":
        for one, which in zip(source.inner, ("forward", "backward"), strict=True):
            inside = f"{path}/{which}_{one.config['name']}"
            yield from _within(
                one, f"{prefix}{which}_", f"{place}/{which}_layer", trainable, inside
            )
    elif source.ours == "TimeDistributed":
        yield from _within(source.inner[0], prefix, f"{place}/layer", trainable, path)
    elif source.ours == MODEL:
        for one, where in placed(source.inner, f"{place}/layers"):
            inside = f"{prefix}{one.config['name']}/"
            yield from _within(one, inside, where, trainable, one.keras_name)
    elif source.ours == "StackedRNN":
        for number, (one, where) in enumerate(placed(source.inner, f"{place}/cell/cells")):
            trained, inside = trainable and one.trainable, f"{path}/{_CELLS[one.ours]}_{number}"
            yield Leaf(one, f"{prefix}{number}_", where, trained, inside)
    elif source.weights is not None:
        is_cell = source.ours == OWN_RNN
        inside = f"{path}/{source.config['layer']['config']['name']}" if is_cell else path
        yield Leaf(source, prefix, f"{place}/cell" if is_cell else place, trainable, inside)
    elif own_weights(source):
        is_cell = source.ours in _CELLS
        yield Leaf(
            source,
            prefix,
            f"{place}/cell" if is_cell else place,
            trainable,
            f"{path}/{_CELLS[source.ours]}" if is_cell else path,
        )


def placed(sources: Sequence[Source], folder: str) -> Iterator[tuple[Source, str]]:
    """Yield layers with their folders in Keras 3: class and a count."""
    counts: dict[str, int] = {}
    for source in sources:
        stem = snake_case(source.kind)
        count = counts.get(stem, 0)
        counts[stem] = count + 1
        yield source, f"{folder}/{stem}_{count}" if count else f"{folder}/{stem}"


def snake_case(name: str) -> str:
    """Return the name of a class in Keras's paths: ``conv1d`` for ``Conv1D``."""
    name = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", re.sub(r"\W+", "", name))
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower()


def all_leaves(sources: Sequence[Source], trainable: bool = True) -> list[Leaf]:
    """Return all layers of a model with weights of their own, in Keras's order."""
    return [
        leaf
        for source, place in placed(sources, "layers")
        for leaf in leaves(source, place, trainable)
    ]


def name_own(sources: Sequence[Source], description: Description) -> None:
    """Set the names of the weights of custom layers from the description of their model."""
    for leaf in all_leaves(sources):
        if leaf.source.weights is None:
            continue
        found = [n for n in description.tensors if is_weight(n) and n.startswith(leaf.prefix)]
        untrained = description.untrained
        found.sort(key=lambda name: name in untrained)
        leaf.source.weights = [name.removeprefix(leaf.prefix) for name in found]
        leaf.source.untrained = frozenset(
            name.removeprefix(leaf.prefix) for name in found if name in untrained
        )


def number_own(leaf: Leaf, count: int) -> None:
    """Let numbers stand for the weights of a custom layer in a file, if they have no names yet."""
    if leaf.source.weights == []:
        leaf.source.weights = [numbered(place) for place in range(count)]
