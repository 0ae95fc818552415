"""Names of older versions of Keras: renamed arguments, and arguments without an effect.

:mod:`fastrnn.construction` renames keywords before a class or method gets them, so that old scripts
run, and signatures show only the current names.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

#: Arguments that change no result: the accepted values (a type for all of its values), and why
#: others are refused.
Harmless = Mapping[str, tuple[tuple[Any, ...], str]]

_WEIGHTS = {
    "W_regularizer": "kernel_regularizer",
    "U_regularizer": "recurrent_regularizer",
    "b_regularizer": "bias_regularizer",
    "W_constraint": "kernel_constraint",
    "U_constraint": "recurrent_constraint",
    "b_constraint": "bias_constraint",
    "bias": "use_bias",
    "init": "kernel_initializer",
}
_CONVOLUTION = {
    "nb_filter": "filters",
    "filter_length": "kernel_size",
    "subsample_length": "strides",
    "subsample": "strides",
    "border_mode": "padding",
}

#: Current names of arguments of a class and its subclasses.
CLASSES: Mapping[str, Mapping[str, str]] = {
    "Layer": _WEIGHTS,
    "RecurrentLayer": {
        "output_dim": "units",
        "inner_init": "recurrent_initializer",
        "inner_activation": "recurrent_activation",
        "dropout_W": "dropout",
        "dropout_U": "recurrent_dropout",
    },
    "Dense": {"output_dim": "units"},
    "Embedding": {
        "init": "embeddings_initializer",
        "W_regularizer": "embeddings_regularizer",
        "W_constraint": "embeddings_constraint",
    },
    "Convolution": _CONVOLUTION,
    "Pooling": {"pool_length": "pool_size", "stride": "strides", "border_mode": "padding"},
    "BatchNormalization": {"beta_init": "beta_initializer", "gamma_init": "gamma_initializer"},
    "Dropout": {"p": "rate"},
    "SpatialDropout1D": {"p": "rate"},
    "GaussianDropout": {"p": "rate"},
    "GaussianNoise": {"sigma": "stddev"},
    "UpSampling1D": {"length": "size"},
    "Concatenate": {"concat_axis": "axis"},
    "Dot": {"dot_axes": "axes"},
    "ReduceLROnPlateau": {"epsilon": "min_delta"},
    "Optimizer": {"lr": "learning_rate"},
    "Network": {"input": "inputs", "output": "outputs"},
    "Tokenizer": {"nb_words": "num_words"},
    "InputLayer": {"input_shape": "shape", "batch_input_shape": "batch_shape"},
    "L1": {"l": "l1"},
    "L2": {"l": "l2"},
}

#: Current names of arguments of methods and functions.
METHODS: Mapping[str, Mapping[str, str]] = {
    "fit": {"nb_epoch": "epochs"},
    "fit_generator": {"nb_epoch": "epochs"},
    "to_categorical": {"nb_classes": "num_classes"},
    "load_data": {"nb_words": "num_words"},
    "relu": {"alpha": "negative_slope"},
    "leaky_relu": {"alpha": "negative_slope"},
}

#: Methods whose first argument was the name, before it became a keyword.
LED_BY_NAME: frozenset[str] = frozenset({"add_weight"})

_WORKERS: Harmless = {
    "workers": ((int, None), "batches are made by the thread that trains"),
    "use_multiprocessing": ((bool,), "batches are made by the thread that trains"),
    "max_queue_size": ((int, None), "batches are made when they are needed"),
    "max_q_size": ((int, None), "batches are made when they are needed"),
    "nb_worker": ((int, None), "batches are made by the thread that trains"),
    "pickle_safe": ((bool,), "batches are made by the thread that trains"),
}
_COMPILED = "all of it is compiled"
#: What only the inputs of TensorFlow can be.
INPUTS: Harmless = {
    "tensor": ((None,), "an input stands for data; give arrays to fit and predict"),
    "input_tensor": ((None,), "an input stands for data; give arrays to fit and predict"),
    "sparse": ((False, None), "arrays are dense"),
    "ragged": ((False, None), "rows have one length; pad_sequences makes them so"),
    "optional": ((False,), "every input is needed"),
}
_FILES: Harmless = {
    "overwrite": ((True,), "a file that is there is replaced, whole"),
    "save_format": ((str, None), "the ending of the name says it"),
    "zipped": ((True, None), "a .keras file is one archive"),
    "signatures": ((None,), "there is no graph of TensorFlow"),
    "options": ((None,), "there is no graph of TensorFlow"),
}
_PICTURE: Harmless = {
    "layer_range": ((None,), "all layers are drawn"),
    "splines": ((str,), "lines are straight"),
}
_ACCURACY = "give metrics=['accuracy'] to compile"

#: Arguments of methods that change no result.
HARMLESS_OF_METHODS: Mapping[str, Harmless] = {
    "compile": {
        "class_mode": ((str, None), "the loss says what the classes are"),
        "sample_weight_mode": ((str, None), "weights may be of samples or of steps"),
        "target_tensors": ((None,), "targets are given to fit"),
        "run_eagerly": ((False, None), _COMPILED),
        "jit_compile": (("auto", bool, None), _COMPILED),
        "steps_per_execution": ((int, None), "a step is one call anyway"),
        "auto_scale_loss": ((bool,), "float32 and float64 need no scaling of the loss"),
    },
    "fit": {**_WORKERS, "show_accuracy": ((False,), _ACCURACY)},
    "evaluate": {**_WORKERS, "show_accuracy": ((False,), _ACCURACY)},
    "predict": _WORKERS,
    "fit_generator": _WORKERS,
    "evaluate_generator": _WORKERS,
    "predict_generator": _WORKERS,
    "train_on_batch": {"accuracy": ((False,), _ACCURACY)},
    "test_on_batch": {"accuracy": ((False,), _ACCURACY)},
    "add_weight": {
        "dtype": ((None, str, type), "a weight has the type of its layer"),
    },
    "save": _FILES,
    "save_model": _FILES,
    "save_weights": {**_FILES, "max_shard_size": ((None,), "the weights are one file")},
    "load_model": {
        "safe_mode": ((bool,), "no code in a file is run"),
        "options": ((None,), "there is no graph of TensorFlow"),
    },
    "clone_model": {
        "input_tensors": ((None,), "call the new model on the tensors"),
        "clone_function": ((None,), "change what get_config returns, and give it to from_config"),
        "call_function": ((None,), "call the layers on Input yourself"),
        "recursive": ((bool,), "nested models are copied too"),
    },
    "Input": INPUTS,
    "summary": {"positions": ((list, tuple, None), "columns are as wide as needed")},
    "plot_model": _PICTURE,
    "model_to_dot": {**_PICTURE, "subgraph": ((False,), "it is a graph of its own")},
}

#: Arguments of classes that change no result.
HARMLESS_OF_CLASSES: Mapping[str, Harmless] = {
    "BatchNormalization": {"mode": ((0,), "it normalizes every feature")},
    "LSTM": {
        "forget_bias_init": (
            ("one", "ones"),
            "unit_forget_bias=True, the default, begins it with ones, False with zeros",
        )
    },
}

#: Arguments that Keras 2 left out with a warning, and so does fastrnn.
LEFT_OUT: Mapping[str, str] = {
    "Embedding.dropout": "SpatialDropout1D behind it drops features instead of words",
}

#: Arguments of classes for which None stands for the default.
NONE_IS_DEFAULT: Mapping[str, frozenset[str]] = {
    "Optimizer": frozenset({"epsilon", "decay", "rho", "momentum", "name"}),
}

#: Error messages for arguments that were removed without a replacement.
REFUSED: Mapping[str, str] = {
    "Merge.mode": "use Concatenate, Add, Multiply, Average, Maximum or Dot",
    "fit.show_accuracy": _ACCURACY,
    "evaluate.show_accuracy": _ACCURACY,
}

#: Names of the same entry of logs in different versions of Keras.
_REPORTED: tuple[tuple[str, ...], ...] = (
    ("accuracy", "acc"),
    ("mae", "mean_absolute_error"),
    ("mse", "mean_squared_error"),
    ("mape", "mean_absolute_percentage_error"),
    ("msle", "mean_squared_logarithmic_error"),
    ("cosine_similarity", "cosine_proximity"),
    ("learning_rate", "lr"),
)


def reported(name: str, names: Collection[str]) -> str | None:
    """Return the one of `names` that `name` refers to, or None.

    Keras 1 and 2.2 reported ``metrics=["accuracy"]`` as ``acc`` and ``val_acc``; ``mae`` by its
    long name, and the learning rate as ``lr``.
    """
    if name in names:
        return name
    for alike in _REPORTED:
        for one in alike:
            if name == one or name.endswith(f"_{one}"):
                begin = name.removesuffix(one)
                return next((begin + other for other in alike if begin + other in names), None)
    return None
