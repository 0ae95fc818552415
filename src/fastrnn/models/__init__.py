"""Models: graphs of layers that can be trained, used for predictions, saved and loaded."""

from typing import TYPE_CHECKING

from fastrnn._names import names_of
from fastrnn.formats import CheckpointError
from fastrnn.models.dataset import Dataset
from fastrnn.models.loading import (
    clone_model,
    from_config,
    load_model,
    model_from_json,
    save_model,
)
from fastrnn.models.model import Model
from fastrnn.models.non_finite import NonFiniteGradientError
from fastrnn.models.sequential import Sequential
from fastrnn.models.training.resuming import training_position

__all__ = [
    "CheckpointError",
    "Dataset",
    "Model",
    "NonFiniteGradientError",
    "Sequential",
    "clone_model",
    "from_config",
    "load_model",
    "model_from_json",
    "save_model",
    "training_position",
]

if not TYPE_CHECKING:
    __getattr__, __dir__ = names_of(__name__, __all__, {"Input": "fastrnn.layers"})
