"""Loading models from files."""

from __future__ import annotations

import importlib
import json
import os
import warnings
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastrnn import formats, layers as layer_registry, metrics, optimizers
from fastrnn.construction import with_older_names
from fastrnn.files import path_text
from fastrnn.formats import CheckpointError, Description
from fastrnn.formats.description import check as check_tensor
from fastrnn.formats.names import is_of_run, prefix_of_numbered, slots_in, weight_of
from fastrnn.formats.tensor_file import TensorFileError
from fastrnn.layers import InputLayer, Layer, SymbolicTensor
from fastrnn.layers.registry import register
from fastrnn.models import state
from fastrnn.models.compiled import setup_of
from fastrnn.models.model import Model
from fastrnn.models.names import weight_names
from fastrnn.models.nested import ModelLayer, Stored
from fastrnn.models.numbered import named
from fastrnn.models.sequential import Sequential
from fastrnn.naming import custom_object_scope
from fastrnn.settings import boolean


@with_older_names
def load_model(
    filepath: str | os.PathLike[str],
    custom_objects: dict[str, type[Any]] | None = None,
    compile: bool = True,  # Keras's name
    check: bool = False,
) -> Model:
    """Load a model from a file, of fastrnn or of another program.

    Parameters
    ----------
    filepath : str or path
    custom_objects : dict of str to class or function, optional
        The custom layers, losses, metrics, optimizers, schedules and initializers of the model, by
        the name of the class or function.
    compile : bool, default True
        Whether to compile the model as it was saved, with the state of its optimizer.  Custom
        metrics that `custom_objects` lacks are left out.
    check : bool, default False
        Whether to compare the model with the file on random inputs.  The file is run in Keras if it
        is a Keras file, in ``onnx.reference`` if it is an ONNX file; for other files, the weights
        that were read are run in PyTorch or ONNX.  The program must be installed.

    Returns
    -------
    Model or Sequential
        With the weights, the configuration and the names of the saved one.

    Raises
    ------
    FileNotFoundError
        If the file does not exist.
    CheckpointError
        If it is not a model file, is damaged, its weights do not fit its configuration, or, with
        `check`, its outputs differ from those of the other framework.

    Warns
    -----
    UserWarning
        If `check` found no installed framework that can run the model.

    Notes
    -----
    No code in a file is run, and no memory is allocated for weights that the file does not contain.

    Examples
    --------
    >>> from fastrnn.layers import GRU, Dense, Input
    >>> model = Sequential([Input((None, 3)), GRU(4), Dense(1)])
    >>> model.save("model.safetensors")
    >>> again = load_model("model.safetensors")
    >>> x = np.ones((2, 5, 3))
    >>> bool((again.predict(x, verbose=0) == model.predict(x, verbose=0)).all())
    True
    """
    compile, check = boolean("compile", compile), boolean("check", check)
    path = path_text("filepath", filepath)
    with custom_object_scope(custom_objects):
        description = formats.read(path)
    foreign = description.origin.format != "safetensors"
    try:
        with custom_object_scope(custom_objects):
            model = from_config(description.model, description.tensors)
            _check_names(model, description)
            if compile and description.training is not None:
                if foreign:
                    _compile_foreign(model, description)
                else:
                    _compile(model, description.training, description.tensors)
    except Exception as error:
        if isinstance(error, MemoryError):
            raise
        if isinstance(error, (CheckpointError, TensorFileError)):
            raise CheckpointError(f"{path}: {error}") from error
        raise CheckpointError(f"{path}: its configuration makes no model: {error}") from error
    if description.notes:
        warnings.warn(f"{path}: " + "; ".join(description.notes), stacklevel=2)
    if check:
        # Imported by name, because interop itself imports this package.
        importlib.import_module("fastrnn.interop.checking").check(path, model)
    return model


def from_config(
    config: dict[str, Any],
    tensors: Mapping[str, NDArray[Any]] | None = None,
    custom_objects: dict[str, type[Any]] | None = None,
) -> Model:
    """Return a new model from a configuration of :meth:`Model.get_config`.

    Parameters
    ----------
    config : dict
    tensors : mapping of str to ndarray, optional
        Weights by name; the initializers draw new ones if left out.
    custom_objects : dict of str to class, optional

    Examples
    --------
    >>> from fastrnn.layers import GRU, Dense, Input
    >>> model = Sequential([Input((None, 3)), GRU(4), Dense(1)])
    >>> from_config(model.get_config()).count_params()
    101
    """

    def stored_of(layer: Layer) -> Stored | None:
        return None if tensors is None else _Stored(layer, tensors)

    with custom_object_scope(custom_objects):
        model = _made(config, stored_of)
    if tensors is not None:
        state.take_weights(model, named(model, tensors))
    return model


def _made(config: dict[str, Any], stored_of: Callable[[Layer], Stored | None]) -> Model:
    made = [layer_registry.deserialize(entry) for entry in config["layers"]]
    if not made or not isinstance(made[0], InputLayer):
        first = made[0].name if made else "missing"
        raise ValueError(f"the first layer is {first}; it should be an InputLayer")
    for layer in made:
        layer.stored = None if isinstance(layer, InputLayer) else stored_of(layer)
    if config.get("class_name") == "Sequential":
        model: Model = Sequential([made[0].tensor(), *made[1:]], name=config["name"])
    else:
        model = _connected(made, config)
    if not boolean("trainable", config.get("trainable", True)):
        model._trainable = False  # the layers' own flags are in their configurations
    return model


def model_from_json(json_string: str, custom_objects: dict[str, type[Any]] | None = None) -> Model:
    """Return a new model, with new weights, from the JSON text of :meth:`Model.to_json`.

    Parameters
    ----------
    json_string : str
    custom_objects : dict of str to class, optional

    Raises
    ------
    ValueError
        If it is not JSON, or not a model's configuration.

    Examples
    --------
    >>> from fastrnn.layers import GRU, Dense, Input
    >>> model = Sequential([Input((None, 3)), GRU(4), Dense(1)])
    >>> model_from_json(model.to_json()).count_params()
    101
    """
    config = json.loads(json_string)
    if not isinstance(config, dict) or not isinstance(config.get("layers"), list):
        raise ValueError("json_string is no configuration of a model; it should be from to_json()")
    return from_config(config, custom_objects=custom_objects)


Model._read = staticmethod(from_config)


@with_older_names
def clone_model(model: Model) -> Model:
    """Return a new model with the same layers and new weights.

    Examples
    --------
    >>> from fastrnn.layers import GRU, Dense, Input
    >>> model = Sequential([Input((None, 3)), GRU(4), Dense(1)])
    >>> clone_model(model).count_params() == model.count_params()
    True
    """
    classes = {type(layer).__name__: type(layer) for layer in model.layers}
    return from_config(model.get_config(), custom_objects=classes)


@with_older_names
def save_model(
    model: Model, filepath: str | os.PathLike[str], include_optimizer: bool = True
) -> None:
    """Write a model: see :meth:`Model.save`.

    Examples
    --------
    >>> from fastrnn.layers import GRU, Dense, Input
    >>> model = Sequential([Input((None, 3)), GRU(4), Dense(1)])
    >>> save_model(model, "model.safetensors")
    >>> load_model("model.safetensors").count_params()
    101
    """
    model.save(filepath, include_optimizer=include_optimizer)


def _connected(layers: list[Layer], config: dict[str, Any]) -> Model:
    """Return a model with connections between its layers; see ``network.connections``."""
    in_a_row: dict[str, Any] = {
        "connections": [[[place, 0]] for place in range(-1, len(layers) - 1)],
        "inputs": [0],
        "outputs": [[len(layers) - 1, 0]],
    }
    wiring = config if "connections" in config else in_a_row
    outputs: list[list[SymbolicTensor]] = []
    calls = config.get("calls", range(len(layers)))
    for which, reads in zip(calls, wiring["connections"], strict=True):
        if not 0 <= which < len(layers):
            raise ValueError(f"there is no layer {which} to call")
        layer = layers[which]
        if isinstance(layer, InputLayer):
            outputs.append([layer.tensor()])
            continue
        outputs.append(layer.connect([_at(outputs, *read) for read in reads]))
    ends = [_at(outputs, *read) for read in wiring["outputs"]]
    starts = [_at(outputs, place, 0) for place in wiring["inputs"]]
    return Model(starts, ends, name=config["name"])


def _at(outputs: list[list[SymbolicTensor]], place: int, index: int) -> SymbolicTensor:
    if not 0 <= place < len(outputs) or not 0 <= index < len(outputs[place]):
        raise ValueError(f"there is no output {index} of layer {place} to connect to")
    return outputs[place][index]


def _nested(config: dict[str, Any], stored: Stored | None) -> Model:
    """Return a nested model; the file has its weights under the name of the layer it is in."""

    def stored_of(layer: Layer) -> Stored | None:
        if stored is None:
            return None
        return lambda name, shape: stored(f"{layer.name}/{name}", shape)

    return _made(config, stored_of)


ModelLayer.read = staticmethod(_nested)
register(ModelLayer)


class _Stored:
    """Returns zeros for a weight after checking that the file has it, with that shape."""

    def __init__(self, layer: Layer, tensors: Mapping[str, NDArray[Any]]) -> None:
        self._layer = layer
        self._tensors = tensors
        prefixes = {prefix_of_numbered(name) for name in tensors}
        #: Of layers whose weights the file numbers: they are checked when they are named.
        self._numbered = tuple(prefix for prefix in prefixes if prefix is not None)

    def __call__(self, name: str, shape: tuple[int, ...]) -> NDArray[np.generic]:
        title = f"{self._layer.name}/{name}"
        if not title.startswith(self._numbered):
            check_tensor(self._tensors, title, shape, self._layer.dtype)
        return np.zeros(shape, self._layer.dtype)


def _check_names(model: Model, description: Description) -> None:
    """Name the tensors of custom layers, and refuse those that belong to no layer."""
    description.tensors = named(model, description.tensors)
    weights = set(weight_names(model._graph.layers))
    slots = set(slots_in(description.tensors))
    for name in description.tensors:
        is_slot = name in slots and weight_of(name) in weights
        is_ours = description.run is not None and is_of_run(name)
        if not (name in weights or (is_slot and description.training is not None) or is_ours):
            raise CheckpointError(
                f"the file holds {name}, which the model lacks; it has {', '.join(sorted(weights))}"
            )


def _compile_foreign(model: Model, description: Description) -> None:
    """Compile a model as another program did; add notes about what fastrnn does not support."""
    assert description.training is not None
    training = {**description.training}
    for argument in ("metrics", "weighted_metrics"):
        training[argument] = _known_metrics(training.get(argument), description.notes)
    try:
        _compile(model, training, description.tensors)
    except (ValueError, TypeError, KeyError) as error:
        description.notes.append(f"the model is not compiled: {error}")


def _known_metrics(found: Any, notes: list[str]) -> Any:
    """Return the metrics that fastrnn has; add a note about each other one."""
    if isinstance(found, dict):
        return {name: _known_metrics(one, notes) for name, one in found.items()}
    if not isinstance(found, list):
        return found
    known = []
    for one in found:
        if isinstance(one, str) or (isinstance(one, dict) and "class_name" in one):
            try:
                metrics.get(one)
            except (TypeError, ValueError):
                name = one if isinstance(one, str) else one["class_name"]
                notes.append(f"the metric {name} is left out")
                continue
            known.append(one)
            continue
        known.append(_known_metrics(one, notes))
    return known


def _compile(
    model: Model,
    compiled: dict[str, Any],
    tensors: Mapping[str, NDArray[Any]],
) -> None:
    model.compile(
        optimizers.get(compiled["optimizer"]),
        compiled["loss"],
        compiled["metrics"],
        loss_weights=compiled.get("loss_weights"),
        weighted_metrics=compiled.get("weighted_metrics"),
        # Not in the files of fastrnn 0.1.
        check_gradients=bool(compiled.get("check_gradients", True)),
    )
    iterations = state.iterations_of(compiled)
    if slots_in(tensors) or iterations:
        assert model.optimizer is not None
        # Before the trainer makes memory for slots that the file may not have.
        state.check_slots(model, model.optimizer, tensors)
        state.restore_optimizer(model, setup_of(model).trainer(model), iterations, tensors)
