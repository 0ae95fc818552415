"""Weights go from a layer of Keras into the same layer here and back, and the answers agree.

Which array stands where, and which gate in which columns, is Keras's.  The weights of a case are
made by a formula from the shapes that Keras has, in its order; answers and gradients are Keras's.
"""

import numpy as np
import pytest

from fastrnn import initializers, layers
from fastrnn.models import Model
from tests import recorded
from tests.compare import assert_close
from tests.keras_oracle import double_precision, gradients, require_keras
from tests.tolerances import RECORDED

FILE = "keras_weights"
DTYPE = "float64"
TOLERANCE = RECORDED[np.dtype(DTYPE)]


def _sequence(make):
    """Return a function that builds a model of one layer on a sequence."""

    def build(k, model):
        x = k.Input((5, 3), dtype=DTYPE)
        return model(x, make(k)(x))

    return build


def _tokens(k, model):
    x = k.Input((5,), dtype="int32")
    embedded = k.Embedding(7, 3, dtype=DTYPE)(x)
    return model(x, k.GRU(2, reset_after=False)(embedded))


def _encoder_decoder(k, model):
    """The decoder's own stack is longer than the encoder's, so Keras lists it first."""
    x, begin = k.Input((5, 3), dtype=DTYPE), k.Input((5, 3), dtype=DTYPE)
    _, state = k.GRU(2, return_state=True, reset_after=True)(x)
    before = k.Dense(4, activation="tanh")(begin)
    before = k.LSTM(3, return_sequences=True)(before)
    decoded = k.GRU(2, return_sequences=True, reset_after=False)(before, initial_state=state)
    return model([x, begin], k.Dense(3)(decoded))


def _branches(k, model):
    """Two answers at different depths, whose layers were called in neither order."""
    x = k.Input((5, 3), dtype=DTYPE)
    early = k.Dense(2)(x)
    states = k.SimpleRNN(3, return_sequences=True)(x)
    late = k.Dense(2)(k.GRU(4, reset_after=True)(states))
    return model(x, [early, late])


def _shared_input_at_two_depths(k, model):
    x = k.Input((5, 3), dtype=DTYPE)
    one = k.Dense(3)(x)
    two = k.Bidirectional(k.LSTM(2, return_sequences=True))(one)
    three = k.Dense(3)(two)
    return model(x, [k.Dense(1)(one), three, k.GRU(2, reset_after=False)(two)])


def _a_model_inside(k, model):
    inside = k.Input((5, 3), dtype=DTYPE)
    states = k.GRU(4, reset_after=True, return_sequences=True)(inside)
    inner = model(inside, k.Dense(3)(states))
    x = k.Input((5, 3), dtype=DTYPE)
    return model(x, k.Dense(1)(k.LSTM(2)(inner(k.Dense(3)(x)))))


def _a_layer_twice(k, model):
    """Its deeper call decides where it stands."""
    x, other = k.Input((5, 3), dtype=DTYPE), k.Input((5, 3), dtype=DTYPE)
    states, before = k.GRU(2, reset_after=True), k.Dense(3)
    both = k.Concatenate()([states(x), states(before(other))])
    return model([x, other], k.Dense(1)(both))


def _steps_of_sequences(k, model):
    x = k.Input((5, 3, 1), dtype=DTYPE)
    return model(x, k.Dense(2)(k.TimeDistributed(k.GRU(2, reset_after=False))(x)))


CASES = {
    "SimpleRNN": _sequence(lambda k: k.SimpleRNN(4)),
    "GRU, reset before": _sequence(lambda k: k.GRU(4, reset_after=False)),
    "GRU, reset after": _sequence(lambda k: k.GRU(4, reset_after=True)),
    "GRU without bias": _sequence(
        lambda k: k.GRU(4, reset_after=True, use_bias=False, return_sequences=True)
    ),
    "LSTM": _sequence(lambda k: k.LSTM(4, return_sequences=True)),
    "GRU backwards": _sequence(lambda k: k.GRU(4, reset_after=False, go_backwards=True)),
    "Bidirectional SimpleRNN": _sequence(
        lambda k: k.Bidirectional(k.SimpleRNN(2), merge_mode="sum")
    ),
    "Bidirectional GRU, reset before": _sequence(
        lambda k: k.Bidirectional(k.GRU(2, reset_after=False, return_sequences=True), dtype=DTYPE)
    ),
    "Bidirectional GRU, reset after": _sequence(
        lambda k: k.Bidirectional(
            k.GRU(2, reset_after=True, return_sequences=True),
            merge_mode="mul",
            dtype=DTYPE,
        )
    ),
    "Bidirectional LSTM": _sequence(lambda k: k.Bidirectional(k.LSTM(2), merge_mode="ave")),
    "Bidirectional of two layers": _sequence(
        lambda k: k.Bidirectional(
            k.GRU(2, reset_after=True),
            backward_layer=k.GRU(3, reset_after=True, go_backwards=True),
            dtype=DTYPE,
        )
    ),
    "TimeDistributed": _sequence(lambda k: k.TimeDistributed(k.Dense(2, activation="tanh"))),
    "Embedding": _tokens,
    "encoder and decoder": _encoder_decoder,
    "branches": _branches,
    "two depths": _shared_input_at_two_depths,
    "a model inside": _a_model_inside,
    "a layer twice": _a_layer_twice,
    "steps of sequences": _steps_of_sequences,
}


def numbers(shape, phase):
    """Return numbers of both signs, below one, that no two places share."""
    return 0.9 * np.sin(phase + 1.7 * np.arange(np.prod(shape, dtype=int)).reshape(shape))


def data_of(case, model):
    """Return what a model is given."""
    if case == "Embedding":
        return np.array([[1, 0, 6, 2, 2], [3, 3, 5, 4, 1]])
    if case == "steps of sequences":
        return numbers((2, 5, 3, 1), 0.3)
    made = [numbers((2, 5, 3), phase) for phase in (0.3, 0.8)]
    return made if len(model.inputs) == 2 else made[0]


def squares(y, answers):
    """Return the sum of the mean squared errors of all answers."""
    answers = answers if isinstance(answers, (list, tuple)) else [answers]
    return sum(((one - two) ** 2).mean() for one, two in zip(y, answers, strict=True))


def targets_of(answers):
    answers = answers if isinstance(answers, list) else [answers]
    return [numbers(answer.shape, 2.0 + index) for index, answer in enumerate(answers)]


def described(model, x, differentiate):
    """Return what is recorded of a model: shapes of the weights, answers, loss, gradients."""
    shapes = [weight.shape for weight in model.get_weights()]
    model.set_weights([numbers(shape, index) for index, shape in enumerate(shapes)])
    answers = model.predict(x, verbose=0)
    loss, found = differentiate(model, x, targets_of(answers))
    return {"shapes": shapes, "answers": answers, "loss": loss, "gradients": found}


def ours_of(model, x, y):
    model.compile("sgd", ["mse"] * len(y))
    y = y if len(y) > 1 else y[0]
    loss = model.evaluate(x, y, verbose=0)
    return (loss[0] if isinstance(loss, list) else loss), model.compute_gradients(x, y)


@pytest.mark.parametrize("case", CASES)
def test_weights_and_gradients_are_as_keras_has_them(case):
    model = CASES[case](layers, Model)
    found = described(model, data_of(case, model), ours_of)
    recorded.assert_alike(found, recorded.load(FILE, case), TOLERANCE)


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES)
def test_keras_says_so_itself(case):
    keras = require_keras()
    with double_precision():
        model = CASES[case](keras.layers, keras.Model)
        x = data_of(case, model)
        found = described(model, x, lambda *given: gradients(*given, squares))
        recorded.check(FILE, case, found, TOLERANCE)


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES)
def test_there_and_back(case):
    """Weights that Keras drew itself; here they come back to the bit."""
    keras = require_keras()
    keras.utils.set_random_seed(3)
    with double_precision():
        theirs = CASES[case](keras.layers, keras.Model)
        ours = CASES[case](layers, Model)
        ours.set_weights(theirs.get_weights())
        for one, two in zip(ours.get_weights(), theirs.get_weights(), strict=True):
            np.testing.assert_array_equal(one, two)
        x = data_of(case, ours)
        assert_close(ours.predict(x), theirs.predict(x, verbose=0), RECORDED)
        pairs = [
            (one, two)
            for one, two in zip(ours.layers, theirs.layers, strict=True)
            if one.get_weights()
        ]
        for one, two in pairs:
            two.set_weights([weight * 0.5 for weight in one.get_weights()])
            one.set_weights(two.get_weights())
        assert_close(ours.predict(x), theirs.predict(x, verbose=0), RECORDED)


@pytest.mark.parametrize("reset_after", [False, True])
def test_a_step_by_hand_goes_into_set_weights(reset_after):
    """Gradients have the order of the weights, and `fit` does what is done by hand."""
    x = layers.Input((5, 3), dtype=DTYPE)
    gru = layers.GRU(4, reset_after=reset_after)
    model = Model(x, gru(x))
    model.compile("sgd", "mse")
    data, y = numbers((2, 5, 3), 0.3), numbers((2, 4), 2.0)
    gradients = model.compute_gradients(data, y)
    stepped = [w - 0.01 * g for w, g in zip(model.get_weights(), gradients, strict=True)]
    model.train_on_batch(data, y)
    for one, two in zip(model.get_weights(), stepped, strict=True):
        np.testing.assert_allclose(one, two, rtol=1e-12)


def test_set_weights_copies_and_takes_views_of_each_other():
    layer = layers.GRU(2, use_bias=False)
    layer(layers.Input((5, 2)))
    both = np.arange(24.0).reshape(2, 12)
    layer.set_weights([both[:, :6], both[:, 6:]])
    # The kernel that is in use, given as the other weight.
    layer.set_weights([layer.parameter("recurrent_kernel").value, layer.parameter("kernel").value])
    both[:] = 0
    z_r_h = [np.arange(6.0) + start for start in (0, 12)]
    swapped = [np.concatenate([row[2:4], row[:2], row[4:]]) for row in z_r_h]
    np.testing.assert_array_equal(layer.get_weights()[1], swapped)


def test_an_initializer_of_ones_own_has_keras_s_gates():
    class Update(initializers.Initializer):
        """Ones for the update gate, which Keras has first."""

        def draw(self, shape, rng):
            values = np.zeros(shape)
            values[..., : shape[-1] // 3] = 1
            return values

    layer = layers.GRU(3, bias_initializer=Update(), kernel_initializer="ones")
    layer(layers.Input((5, 2)))
    np.testing.assert_array_equal(layer.get_weights()[2], np.repeat([1, 0, 0], 3))
    # Inside, the update gate stands second.
    np.testing.assert_array_equal(layer.parameter("bias").value, np.repeat([0, 1, 0], 3))
