"""Converting models of any generation of Keras to fastrnn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from fastrnn.formats.errors import CheckpointError
from fastrnn.formats.keras.arguments import short
from fastrnn.formats.keras.generation import Generation
from fastrnn.formats.keras.graph_in import GraphReader
from fastrnn.formats.keras.inputs_in import free_name, input_layer, make_input, shape_in
from fastrnn.formats.keras.layers_in import MODELS, LayerReader
from fastrnn.formats.keras.sources import MODEL, Source

#: Maximum depth of nested models.
MOST_NESTED = 32


@dataclass
class ModelRead:
    """A model from a Keras file.

    Attributes
    ----------
    config : dict
        What :meth:`fastrnn.models.Model.get_config` would return.
    sources : list of Source
        Its layers in Keras's order, without input layers.
    """

    config: dict[str, Any]
    sources: list[Source]


@dataclass
class ModelReader:
    """Reads the configuration of a model, and of those within it.

    Parameters
    ----------
    generation : Generation
    notes : list of str
        Takes what is left out.
    shapes : mapping of str to list
        Shapes of the first array of layers by their names in the file, for models that do not state
        their input shape.
    """

    generation: Generation
    notes: list[str]
    shapes: Mapping[str, Any] = field(default_factory=dict)
    _depth: int = 0

    def read(self, kind: str, config: Any) -> ModelRead:
        """Return the model of a class and a configuration.

        Raises
        ------
        CheckpointError
            If it contains something that fastrnn lacks.
        """
        self._depth += 1
        if self._depth > MOST_NESTED:
            raise CheckpointError(f"more than {MOST_NESTED} models stand in one another")
        try:
            if kind == "Sequential":
                return self._sequential(config)
            if kind in MODELS:
                return self._functional(config)
        finally:
            self._depth -= 1
        raise CheckpointError(
            f"the model is of the class {kind!r}; fastrnn reads Sequential and Functional models"
        )

    def _nested(self, kind: str, config: Any) -> Source:
        found = self.read(kind, config)
        name = str(found.config["name"])
        entry = {"class_name": MODEL, "config": {"name": name, "model": found.config}}
        return Source("Functional" if kind != "Sequential" else kind, name, entry, found.sources)

    def _layers(self) -> LayerReader:
        return LayerReader(self.generation, self.notes, self._nested)

    def _sequential(self, config: Any) -> ModelRead:
        # Before Keras 2.2.3 the configuration is the list of the layers.
        given = {"layers": config} if isinstance(config, list) else config
        options: Mapping[str, Any] = given if isinstance(given, Mapping) else {}
        entries = options.get("layers")
        if not isinstance(entries, list) or not entries:
            raise CheckpointError(f"a Sequential model has the layers {short(entries)}")
        first, reader = entries[0], self._layers()
        start: dict[str, Any] | None = None
        if isinstance(first, Mapping) and first.get("class_name") == "InputLayer":
            start, entries = input_layer(first), entries[1:]
        sources = [reader.read(entry) for entry in entries]
        if not sources:
            raise CheckpointError("a Sequential model has no layer but its input")
        if start is None:
            start = self._start(options, first, sources[0])
        names_are_unique(start, sources)
        made: dict[str, Any] = {
            "class_name": "Sequential",
            "name": str(options.get("name") or "sequential"),
            "layers": [start, *(source.entry for source in sources)],
        }
        return ModelRead(_frozen(made, options), sources)

    def _start(self, options: Mapping[str, Any], first: Any, source: Source) -> dict[str, Any]:
        """Return the input of a model without a layer for it."""
        inside = first.get("config") if isinstance(first, Mapping) else None
        # The first layer may be a model, or a wrapper of the layer that states it.
        while isinstance(inside, Mapping):
            found = shape_in(inside)
            if found is not None:
                break
            wrapped = inside.get("layer")
            if wrapped is None and isinstance(inside.get("layers"), list):
                wrapped = inside["layers"][0]
            inside = wrapped.get("config") if isinstance(wrapped, Mapping) else None
        else:
            found = options.get("build_input_shape") or self.shapes.get(source.keras_name)
        if not isinstance(found, list) or not found:
            raise CheckpointError(
                f"the model does not say what shape its input has, and its first layer, "
                f"{source.keras_name!r}, does not tell it either"
            )
        dtype = "float32" if not isinstance(inside, Mapping) else inside.get("dtype")
        name = f"{source.keras_name}_input"
        return make_input(name, found, dtype if dtype == "float64" else None)

    def _functional(self, config: Any) -> ModelRead:
        if not isinstance(config, Mapping) or not isinstance(config.get("layers"), list):
            raise CheckpointError(
                f"the model's configuration is {short(config)}; it has no layers: perhaps a class "
                "of its author's, which only its program can make"
            )
        reader = GraphReader(self._layers(), self.generation)
        found = reader.read(config)
        made = {
            "class_name": "Model",
            "name": str(config.get("name") or "model"),
            **found.config,
        }
        return ModelRead(_frozen(made, config), found.sources)


def _frozen(made: dict[str, Any], options: Mapping[str, Any]) -> dict[str, Any]:
    return {**made, "trainable": False} if options.get("trainable") is False else made


def names_are_unique(start: dict[str, Any], sources: list[Source]) -> None:
    """Give layers unique names that fastrnn allows."""
    taken: set[str] = set()
    for config in (start["config"], *(source.config for source in sources)):
        config["name"] = free_name(str(config["name"]), taken)
        taken.add(config["name"])
        if "model" in config:
            config["model"]["name"] = config["name"]
