"""Converting compile options to the format of Keras 3."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastrnn.formats.errors import CheckpointError

_OPTIMIZERS = ("SGD", "Adam", "AdamW", "Nadam", "RMSprop", "Adagrad", "Adadelta", "Adamax", "Lion")


def optimizer_out(training: Mapping[str, Any]) -> dict[str, Any]:
    """Return class and configuration of the optimizer.

    Raises
    ------
    CheckpointError
        If Keras has no such optimizer.
    """
    written = training["optimizer"]
    name, config = written["class_name"], dict(written["config"])
    if name not in _OPTIMIZERS:
        raise CheckpointError(f"the optimizer is a {name}, which Keras lacks")
    rate = config.get("learning_rate")
    decay = config.pop("decay", None)
    if decay:  # which Keras 3 lacks
        inverse = {"initial_learning_rate": rate, "decay_steps": 1, "decay_rate": decay}
        rate = {"class_name": "InverseTimeDecay", "config": inverse}
    if isinstance(rate, Mapping):
        config["learning_rate"] = _object("keras.optimizers.schedules", rate)
    return {"class_name": name, "config": {"name": name.lower(), **config}}


def objective_out(training: Mapping[str, Any]) -> dict[str, Any]:
    """Return losses and metrics as arguments of Keras's ``compile``."""
    loss, metrics = training["loss"], training["metrics"]
    single = not isinstance(loss, list)
    found = {
        "loss": _loss(loss) if single else [None if one is None else _loss(one) for one in loss],
        "metrics": _metrics(metrics) or None,
        "weighted_metrics": _metrics(training.get("weighted_metrics")) or None,
        "loss_weights": training.get("loss_weights"),
    }
    if single and isinstance(found["loss_weights"], list):
        (found["loss_weights"],) = found["loss_weights"]
    return found


def _metrics(metrics: Any) -> Any:
    if isinstance(metrics, list):
        return [_metrics(one) for one in metrics]
    if isinstance(metrics, Mapping) and "class_name" in metrics:
        return _object("keras.metrics", metrics)
    return metrics


def _loss(loss: Mapping[str, Any]) -> dict[str, Any]:
    if loss["class_name"] in ("FormulaLoss", "LossFunctionWrapper"):
        raise CheckpointError(f"the loss is a {loss['class_name']}, which Keras lacks")
    return _object("keras.losses", loss)


def _object(module: str, written: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "module": module,
        "class_name": written["class_name"],
        "config": dict(written["config"]),
        "registered_name": None,
    }
