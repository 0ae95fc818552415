"""What the page about losses, metrics and optimizers makes trains, and comes back from files."""

import numpy as np
import pytest

from fastrnn.layers import Dense, Input
from fastrnn.models import Sequential, load_model
from tests.pages import ROOT, run

PAGE = ROOT / "docs" / "training.md"
if not PAGE.is_file():
    pytest.skip("the docs are not beside the tests", allow_module_level=True)


@pytest.fixture(scope="module")
def names():
    return run(PAGE)[0]


def test_what_the_page_makes_trains_and_comes_back(names, tmp_path):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(400, 3))
    y = x @ np.array([[1.0], [-2.0], [0.5]]) + rng.normal(size=(400, 1))
    layer = names["layer"]
    model = Sequential([Input((3,)), layer, Dense(1)])
    assert (layer.get_weights()[0] == np.float32(0.1)).all()
    model.compile(
        names["SignMomentum"](0.01, momentum=0.5),
        names["Quantile"](0.9),
        [names["MaximumError"](2)],
    )
    before = model.evaluate(x, y, verbose=0)[0]
    model.fit(x, y, epochs=60, verbose=0)
    assert model.evaluate(x, y, verbose=0)[0] < before / 2
    assert 0.8 < (y < model.predict(x)).mean() < 0.97
    model.save(tmp_path / "model")
    own = {**names, "<lambda>": lambda bias: 0.1 * np.sum(np.abs(bias))}
    again = load_model(tmp_path / "model", own)
    for one in (model, again):
        one.fit(x, y, verbose=0, shuffle=False)
    for a, b in zip(model.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_the_gradients_of_the_page(names):
    loss, y, p = names["Quantile"](0.9), np.zeros((4, 1)), np.array([[1.0], [-2.0], [0.5], [-0.1]])
    np.testing.assert_allclose(loss.backward(y, p), [[0.1], [-0.9], [0.1], [-0.9]])
    slopes = [(loss(y, p + d) - loss(y, p - d)) / 2e-6 for d in 1e-6 * np.eye(4)[..., None]]
    np.testing.assert_allclose(4 * np.array(slopes)[:, None], loss.backward(y, p), rtol=1e-6)
