"""Targets and outputs of different shapes: the numbers of Keras 3, on JAX in float32."""

import numpy as np
import pytest

from fastrnn import losses
from fastrnn.layers import GRU, Dense, Input
from fastrnn.models import Sequential
from fastrnn.optimizers import SGD

#: By loss, features of the output and features of the targets: the loss of three epochs.
KERAS = {
    ("mse", 1, 3): [0.12069206684827805, 0.12030395865440369, 0.11991726607084274],
    ("mse", 3, 1): [0.11256933212280273, 0.11243399232625961, 0.1122991144657135],
    ("mae", 1, 3): [0.2611966133117676, 0.2607485055923462, 0.26029863953590393],
    ("mae", 3, 1): [0.2451329231262207, 0.2442120760679245, 0.2432887852191925],
    ("mape", 1, 3): [128.97254943847656, 73.39678192138672, 87.0052490234375],
    ("mape", 3, 1): [127.34862518310547, 79.89942932128906, 45.159603118896484],
    ("msle", 1, 3): [0.055402033030986786, 0.05534357577562332, 0.05528515949845314],
    ("msle", 3, 1): [0.0522807277739048, 0.05225564166903496, 0.05223061889410019],
    ("huber", 1, 3): [0.06034603342413902, 0.0602489672601223, 0.06015206128358841],
    ("huber", 3, 1): [0.05628466606140137, 0.05625082179903984, 0.05621702969074249],
    ("log_cosh", 1, 3): [0.057163313031196594, 0.05708625167608261, 0.05700930953025818],
    ("log_cosh", 3, 1): [0.053332459181547165, 0.05330413952469826, 0.05327582359313965],
    ("poisson", 1, 3): [0.8942519426345825, 0.8939963579177856, 0.8937439918518066],
    ("poisson", 3, 1): [0.8872678279876709, 0.8871161937713623, 0.8869661092758179],
    ("kl_divergence", 1, 3): [0.11736190319061279, 0.07313898205757141, 0.03197413682937622],
    ("kl_divergence", 3, 1): [0.29360681772232056, 0.27308303117752075, 0.2530779540538788],
    ("hinge", 1, 3): [0.6796402335166931, 0.6784531474113464, 0.6772675514221191],
    ("hinge", 3, 1): [0.7260691523551941, 0.7256014347076416, 0.7251335382461548],
    ("squared_hinge", 1, 3): [0.5088440179824829, 0.5069137811660767, 0.5049921274185181],
    ("squared_hinge", 3, 1): [0.5615772008895874, 0.5606889724731445, 0.5598020553588867],
}


def numbers(shape, phase):
    return np.sin(phase + 1.7 * np.arange(np.prod(shape, dtype=int)).reshape(shape))


def model_of(outputs, loss, metrics=None):
    model = Sequential([Input((2,)), Dense(outputs, "sigmoid")])
    model.set_weights([numbers(w.shape, 0.5) for w in model.get_weights()])
    model.compile(SGD(0.1), loss, metrics=metrics)
    return model


X = numbers((4, 2), 0.3)


@pytest.mark.parametrize("case", KERAS, ids=str)
def test_three_steps(case):
    loss, outputs, features = case
    y = 0.5 + 0.4 * numbers((4, features), 1.1)
    model = model_of(outputs, loss)
    with pytest.warns(UserWarning, match="NumPy's broadcasting puts beside it, as in Keras"):
        found = model.fit(X, y, batch_size=4, epochs=3, verbose=0, shuffle=False).history["loss"]
    np.testing.assert_allclose(found, KERAS[case], rtol=3e-6)


def test_batches_of_several_sizes_masks_metrics_and_plain_targets_after_it():
    x = np.random.default_rng(0).random((5, 4, 2))
    y = np.random.default_rng(1).random((5, 4, 3))
    model = Sequential([Input((4, 2)), GRU(3, return_sequences=True), Dense(1)])
    model.compile("sgd", "mse", metrics=["mae"])
    with pytest.warns(UserWarning, match=r"y has shape \(5, 4, 3\), and the output \(5, 4, 1\)"):
        found = model.evaluate(x, y, batch_size=2, verbose=0)
    output = model.predict(x)
    np.testing.assert_allclose(
        found, [np.square(output - y).mean(), np.abs(output - y).mean()], rtol=1e-5
    )
    plain = model.evaluate(x, y[..., :1], batch_size=2, verbose=0)
    np.testing.assert_allclose(plain[0], np.square(output - y[..., :1]).mean(), rtol=1e-5)


def test_on_arrays():
    with pytest.warns(UserWarning, match="broadcasting"):
        found = losses.mean_squared_error(np.ones((2, 3)), np.zeros((2, 1)))
    np.testing.assert_array_equal(found, [1, 1])


@pytest.mark.parametrize("loss", ["binary_crossentropy", "categorical_crossentropy"])
def test_what_keras_refuses_is_refused(loss):
    with pytest.raises(ValueError, match=r"y has shape \(4, 1\); it should be \(4, 3\)"):
        model_of(3, loss).fit(X, np.ones((4, 1)), verbose=0)


def test_what_numpy_does_not_broadcast_is_refused():
    for shape in ((4, 2), (4, 3, 3), (4, 5)):
        with pytest.raises(ValueError, match=r"it should be \(4, 3\)"):
            model_of(3, "mse").fit(X, np.ones(shape), verbose=0)
    # As in Keras: the axes are those at the end, and the batch is none of them.
    steps = Sequential([Input((5, 2)), Dense(3)])
    steps.compile("sgd", "mse")
    for shape in ((4,), (4, 1), (4, 5)):
        with pytest.raises(ValueError, match=r"it should be \(4, 5, 3\)"):
            steps.fit(np.ones((4, 5, 2)), np.ones(shape), verbose=0)
    with pytest.raises(ValueError, match=r"it should be \(4, 1\)"):
        model_of(1, "cosine_similarity").fit(X, np.ones((4, 3)), verbose=0)
