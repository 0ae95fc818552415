"""``fastrnn cipher plot``."""

import sys

import pytest

PLOT = ("cipher", "plot", "--model")


def test_a_picture(fastrnn, trained, tmp_path):
    pytest.importorskip("matplotlib")
    picture = tmp_path / "picture.png"
    code, out, err = fastrnn(*PLOT, trained, "--out", picture)
    assert (code, err) == (0, "")
    assert out == f"{picture}: drawn from history.csv and 60 sentences, held out by the run\n"
    assert picture.read_bytes().startswith(b"\x89PNG")
    # That of the history alone has half the panels.
    assert len(picture.read_bytes()) > (trained / "history.png").stat().st_size


def test_what_is_drawn(trained, monkeypatch):
    pytest.importorskip("matplotlib")
    from matplotlib.figure import Figure

    from fastrnn.cipher import Decipherer, RunDirectory, evaluate
    from fastrnn.cipher.evaluation import held_out_of
    from fastrnn.cipher.plot import plot

    drawn = []
    monkeypatch.setattr(Figure, "savefig", lambda figure, *_, **__: drawn.append(figure))
    directory = RunDirectory(trained)
    found = evaluate(Decipherer.load(directory), held_out_of(directory))
    epochs = directory.read_history()
    plot(epochs, found)
    loss, accuracy, position, confusion, _ = drawn[0].axes
    for axes, name in ((loss, "loss"), (accuracy, "accuracy")):
        training, held_out = (line.get_ydata() for line in axes.get_lines())
        assert list(training) == [getattr(epoch, name) for epoch in epochs]
        assert list(held_out) == [getattr(epoch, f"val_{name}") for epoch in epochs]
    places, shares = position.get_lines()[0].get_data()
    counted = found.counted[: len(places)]
    assert places[0] == 1
    assert (shares * counted).sum() == pytest.approx(found.total_right)
    shown = confusion.images[0].get_array() ** 2
    names = [label.get_text() for label in confusion.get_xticklabels()]
    e, row = names.index("e"), found.confusion[found.characters.index("e")]
    assert shown[e, e] == pytest.approx(row[found.characters.index("e")] / row.sum())


def test_without_matplotlib_a_line_says_what_to_install(refused, trained, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    assert "pip install 'fastrnn[plot]'" in refused(*PLOT, trained)
    assert not (trained / "plot.png").exists()


def test_a_place_that_cannot_be_written(refused, trained, tmp_path):
    pytest.importorskip("matplotlib")
    assert "nothing" in refused(*PLOT, trained, "--out", tmp_path / "nothing" / "p.png")
