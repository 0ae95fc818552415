"""Models: chains of layers that train, predict, and live in files."""

from fastrnn.models.dataset import Dataset
from fastrnn.models.loading import from_config, load_model
from fastrnn.models.model import Model
from fastrnn.models.non_finite import NonFiniteGradientError
from fastrnn.models.resuming import training_position
from fastrnn.models.saving import CheckpointError
from fastrnn.models.sequential import Sequential

__all__ = [
    "CheckpointError",
    "Dataset",
    "Model",
    "NonFiniteGradientError",
    "Sequential",
    "from_config",
    "load_model",
    "training_position",
]
