"""Drawn models through Keras's files, in both types: into fastrnn again, and into Keras."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from fastrnn import layers as L
from fastrnn.layers import Input
from fastrnn.models import Model, Sequential, load_model
from fastrnn.regularizers import L1, L1L2
from tests.keras_oracle import require_keras
from tests.tolerances import FILES

pytest.importorskip("h5py")

pytestmark = pytest.mark.once

FEATURES = 3
MASKS = {"masking", "mask_zero"}


@st.composite
def recurrent(draw, dtype, sequences):
    """Draw a recurrent layer with its options, alone or read from both ends."""
    options = {
        "return_sequences": sequences,
        "dtype": dtype,
        "use_bias": draw(st.booleans()),
        "activation": draw(st.sampled_from(["tanh", "relu", "sigmoid", "softsign", "linear"])),
        "go_backwards": draw(st.booleans()),
        "dropout": draw(st.sampled_from([0.0, 0.25])),
        "recurrent_dropout": draw(st.sampled_from([0.0, 0.5])),
        "trainable": draw(st.booleans()),
        "kernel_regularizer": draw(st.sampled_from([None, "l2", L1L2(0.1, 0.2)])),
        "recurrent_regularizer": draw(st.sampled_from([None, L1(0.3)])),
    }
    kind = draw(st.sampled_from([L.SimpleRNN, L.GRU, L.LSTM]))
    if kind is not L.SimpleRNN:
        options["recurrent_activation"] = draw(st.sampled_from(["sigmoid", "tanh"]))
    if kind is L.GRU:
        options["reset_after"] = draw(st.booleans())
    if kind is L.LSTM:
        options["unit_forget_bias"] = draw(st.booleans())
    if draw(st.booleans()):
        return kind(draw(st.integers(1, 6)), **options)
    options["go_backwards"] = False
    mode = draw(st.sampled_from(["concat", "sum", "ave", "mul"]))
    return L.Bidirectional(kind(draw(st.integers(1, 6)), **options), merge_mode=mode, dtype=dtype)


@st.composite
def models(draw):
    """Draw a model with weights, and inputs for it."""
    dtype = draw(st.sampled_from(["float32", "float64"]))
    of = {"dtype": dtype}
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    time = draw(st.sampled_from([None, 5]))
    first = draw(st.sampled_from(["numbers", "masking", "tokens", "mask_zero"]))
    if first in ("tokens", "mask_zero"):
        x = rng.integers(0, 7, (4, 5))
        row = [L.Embedding(7, FEATURES, mask_zero=first == "mask_zero", **of)]
        start = Input((time,), dtype="int32")
    else:
        x = rng.normal(size=(4, 5, FEATURES)) * (rng.random((4, 5, 1)) > 0.3)
        row = [L.Masking(0.0, **of)] if first == "masking" else []
        start = Input((time, FEATURES), dtype=dtype)
    for _ in range(draw(st.integers(0, 2))):
        row.append(
            draw(
                st.one_of(
                    recurrent(dtype, True),
                    st.just(L.TimeDistributed(L.Dense(4, "relu", **of), **of)),
                    st.just(L.LayerNormalization(**of)),
                    st.just(L.Dropout(0.2, **of)),
                )
            )
        )
    row += [draw(recurrent(dtype, False)), L.Dense(2, draw(st.sampled_from([None, "tanh"])), **of)]
    if draw(st.booleans()):
        model = Sequential([start, *row])
    else:
        tensor = start
        for layer in row:
            tensor = layer(tensor)
        model = Model(start, L.Concatenate(**of)([tensor, L.Activation("elu", **of)(tensor)]))
    model.set_weights([0.4 * rng.normal(size=weight.shape) for weight in model.get_weights()])
    return model, x if x.dtype.kind == "i" else x.astype(dtype)


def difference(found, expected):
    found, expected = np.asarray(found), np.asarray(expected)
    assert found.shape == expected.shape
    return np.abs(found - expected).max() / max(np.abs(expected).max(), 1e-6)


QUICK = settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@QUICK
@given(models(), st.sampled_from([".keras", ".h5"]))
def test_drawn_models_come_back_to_the_bit(tmp_path, drawn, ending):
    model, x = drawn
    path = tmp_path / f"model{ending}"
    model.save(path)
    again = load_model(path)
    for one, other in zip(model.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
        assert one.dtype == other.dtype
    np.testing.assert_array_equal(again.predict(x, verbose=0), model.predict(x, verbose=0))
    assert again.count_params() == model.count_params()
    assert again.get_config() == model.get_config()
    assert [layer.trainable for layer in again.layers] == [
        layer.trainable for layer in model.layers
    ]


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@settings(QUICK, max_examples=12)
@given(models(), st.sampled_from([".keras", ".h5"]))
def test_keras_agrees_with_drawn_models(tmp_path, drawn, ending):
    keras = require_keras()
    model, x = drawn
    path = str(tmp_path / f"model{ending}")
    model.save(path)
    loaded = keras.models.load_model(path, compile=False)
    expected = model.predict(x, verbose=0)
    # JAX computes in float32 unless it is told otherwise.
    found = loaded.predict(x, verbose=0)
    assert difference(found, expected) <= FILES[np.dtype(np.float32)]
