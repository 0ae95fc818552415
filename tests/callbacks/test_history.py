"""What ``fit`` returns: a record that shows itself, as a line, a table and a picture."""

import pickle
import sys

import numpy as np
import pytest

from fastrnn.callbacks import History
from fastrnn.layers import Dense, Input
from fastrnn.models import Sequential


@pytest.fixture
def trained():
    """Return the history of three epochs, of which the second was validated."""
    model = Sequential([Input((3,)), Dense(1, "sigmoid")])
    model.compile("sgd", "binary_crossentropy", ["accuracy"])
    x = np.random.default_rng(0).random((20, 3))
    y = (x.sum(axis=1, keepdims=True) > 1.5).astype(float)
    return model.fit(x, y, epochs=3, validation_split=0.5, validation_freq=2, verbose=0)


def by_hand():
    history = History()
    history.on_epoch_end(0, {"loss": 0.5, "val_loss": 0.75})
    history.on_epoch_end(1, {"loss": 2.5e-5, "val_loss": 0.5})
    return history


def test_a_line():
    assert repr(by_hand()) == "<History: 2 epochs, the last loss=2.50e-05, val_loss=0.5000>"
    assert repr(History()) == "<History: no epochs>"


def test_a_table():
    assert str(by_hand()).splitlines() == [
        "epoch      loss  val_loss",
        "    1    0.5000    0.7500",
        "    2  2.50e-05    0.5000",
    ]
    assert str(History()) == "epoch"


def test_a_table_of_a_notebook(trained):
    html = trained._repr_html_()
    assert html.count("<tr>") == 4
    assert "<th>val_accuracy</th>" in html
    assert html.count("<td></td>") == 4  # two epochs without validation
    strange = History()
    strange.on_epoch_end(0, {"<b>": 1.0})
    assert "&lt;b&gt;" in strange._repr_html_()


def test_a_copy_knows_as_much(trained):
    assert str(pickle.loads(pickle.dumps(trained))) == str(trained)


def test_a_picture(trained):
    pytest.importorskip("matplotlib").use("agg")
    from matplotlib import pyplot

    axes = trained.plot()
    assert [one.get_ylabel() for one in axes] == ["loss", "accuracy"]
    assert [one.get_title() for one in axes] == ["loss by epoch", "accuracy by epoch"]
    training, held_out = axes[0].get_lines()
    assert list(training.get_xdata()) == [1, 2, 3]
    assert list(training.get_ydata()) == trained.history["loss"]
    assert list(held_out.get_xdata()) == [2]  # validation_freq=2
    assert list(held_out.get_ydata()) == trained.history["val_loss"]
    ticks = axes[0].get_xticks()
    assert all(tick == int(tick) for tick in ticks)
    assert axes[0].figure is pyplot.gcf()
    pyplot.close(axes[0].figure)


def test_a_picture_on_axes_of_ones_own(trained, tmp_path):
    pytest.importorskip("matplotlib")
    from matplotlib.figure import Figure

    own = Figure().subplots()
    (axes,) = trained.plot("loss", axes=own)
    assert axes is own
    own.figure.savefig(tmp_path / "loss.svg")
    assert (tmp_path / "loss.svg").read_text(encoding="utf-8").startswith("<?xml")
    with pytest.raises(
        ValueError, match="axes has 1 entries; it should have 2, for loss, accuracy"
    ):
        trained.plot(axes=own)


def test_what_cannot_be_drawn(trained, monkeypatch):
    pytest.importorskip("matplotlib")
    with pytest.raises(ValueError, match="names has 'acc'; it should be of loss, accuracy"):
        trained.plot(["acc"])
    with pytest.raises(ValueError, match="the history has no epochs"):
        History().plot()
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(ImportError, match=r"pip install 'fastrnn\[plot\]'"):
        trained.plot()


def test_lists_that_the_user_has_changed():
    history = by_hand()
    history.history["mine"] = [7.0]
    assert str(history).splitlines()[2].split() == ["2", "2.50e-05", "7.0000", "0.5000"]
