"""Converting the compile options of Keras files to fastrnn."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastrnn.formats.errors import CheckpointError
from fastrnn.formats.keras.arguments import short

_RATES = (
    "CosineDecay",
    "CosineDecayRestarts",
    "ExponentialDecay",
    "InverseTimeDecay",
    "PiecewiseConstantDecay",
    "PolynomialDecay",
)
_CLIPPING = ("weight_decay", "clipnorm", "clipvalue", "global_clipnorm")
_ADAM = ("beta_1", "beta_2", "epsilon")
#: Arguments of each optimizer, besides the learning rate and clipping.
_OPTIMIZERS = {
    "SGD": ("momentum", "nesterov"),
    "Adam": (*_ADAM, "amsgrad"),
    "AdamW": (*_ADAM, "amsgrad"),
    "Nadam": _ADAM,
    "Adagrad": ("initial_accumulator_value", "epsilon"),
    "Adadelta": ("rho", "epsilon"),
    "Adamax": _ADAM,
    "Lion": ("beta_1", "beta_2"),
    "RMSprop": ("rho", "momentum", "epsilon", "centered"),
}
#: Arguments of optimizers that have no effect with these values.
_PLAIN = {
    "use_ema": False,
    "loss_scale_factor": None,
    "gradient_accumulation_steps": None,
    "schedule_decay": 0.004,
}
_IGNORED = {
    "name",
    "jit_compile",
    "is_legacy_optimizer",
    "ema_momentum",
    "ema_overwrite_frequency",
}

_LOSS_ARGUMENTS = ("from_logits", "label_smoothing", "delta")
_METRICS = {
    "BinaryAccuracy": "binary_accuracy",
    "CategoricalAccuracy": "categorical_accuracy",
    "SparseCategoricalAccuracy": "sparse_categorical_accuracy",
    "Accuracy": "accuracy",
    "CosineSimilarity": "cosine_similarity",
}


class Lost(CheckpointError):
    """The compile options of a file contain something that fastrnn lacks."""


def read_training(
    compiled: Mapping[str, Any], optimizer: Any, notes: list[str]
) -> dict[str, Any] | None:
    """Return the compile options; None, with a note, if fastrnn does not support them.

    Parameters
    ----------
    compiled : mapping
        ``loss``, ``metrics``, ``weighted_metrics``, ``loss_weights``.
    optimizer : dict or str
    notes : list of str
    """
    if optimizer is None and compiled.get("loss") is None:
        return None
    try:
        training = {
            "optimizer": _optimizer(optimizer),
            "loss": _each(compiled.get("loss"), _loss),
            "metrics": _metrics(compiled.get("metrics"), notes) or None,
            "check_gradients": True,
            "iterations": 0,
        }
        if compiled.get("weighted_metrics"):
            training["weighted_metrics"] = _metrics(compiled["weighted_metrics"], notes)
        if compiled.get("loss_weights") is not None:
            shares = compiled["loss_weights"]
            training["loss_weights"] = [shares] if isinstance(shares, (int, float)) else shares
    except Lost as error:
        notes.append(f"the model is not compiled: {error}")
        return None
    if training["loss"] is None:
        notes.append("the model is not compiled: the file has no loss")
        return None
    return training


def _parts(value: Any) -> tuple[str, Mapping[str, Any]]:
    """Return the class and configuration of a serialized object, or its name."""
    if isinstance(value, str):
        return value, {}
    if isinstance(value, Mapping):
        name, config = value.get("class_name"), value.get("config")
        if name == "function" and isinstance(config, str):
            return config, {}
        if isinstance(name, str) and isinstance(config, Mapping):
            return name.rpartition(">")[2], config
    raise Lost(f"it has {short(value)}")


def _optimizer(value: Any) -> dict[str, Any]:
    name, config = _parts(value)
    known = {one.lower(): one for one in _OPTIMIZERS}
    if name.lower() not in known:
        raise Lost(f"its optimizer is {name!r}; fastrnn has {', '.join(_OPTIMIZERS)}")
    name = known[name.lower()]
    options: dict[str, Any] = {}
    left = dict(config)
    if "learning_rate" in left or "lr" in left:
        options["learning_rate"] = _rate(left.pop("learning_rate", None) or left.pop("lr", None))
    decay = left.pop("decay", None)
    if decay:
        if isinstance(options.get("learning_rate"), dict):
            raise Lost(f"its optimizer has a schedule and decay={decay!r}")
        options["decay"] = decay
    for argument in (*_OPTIMIZERS[name], *_CLIPPING):
        given = left.pop(argument, None)
        if given is not None and not (argument == "weight_decay" and given is False):
            options[argument] = given
    for argument, given in left.items():
        plain = _PLAIN.get(argument)
        if argument not in _IGNORED and given is not None and given != plain:
            raise Lost(f"its optimizer {name} has {argument}={short(given)}; fastrnn lacks this")
    return {"class_name": name, "config": options}


def _rate(value: Any) -> Any:
    if isinstance(value, Mapping):
        name, config = _parts(value)
        if name not in _RATES:
            raise Lost(f"its learning rate is a {name}; fastrnn lacks this")
        return {"class_name": name, "config": dict(config)}
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return float(value)
    raise Lost(f"its learning rate is {short(value)}")


def _each(value: Any, read: Any) -> Any:
    if isinstance(value, list):
        found = [None if one is None else read(one) for one in value]
        return found[0] if len(found) == 1 else found
    if isinstance(value, Mapping) and "class_name" not in value:
        return {str(name): None if one is None else read(one) for name, one in value.items()}
    return None if value is None else read(value)


def _loss(value: Any) -> Any:
    name, config = _parts(value)
    if not config:
        return name if "_" in name or name.islower() else {"class_name": name, "config": {}}
    if name == "LossFunctionWrapper":
        return str(config.get("fn") or config.get("name"))
    if config.get("reduction") not in (None, "auto", "sum_over_batch_size"):
        raise Lost(f"its loss {name} has reduction={config['reduction']!r}; fastrnn has the mean")
    for argument, given in config.items():
        plain = {"axis": -1, "ignore_class": None, "dtype": given}.get(argument)
        known = (*_LOSS_ARGUMENTS, "reduction", "name", "fn")
        if argument not in known and given is not None and given != plain:
            raise Lost(f"its loss {name} has {argument}={short(given)}; fastrnn lacks this")
    # Only values that differ from the defaults: not every loss has all arguments.
    options = {key: config[key] for key in _LOSS_ARGUMENTS if config.get(key)}
    return {"class_name": name, "config": options}


def _metrics(value: Any, notes: list[str]) -> Any:
    """Return metrics by their names; those that fastrnn lacks are noted and left out."""
    if value is None:
        return []
    if isinstance(value, Mapping) and "class_name" not in value:
        return {str(name): _metrics(one, notes) for name, one in value.items()}
    listed = value if isinstance(value, list) else [value]
    if any(isinstance(one, (list, type(None))) for one in listed):
        found = [_metrics(one, notes) for one in listed]
        return found[0] if len(found) == 1 else found
    names = [_metric(one) for one in listed]
    for one, name in zip(listed, names, strict=True):
        if name is None:
            shown = one.get("class_name") if isinstance(one, Mapping) else one
            notes.append(f"the metric {shown} is left out")
    return [name for name in names if name is not None]


def _metric(value: Any) -> Any:
    try:
        name, config = _parts(value)
    except Lost:
        return None
    if name == "MeanMetricWrapper":
        name = str(config.get("fn") or config.get("name"))
        if config.get("name") in ("accuracy", "acc"):
            name = "accuracy"
    elif name in _METRICS:
        name = _METRICS[name]
    elif not name.islower():
        kept = {key: one for key, one in config.items() if key != "dtype" and one is not None}
        return {"class_name": name, "config": kept}
    return name
