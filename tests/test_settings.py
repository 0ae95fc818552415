"""Settings that are on or off, wherever they are given."""

import numpy as np
import pytest

from fastrnn import callbacks, layers, losses, models, optimizers
from fastrnn.preprocessing.text import Tokenizer, text_to_word_sequence
from fastrnn.settings import boolean, verbosity

from .models.builders import shifted, tagger


@pytest.mark.parametrize("value", [True, 1, np.True_, np.int64(1)])
def test_booleans(value):
    assert boolean("name", value) is True


ODD = ["False", "", None, 2, -1, 0.0, 1.0, [], np.array([True]), "0"]


@pytest.mark.parametrize("value", ODD)
def test_nothing_else_is_a_boolean(value):
    with pytest.raises(TypeError, match=r"name is .*; it should be True or False"):
        boolean("name", value)


@pytest.mark.parametrize("value", ["False", None, 1.0, "2", np.array([1])])
def test_nothing_else_is_a_verbosity(value):
    with pytest.raises(ValueError, match=r"verbose is .*; it should be a whole number or 'auto'"):
        verbosity(value)
    assert [verbosity(v) for v in (0, True, np.int64(2), "auto", 3, -1)] == [0, 1, 2, 1, 2, 2]


def makers():
    """Return what takes each setting, by what errors call it."""
    x, y = shifted()
    model = tagger()
    return [
        ("shuffle", lambda value: model.fit(x, y, shuffle=value)),
        ("return_dict", lambda value: model.evaluate(x, y, return_dict=value)),
        ("check_gradients", lambda value: model.compile(loss="mse", check_gradients=value)),
        ("compile", lambda value: models.load_model("nowhere", compile=value)),
        ("use_bias", lambda value: layers.Dense(1, use_bias=value)),
        ("return_sequences", lambda value: layers.SimpleRNN(1, return_sequences=value)),
        ("return_state", lambda value: layers.GRU(1, return_state=value)),
        ("stateful", lambda value: layers.LSTM(1, stateful=value)),
        ("go_backwards", lambda value: layers.LSTM(1, go_backwards=value)),
        ("unit_forget_bias", lambda value: layers.LSTM(1, unit_forget_bias=value)),
        ("reset_after", lambda value: layers.GRU(1, reset_after=value)),
        ("mask_zero", lambda value: layers.Embedding(2, 1, mask_zero=value)),
        ("from_logits", lambda value: losses.BinaryCrossentropy(from_logits=value)),
        ("amsgrad", lambda value: optimizers.Adam(amsgrad=value)),
        ("nesterov", lambda value: optimizers.SGD(nesterov=value)),
        ("centered", lambda value: optimizers.RMSprop(centered=value)),
        ("save_best_only", lambda value: callbacks.ModelCheckpoint("x", save_best_only=value)),
        ("restore_best_weights", lambda v: callbacks.EarlyStopping(restore_best_weights=v)),
        ("append", lambda value: callbacks.CSVLogger("x", append=value)),
        ("delete_checkpoint", lambda v: callbacks.BackupAndRestore("x", delete_checkpoint=v)),
        ("lower", lambda value: Tokenizer(lower=value)),
        ("char_level", lambda value: Tokenizer(char_level=value)),
        ("lower", lambda value: text_to_word_sequence("a", lower=value)),
    ]


@pytest.mark.parametrize(("name", "maker"), makers(), ids=lambda value: str(value)[:20])
def test_settings_are_read_as_booleans(name, maker):
    with pytest.raises(TypeError, match=f"{name} is 'False'; it should be True or False"):
        maker("False")


@pytest.mark.parametrize(
    "maker",
    [
        lambda value: tagger().fit(*shifted(), verbose=value),
        lambda value: tagger().evaluate(*shifted(), verbose=value),
        lambda value: tagger().predict(shifted()[0], verbose=value),
        lambda value: callbacks.EarlyStopping(verbose=value),
        lambda value: callbacks.ModelCheckpoint("x", verbose=value),
    ],
)
def test_verbose_is_read_once(maker):
    with pytest.raises(ValueError, match="verbose is 'False'"):
        maker("False")


def test_there_is_no_graphics_card():
    import fastrnn as tf
    from fastrnn import backend, config

    assert config.list_physical_devices("GPU") == []
    assert tf.config.experimental.list_physical_devices("GPU") == []
    assert config.list_physical_devices() == config.list_physical_devices("CPU") == ["CPU:0"]
    assert backend.tensorflow_backend._get_available_gpus() == []
