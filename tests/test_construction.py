"""Arguments of classes with Keras's names: those that change nothing, and wrong ones."""

import numpy as np
import pytest

from fastrnn import callbacks, initializers, layers, losses, optimizers
from fastrnn.construction import _check_harmless
from fastrnn.layers import GRU, LSTM, Dense, Layer
from fastrnn.optimizers import schedules

HARMLESS = [
    (lambda **k: GRU(2, **k), {"unroll": True, "implementation": 2, "use_cudnn": "auto"}),
    (lambda **k: LSTM(2, **k), {"time_major": False}),
    (lambda **k: Dense(2, **k), {"lora_rank": None}),
    (optimizers.Adam, {"use_ema": False, "ema_momentum": 0.99}),
    (optimizers.SGD, {"loss_scale_factor": None}),
    (losses.MeanSquaredError, {"dtype": None}),
    (losses.CategoricalCrossentropy, {"axis": -1}),
    (initializers.GlorotUniform, {"input_axes": None}),
    (lambda **k: callbacks.BackupAndRestore("x", **k), {"double_checkpoint": False}),
    (callbacks.TensorBoard, {"write_graph": True, "write_grads": False}),
]


@pytest.mark.parametrize(("make", "arguments"), HARMLESS)
def test_what_changes_nothing_is_taken(make, arguments):
    plain, given = make(), make(**arguments)
    if hasattr(plain, "get_config"):
        assert given.get_config() == plain.get_config()


@pytest.mark.parametrize(("make", "arguments"), HARMLESS)
def test_what_would_change_something_is_refused(make, arguments):
    for name in arguments:
        for value in (3.5, "other", np.ones(2)):
            with pytest.raises(TypeError, match=rf"^{name} of \w+ is .*; it should be .* left out"):
                make(**{name: value})


@pytest.mark.parametrize(
    ("make", "title", "wrong", "near"),
    [
        (lambda **k: GRU(2, **k), "GRU", "return_sequence", "return_sequences"),
        (lambda **k: LSTM(2, **k), "LSTM", "actvation", "activation"),
        (lambda **k: Dense(2, **k), "Dense", "use_bais", "use_bias"),
        (optimizers.Adam, "Adam", "learningrate", "learning_rate"),
        (losses.CategoricalCrossentropy, "CategoricalCrossentropy", "from_logit", "from_logits"),
        (callbacks.EarlyStopping, "EarlyStopping", "patients", "patience"),
        (initializers.RandomNormal, "RandomNormal", "std_dev", "stddev"),
        (lambda **k: schedules.ExponentialDecay(1, 2, 0.5, **k), "ExponentialDecay", "stair_case",
         "staircase"),
    ],
)  # fmt: skip
def test_a_wrong_argument_names_the_class_and_the_nearest(make, title, wrong, near):
    with pytest.raises(
        TypeError, match=f"^{title} has no argument '{wrong}'; did you mean '{near}'"
    ):
        make(**{wrong: 1})
    with pytest.raises(TypeError, match=f"^{title} has no argument 'zzzzz'; it takes "):
        make(zzzzz=1)


def test_layers_of_one_s_own_are_named_too():
    class Mine(Layer):
        def __init__(self, depth, **options):
            super().__init__(**options)
            self.depth = depth

    assert Mine(depth=3, name="here", activity_regularizer=None).depth == 3
    with pytest.raises(TypeError, match=r"^Mine has no argument 'deph'; did you mean 'depth'"):
        Mine(deph=3)

    class Anything(callbacks.Callback):
        def __init__(self, **options):
            self.options = options

    assert Anything(a=1).options == {"a": 1}


def test_every_argument_of_keras_is_known_at_its_default():
    keras = pytest.importorskip("keras")
    import inspect

    for ours, theirs in (
        (layers, keras.layers),
        (optimizers, keras.optimizers),
        (losses, keras.losses),
        (callbacks, keras.callbacks),
        (initializers, keras.initializers),
        (schedules, keras.optimizers.schedules),
    ):
        for name in sorted(set(ours.__all__) & set(dir(theirs))):
            cls, peer = getattr(ours, name), getattr(theirs, name)
            if not isinstance(cls, type) or not isinstance(peer, type):
                continue
            for parameter in inspect.signature(peer.__init__).parameters.values():
                known = parameters_of_or_any(cls)
                if known is None or parameter.default is parameter.empty or parameter.name in known:
                    continue
                given = cls.__name__, parameter.name, parameter.default, known, cls._harmless
                _check_harmless(*given)


def parameters_of_or_any(cls):
    from fastrnn.construction import Constructible, parameters_of

    return parameters_of(cls) if isinstance(cls, Constructible) else None
