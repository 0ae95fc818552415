"""Files of Keras 3 (and of Keras 2.12 and later) that end in .keras: a zip archive."""

from __future__ import annotations

import io
import json
import os
import zipfile
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastrnn.files import make_folder, replace_file
from fastrnn.formats.choice import Choice
from fastrnn.formats.description import Description, Origin
from fastrnn.formats.errors import CheckpointError
from fastrnn.formats.keras import by_place
from fastrnn.formats.keras.dialect import KERAS_3
from fastrnn.formats.keras.generation import generation_of
from fastrnn.formats.keras.hdf5 import encoded, opened
from fastrnn.formats.keras.models_in import ModelRead, ModelReader
from fastrnn.formats.keras.models_out import check_weights, warn_of_masks, write_model
from fastrnn.formats.keras.parsing import failures, parsed
from fastrnn.formats.keras.slots import read_slots, written_slots
from fastrnn.formats.keras.store import MOST_UNPACKED, Group
from fastrnn.formats.keras.training_in import read_training
from fastrnn.formats.keras.training_out import objective_out, optimizer_out
from fastrnn.formats.keras.weights import sources_of

Array = NDArray[Any]

CONFIG, METADATA, WEIGHTS = "config.json", "metadata.json", "model.weights.h5"
#: Maximum length of a configuration.
MOST_TEXT = 64 << 20
#: Of Keras, in files that are written.
VERSION = "3.3.3"


def read(path: str, keep: Callable[[str], bool] | None = None) -> Description:
    """Return the model of a file, with its weights and how it was compiled.

    Raises
    ------
    CheckpointError
        If it is not such a file, is damaged, or contains something that fastrnn lacks.
    """
    with failures(path):
        parts = _parts(path)
        config, metadata = parsed(parts[CONFIG]), parsed(parts[METADATA])
        if not isinstance(config, dict) or not isinstance(metadata, dict):
            raise CheckpointError("its configuration is not a JSON object")
        version = metadata.get("keras_version")
        notes: list[str] = []
        model = _model(config, str(version or "3.0"), notes)
        with opened(path, parts[WEIGHTS]) as root:
            tensors = by_place.read_weights(root, model.sources)
            training = _training(config, notes)
            if training is not None:
                tensors |= _optimizer(root, training, model, tensors, notes)
        writer = metadata.get("written_by") or f"keras {version}"
        origin = Origin("Keras 3 (.keras)", str(writer))
        return Description(model.config, training, tensors, None, origin, notes)


def read_weights(path: str, description: Description, choice: Choice) -> Mapping[str, Array]:
    """Return the weights of a file for the described model."""
    with failures(path), opened(path, _parts(path)[WEIGHTS]) as root:
        return by_place.read_weights(root, sources_of(description), choice)


def _model(config: dict[str, Any], version: str, notes: list[str]) -> ModelRead:
    built = config.get("build_config")
    inside = config.get("config")
    if isinstance(built, dict) and isinstance(inside, dict) and "build_input_shape" not in inside:
        inside = {**inside, "build_input_shape": built.get("input_shape")}
    if config.get("registered_name") not in (None, config.get("class_name"), "Functional"):
        raise CheckpointError(
            f"the model is of the class {config.get('registered_name')!r} of its author's, which "
            "only its program can make"
        )
    return ModelReader(generation_of(version), notes).read(str(config.get("class_name")), inside)


def _training(config: Mapping[str, Any], notes: list[str]) -> dict[str, Any] | None:
    compiled = config.get("compile_config")
    if not isinstance(compiled, dict):
        return None
    return read_training(compiled, compiled.get("optimizer"), notes)


def _optimizer(
    root: Group,
    training: dict[str, Any],
    model: ModelRead,
    tensors: Mapping[str, Array],
    notes: list[str],
) -> dict[str, Array]:
    arrays = [root.array(path) for path in by_place.variables(root, "optimizer")]
    if not arrays:
        return {}
    trainable = model.config.get("trainable") is not False
    try:
        training["iterations"], found = read_slots(
            arrays, training["optimizer"], (model.sources, trainable), tensors, True
        )
    except CheckpointError as error:
        notes.append(f"the state of the optimizer is left out: {error}")
        return {}
    return found


def _parts(path: str) -> dict[str, bytes]:
    """Return the contents of the archive, after checking their sizes."""
    with zipfile.ZipFile(path) as archive:
        infos = {info.filename: info for info in archive.infolist()}
        if len(infos) < len(archive.infolist()):
            raise CheckpointError("a name stands in the archive twice")
        found = {}
        for name in (CONFIG, METADATA, WEIGHTS):
            if name not in infos:
                others = [one for one in infos if one.startswith("model.weights")]
                kept = f"; its weights are in {others[0]}" if others else ""
                raise CheckpointError(f"the archive has no {name}{kept}")
            info = infos[name]
            limit = MOST_UNPACKED * info.compress_size + 1024
            if name != WEIGHTS:
                limit = min(limit, MOST_TEXT)
            if info.file_size > limit:
                raise CheckpointError(
                    f"{name} of {info.compress_size} bytes would unpack to {info.file_size}"
                )
            with archive.open(info) as file:
                found[name] = file.read(info.file_size + 1)
            if len(found[name]) != info.file_size:
                raise CheckpointError(f"{name} has another size than the archive says")
        return found


def write(path: str, description: Description) -> None:
    """Write a model that Keras 3 reads."""
    model = write_model(description.model, KERAS_3, description.own)
    warn_of_masks(description.model)
    check_weights(model.sources, description)
    outside = KERAS_3.object("keras", model.kind, model.config)
    training = description.training
    state: list[Array] = []
    if training is not None:
        optimizer = optimizer_out(training)
        outside["compile_config"] = {
            "optimizer": KERAS_3.object("keras.optimizers", **_named(optimizer)),
            **objective_out(training),
        }
        trainable = description.model.get("trainable") is not False
        slots = written_slots(
            training["optimizer"], (model.sources, trainable), description.tensors, True
        )
        state = [np.asarray(int(training.get("iterations", 0)), np.int64)]
        rate = optimizer["config"].get("learning_rate")
        if isinstance(rate, (int, float)):
            state.append(np.asarray(rate, np.float32))
        state += [array for _, array in slots]

    def fill(file: Any) -> None:
        by_place.write_weights(file, model.sources, description.tensors)
        if training is not None:
            name = training["optimizer"]["class_name"].lower()
            by_place.write_variables(file, "optimizer", name, state)

    metadata = {
        "keras_version": VERSION,
        "date_saved": "1980-01-01@00:00:00",
        "written_by": "fastrnn",
    }
    room = io.BytesIO()
    with zipfile.ZipFile(room, "w") as archive:
        for name, content in (
            (METADATA, json.dumps(metadata).encode()),
            (CONFIG, json.dumps(outside).encode()),
            (WEIGHTS, encoded(fill)),
        ):
            # With a fixed time, so that equal models give equal files.
            archive.writestr(zipfile.ZipInfo(name), content)
    make_folder(os.path.dirname(os.path.realpath(path)))
    replace_file(path, room.getvalue())


def _named(written: Mapping[str, Any]) -> dict[str, Any]:
    return {"kind": written["class_name"], "config": written["config"]}
