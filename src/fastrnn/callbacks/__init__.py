"""Callbacks, which a training calls at its steps and epochs, with Keras's names."""

from typing import TYPE_CHECKING

from fastrnn._names import also_at, names_of
from fastrnn.callbacks.backup import BackupAndRestore
from fastrnn.callbacks.callback import Callback, CallbackList, LambdaCallback
from fastrnn.callbacks.checkpoint import ModelCheckpoint
from fastrnn.callbacks.csv_logger import CSVLogger
from fastrnn.callbacks.history import History
from fastrnn.callbacks.learning_rate import LearningRateScheduler, ReduceLROnPlateau
from fastrnn.callbacks.progress import ProgressBar, ProgressLines
from fastrnn.callbacks.stopping import EarlyStopping, TerminateOnNaN
from fastrnn.callbacks.tensorboard import TensorBoard

__all__ = [
    "BackupAndRestore",
    "CSVLogger",
    "Callback",
    "CallbackList",
    "EarlyStopping",
    "History",
    "LambdaCallback",
    "LearningRateScheduler",
    "ModelCheckpoint",
    "ProgressBar",
    "ProgressLines",
    "ReduceLROnPlateau",
    "TensorBoard",
    "TerminateOnNaN",
]

also_at(__name__, __all__, "callbacks")

if not TYPE_CHECKING:
    __getattr__, __dir__ = names_of(__name__, __all__)
