"""The part of ``keras.utils`` for recurrent networks."""

from typing import TYPE_CHECKING

from fastrnn._names import also_at, names_of
from fastrnn.naming import (
    custom_object_scope,
    get_custom_objects,
    get_registered_name,
    get_registered_object,
    register_keras_serializable,
)
from fastrnn.preprocessing.batches import PyDataset
from fastrnn.preprocessing.sequence import pad_sequences
from fastrnn.preprocessing.timeseries import timeseries_dataset_from_array
from fastrnn.utils.categorical import normalize, to_categorical
from fastrnn.utils.local_files import get_file
from fastrnn.utils.plotting import model_to_dot, plot_model
from fastrnn.utils.progbar import Progbar
from fastrnn.utils.random_seed import set_random_seed

CustomObjectScope = custom_object_scope
#: Its name in Keras 2.
Sequence = PyDataset

__all__ = [
    "CustomObjectScope",
    "Progbar",
    "PyDataset",
    "Sequence",
    "custom_object_scope",
    "get_custom_objects",
    "get_file",
    "get_registered_name",
    "get_registered_object",
    "model_to_dot",
    "normalize",
    "pad_sequences",
    "plot_model",
    "register_keras_serializable",
    "set_random_seed",
    "timeseries_dataset_from_array",
    "to_categorical",
]

also_at(__name__, __all__, "data_utils", "generic_utils", "np_utils", "vis_utils")

if not TYPE_CHECKING:
    __getattr__, __dir__ = names_of(__name__, __all__)
