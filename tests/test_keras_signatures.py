"""Every argument of Keras's classes, functions and methods is taken, or refused for a reason.

What Keras and fastrnn both have is compared by :mod:`inspect`: the names of the arguments, their
defaults, and the order of those that may be given by position.
"""

import importlib
import inspect

import pytest

from fastrnn import _older, layers
from fastrnn.construction import Constructible, parameters_of
from tests.keras_oracle import require_keras

MODULES = [
    "activations",
    "callbacks",
    "constraints",
    "initializers",
    "layers",
    "losses",
    "metrics",
    "models",
    "optimizers",
    "optimizers.schedules",
    "regularizers",
    "saving",
    "utils",
]

#: Arguments that are not there; an error says so when a script gives them.
MISSING: dict[str, set[str]] = {
    # What fit makes for itself.
    "callbacks.CallbackList": {"add_history", "add_progbar", "model"},
    "layers.InputSpec": {"allow_last_axis_squeeze", "name", "optional"},
    # Of TensorFlow's variables.
    "layers.Layer.add_weight": {"aggregation", "autocast", "overwrite_with_gradient"},
    "models.Sequential.add": {"rebuild"},
    "models.Sequential.pop": {"rebuild"},
    # Classes are on the last axis; the classes take axis=-1.
    **{
        f"{module}.{name}": {"axis"}
        for module in ("losses", "metrics")
        for name in (
            "binary_crossentropy",
            "categorical_crossentropy",
            "sparse_categorical_crossentropy",
        )
    },
    "losses.cosine_similarity": {"axis"},
    "losses.deserialize": {"name"},
    "metrics.sparse_top_k_categorical_accuracy": {"from_sorted_ids"},
    **{
        f"{module}.{name}": {argument}
        for module in ("saving", "utils")
        for name, argument in (
            ("get_registered_name", "obj"),
            ("get_registered_object", "module_objects"),
        )
    },
    "utils.Progbar": {"stateless_metrics"},
}

#: Defaults that differ, each with the reason.
DEFAULTS: dict[str, str] = {
    "callbacks.CallbackList(callbacks)": "fit gives them",
    "layers.AveragePooling1D(pool_size)": "as in Keras 1 and 2",
    "layers.AvgPool1D(pool_size)": "as in Keras 1 and 2",
    "layers.CategoryEncoding(num_tokens)": "it is not counted from data",
    "layers.CategoryEncoding(output_mode)": "there is no other one",
    "layers.GRU(reset_after)": "as in Keras 1 and 2",
    "layers.IntegerLookup(oov_token)": "None stands for the same",
    "layers.StringLookup(oov_token)": "None stands for the same",
    "layers.Layer.add_weight(shape)": "() is the same",
    "layers.Layer.add_weight(initializer)": "the same, by name",
    "layers.PReLU(alpha_initializer)": "the same, by another name",
    "layers.dot(axes)": "as in Keras 2, where it has to be given",
    "metrics.Metric.add_variable(shape)": "may be left out",
    "metrics.Metric.add_variable(initializer)": "may be left out",
    "metrics.Metric.add_weight(initializer)": "the same, by name",
    "models.Model.evaluate(x)": "it has to be given in Keras too",
    "models.Model.fit(x)": "it has to be given in Keras too",
    "models.Sequential.build(input_shape)": "it has to be given in Keras too",
    "optimizers.Optimizer(learning_rate)": "may be left out",
    "regularizers.l1_l2(l1)": "as in Keras 1 and 2",
    "regularizers.l1_l2(l2)": "as in Keras 1 and 2",
}

#: Orders of positional arguments that differ, each with the reason.
ORDERS: dict[str, str] = {
    "layers.InputLayer": "the arguments of TensorFlow in between are not there",
}

METHODS = {
    "models.Model": [
        "compile",
        "evaluate",
        "fit",
        "get_layer",
        "load_weights",
        "predict",
        "save",
        "save_weights",
        "summary",
        "test_on_batch",
        "train_on_batch",
    ],
    "models.Sequential": ["add", "build", "pop"],
    "layers.Layer": ["add_weight", "get_weights", "set_weights", "count_params"],
    "metrics.Metric": ["add_variable", "add_weight", "reset_state", "result", "update_state"],
}


def parameters(thing):
    """Return the arguments of a function or class, without self."""
    found = inspect.signature(thing).parameters.values()
    variadic = (inspect.Parameter.VAR_KEYWORD, inspect.Parameter.VAR_POSITIONAL)
    return {p.name: p for p in found if p.kind not in variadic and p.name != "self"}


def takes_any(thing):
    """Return whether a function has arguments of any name."""
    kinds = [parameter.kind for parameter in inspect.signature(thing).parameters.values()]
    return inspect.isfunction(thing) and inspect.Parameter.VAR_KEYWORD in kinds


def taken(thing):
    """Return the names of the arguments that fastrnn takes, with those that change nothing.

    None if it passes them on to something else that checks them.
    """
    if thing is layers.RNN or takes_any(thing):
        return None
    if isinstance(thing, Constructible):
        known = parameters_of(thing)
        return None if known is None else {*known, *thing.harmless, *thing._newer}
    if inspect.isclass(thing):
        return {*parameters(thing)}
    name = thing.__name__
    harmless = _older.HARMLESS_OF_METHODS.get(name, {})
    return {*parameters(thing), *harmless, *_older.METHODS.get(name, {})}


def pairs():
    """Yield a title, and the class or function or method of Keras and of fastrnn."""
    for module in MODULES:
        theirs = importlib.import_module(f"keras.{module}")
        ours = importlib.import_module(f"fastrnn.{module}")
        for name in sorted(set(dir(theirs)) & set(getattr(ours, "__all__", ()))):
            one, other = getattr(theirs, name), getattr(ours, name)
            if inspect.isclass(one) or inspect.isfunction(one):
                title = f"{module}.{name}"
                yield title, one, other
                for method in METHODS.get(title, ()):
                    yield f"{title}.{method}", getattr(one, method), getattr(other, method)


def test_arguments_of_keras_are_taken_or_known_to_be_missing():
    require_keras()
    found = {}
    for title, theirs, ours in pairs():
        known = taken(ours)
        gone = set() if known is None else {*parameters(theirs)} - known
        if gone:
            found[title] = gone
    assert found == MISSING, found


def test_defaults_are_those_of_keras():
    require_keras()
    found = {}
    for title, theirs, ours in pairs():
        here = parameters(ours)
        for name, parameter in parameters(theirs).items():
            if name not in here or name in ("name", "verbose"):
                continue
            one, other = parameter.default, here[name].default
            if repr(one) != repr(other) and one != other:
                found[f"{title}({name})"] = (one, other)
    assert {*found} == {*DEFAULTS}, found


def test_arguments_may_be_given_by_position_as_in_keras():
    require_keras()
    by_place = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.POSITIONAL_ONLY)
    found = {}
    for title, theirs, ours in pairs():
        here = [name for name, p in parameters(ours).items() if p.kind in by_place]
        there = [name for name, p in parameters(theirs).items() if p.kind in by_place]
        both = [name for name in there if name in here]
        if [name for name in here if name in both] != both:
            found[title] = (there, here)
    assert {*found} == {*ORDERS}, found


@pytest.mark.parametrize("table", [MISSING, DEFAULTS, ORDERS])
def test_the_lists_name_what_is_there(table):
    require_keras()
    titles = {title for title, _, _ in pairs()}
    assert {name.partition("(")[0] for name in table} <= titles
