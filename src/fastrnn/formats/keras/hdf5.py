"""HDF5 files of Keras: whole models of Keras 1 to 3, and weights in either layout."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastrnn.files import make_folder, replace_file
from fastrnn.formats.choice import Choice
from fastrnn.formats.description import Description, Origin
from fastrnn.formats.errors import CheckpointError
from fastrnn.formats.keras import by_name, by_place
from fastrnn.formats.keras.dialect import HDF5, HDF5_OF_KERAS_3
from fastrnn.formats.keras.generation import Generation, generation_of
from fastrnn.formats.keras.models_in import ModelRead, ModelReader
from fastrnn.formats.keras.models_out import (
    ModelWritten,
    check_weights,
    warn_of_masks,
    write_model,
)
from fastrnn.formats.keras.parsing import failures, parsed
from fastrnn.formats.keras.slots import read_slots, written_slots
from fastrnn.formats.keras.sources import Source
from fastrnn.formats.keras.store import Group
from fastrnn.formats.keras.training_in import read_training
from fastrnn.formats.keras.training_out import objective_out, optimizer_out
from fastrnn.formats.keras.weights import sources_of

Array = NDArray[Any]

#: Of Keras, in files that are written.
VERSION = "2.15.0"
#: The same for models that the generations describe differently.
NEWER_VERSION = "3.0.0"


def read(path: str, keep: Callable[[str], bool] | None = None) -> Description:
    """Return the model of a file, with its weights and how it was compiled.

    Raises
    ------
    CheckpointError
        If it is not such a file, is damaged, has only weights, or contains something that fastrnn
        lacks.
    """
    with failures(path), opened(path) as root:
        text = root.text("model_config")
        if text is None:
            if by_name.is_by_name(root) or by_place.is_by_place(root):
                raise CheckpointError(
                    f"{path} holds the weights of a model, and not the model: make it, and call "
                    "model.load_weights"
                )
            raise CheckpointError(f"{path} is an HDF5 file, but not one of Keras")
        weights = root.group("model_weights")
        version = root.text("keras_version") or weights.text("keras_version")
        generation = generation_of(version)
        notes: list[str] = []
        model = _model(parsed(text), generation, notes, weights)
        tensors = by_name.read_weights(weights, model.sources)
        by_name.check_nothing_left(weights)
        training = _training(root, notes)
        if training is not None:
            tensors |= _optimizer(root, training, model, tensors, notes, generation)
        backend = root.text("backend")
        program = f"keras {version or '1'}" + (f", backend {backend}" if backend else "")
        return Description(
            model.config, training, tensors, None, Origin("HDF5 of Keras", program), notes
        )


def read_weights(path: str, description: Description, choice: Choice) -> Mapping[str, Array]:
    """Return the weights in a file for the model that is described.

    Layers are found by name if the file has the same names, else by order.
    """
    with failures(path), opened(path) as root:
        sources = sources_of(description)
        if by_place.is_by_place(root):
            return by_place.read_weights(root, sources, choice)
        weights = root.group("model_weights") if root.has("model_weights") else root
        if not by_name.is_by_name(weights):
            raise CheckpointError(f"{path} is an HDF5 file, but not one of Keras")
        found = by_name.read_weights(weights, sources, choice)
        by_name.check_nothing_left(weights)
        return found


def write(path: str, description: Description) -> None:
    """Write a model for Keras 2 and Keras 3, or only for Keras 3 if the formats differ."""
    version, model = _in_words_of_keras(description)
    warn_of_masks(description.model)
    check_weights(model.sources, description)
    root_attributes: dict[str, Any] = {
        "keras_version": version,
        "backend": "tensorflow",
        "model_config": json.dumps({"class_name": model.kind, "config": model.config}),
    }
    training = description.training
    slots: list[tuple[str, Array]] = []
    if training is not None:
        optimizer = optimizer_out(training)
        config = optimizer["config"]
        # tf_keras interprets it as one of its older optimizers, which have fewer arguments.
        optimizer["config"] = {key: one for key, one in config.items() if one is not None}
        compiled = {**objective_out(training), "optimizer_config": optimizer}
        root_attributes["training_config"] = json.dumps(compiled)
        trainable = description.model.get("trainable") is not False
        slots = written_slots(
            training["optimizer"], (model.sources, trainable), description.tensors, False
        )

    def fill(file: Any) -> None:
        for name, value in root_attributes.items():
            file.attrs[name] = value.encode()
        _write_weights(file.create_group("model_weights"), model.sources, description, version)
        if training is not None:
            group = file.create_group("optimizer_weights")
            scalars = _scalars(training)
            names = [name for name, _ in [*scalars, *slots]]
            for name, array in [*scalars, *slots]:
                group.create_dataset(name, data=array)
            by_name.write_names(group, "weight_names", names)

    _written(path, fill)


def _in_words_of_keras(description: Description) -> tuple[str, ModelWritten]:
    """Return a version of Keras, and the model in its format; an older one if possible."""
    try:
        return VERSION, write_model(description.model, HDF5, description.own)
    except CheckpointError:
        newer = write_model(description.model, HDF5_OF_KERAS_3, description.own)
        return NEWER_VERSION, newer


def write_weights(path: str, description: Description) -> None:
    """Write only weights: in the layout of Keras 3 for ``.weights.h5``, else of Keras 2."""
    sources = sources_of(description)
    is_new = path.lower().endswith(".weights.h5")

    def fill(file: Any) -> None:
        if is_new:
            by_place.write_weights(file, sources, description.tensors)
        else:
            _write_weights(file, sources, description, VERSION)

    _written(path, fill)


def _write_weights(
    group: Any, sources: list[Source], description: Description, version: str
) -> None:
    names = [source.keras_name for source in sources]
    by_name.write_weights(group, names, sources, description.tensors, version)
    by_name.write_names(group.create_group(by_name.TOP), "weight_names", [])


def _scalars(training: Mapping[str, Any]) -> list[tuple[str, Array]]:
    """Return the count of steps, the first array of an optimizer's state in Keras 2.

    Keras 3 cannot resume training from HDF5, because it does not build its optimizer there.
    """
    return [("iter:0", np.asarray(int(training.get("iterations", 0)), np.int64))]


@contextmanager
def opened(path: str, content: bytes | None = None) -> Iterator[Group]:
    """Open a file, or the content of one, for reading."""
    import h5py

    source: Any = path if content is None else io.BytesIO(content)
    try:
        file = h5py.File(source, "r")
    except OSError as error:
        raise CheckpointError(f"{path} is not a whole HDF5 file: {error}") from error
    with file:
        yield Group(file)


def _written(path: str, fill: Callable[[Any], None]) -> None:
    make_folder(os.path.dirname(os.path.realpath(path)))
    replace_file(path, encoded(fill))


def encoded(fill: Callable[[Any], None]) -> bytes:
    """Return the content of a file that a function writes."""
    import h5py

    room = io.BytesIO()
    with h5py.File(room, "w", track_order=False) as file:
        fill(file)
    return room.getvalue()


def _model(config: Any, generation: Generation, notes: list[str], weights: Group) -> ModelRead:
    if not isinstance(config, dict):
        raise CheckpointError("its model_config is not a JSON object")
    reader = ModelReader(generation, notes)
    return reader.read(str(config.get("class_name")), config.get("config"))


def _training(root: Group, notes: list[str]) -> dict[str, Any] | None:
    text = root.text("training_config")
    if text is None:
        return None
    compiled = parsed(text)
    if not isinstance(compiled, dict):
        raise CheckpointError("its training_config is not a JSON object")
    return read_training(compiled, compiled.get("optimizer_config"), notes)


def _optimizer(
    root: Group,
    training: dict[str, Any],
    model: ModelRead,
    tensors: Mapping[str, Array],
    notes: list[str],
    generation: Generation,
) -> dict[str, Array]:
    """Return the state of the optimizer; add a note if it is of another kind."""
    if not root.has("optimizer_weights"):
        return {}
    group = root.group("optimizer_weights")
    names = group.texts("weight_names") or []
    arrays = [group.array(name) for name in names]
    trainable = model.config.get("trainable") is not False
    # Older optimizers call their count of steps iter or iterations, or have none.
    first = names[0].partition(":")[0].rpartition("/")[2] if names else ""
    side_by_side = first == "iteration"
    is_sorted = (generation.major, generation.minor) == (2, 0)
    layers = (model.sources, trainable)
    try:
        steps, found = read_slots(
            arrays, training["optimizer"], layers, tensors, side_by_side, is_sorted
        )
    except CheckpointError as error:
        notes.append(f"the state of the optimizer is left out: {error}")
        return {}
    training["iterations"] = steps
    return found
