"""``fastrnn cipher plot``."""

import sys

import numpy as np
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
    plot(epochs, found, title="gru, $5")
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
    assert all(axes.get_title() for axes in (loss, accuracy, position, confusion))
    assert all(tick == int(tick) for tick in loss.get_xticks())
    counts = {text.get_position(): text.get_text() for text in confusion.texts}
    assert len(counts) == np.count_nonzero(found.confusion)
    assert counts[e, e] == str(row[found.characters.index("e")])
    assert drawn[0].get_suptitle() == "gru, \\$5"


@pytest.fixture(scope="module")
def keyed(tmp_path_factory):
    """Return a short run with random keys."""
    from fastrnn.cipher import RunDirectory, Settings, Training
    from fastrnn.cipher.lesson import Lesson

    told = {"key": "random", "text": "random", "text_length": 7, "key_length": 3}
    small = {"sentences": 400, "units": 80, "epochs": 1, "validation_split": 0.2}
    directory = RunDirectory.fresh(tmp_path_factory.mktemp("keyed") / "run")
    Training.start(Lesson.prepare(Settings(cipher="vigenere", **told, **small)), directory).run()
    return directory.path


def test_what_is_drawn_of_random_keys(fastrnn, keyed, tmp_path, monkeypatch):
    pytest.importorskip("matplotlib")
    from matplotlib.figure import Figure

    from fastrnn.cipher import Decipherer, RunDirectory, evaluate
    from fastrnn.cipher.evaluation import held_out_of
    from fastrnn.cipher.memory import example_of, remembered

    drawn, save = [], Figure.savefig
    monkeypatch.setattr(
        Figure, "savefig", lambda figure, *a, **b: drawn.append(figure) or save(figure, *a, **b)
    )
    assert fastrnn(*PLOT, keyed, "--out", tmp_path / "p.svg").code == 0
    by_title = {axes.get_title(): axes for axes in drawn[0].axes if axes.get_title()}
    assert len(by_title) == 7
    assert all(axes.get_xlabel() and axes.get_ylabel() for axes in by_title.values())
    decipherer = Decipherer.load(RunDirectory(keyed))
    corpus = held_out_of(RunDirectory(keyed))
    found = evaluate(decipherer, corpus)
    apart = found.by_key_length
    position = next(
        axes for title, axes in by_title.items() if "are right" in title and "%" in title
    )
    *several, whole = position.get_lines()
    assert [line.get_label() for line in several] == ["1 letter", "2 letters", "3 letters"]
    for line, right, counted in zip(several, apart.right, apart.counted, strict=True):
        np.testing.assert_allclose(line.get_ydata(), right / counted)
    np.testing.assert_allclose(whole.get_ydata(), found.right / found.counted)
    bars = by_title["accuracy by letters of the key"].patches
    shares = [bar.get_height() for bar in bars]
    np.testing.assert_allclose(shares, apart.right.sum(axis=1) / apart.counted.sum(axis=1))
    memory = remembered(decipherer, *example_of(decipherer, corpus))
    states = by_title["state of the network after every step"]
    shown = states.images[0].get_array().data
    assert shown.shape == (64, 10)
    most = np.sort(memory.states.std(axis=0))[-64:]
    np.testing.assert_allclose(np.sort(shown.std(axis=1)), most, rtol=1e-5)
    assert [tick.get_text() for tick in states.get_xticklabels()] == list(memory.given)
    assert states.get_lines()[0].get_xdata() == [2.5, 2.5]  # where the key ends
    kept = next(axes for title, axes in by_title.items() if "kept of the key" in title)
    np.testing.assert_array_equal(kept.images[0].get_array().data, memory.kept)
    assert [tick.get_text() for tick in kept.get_yticklabels()] == [
        f"{place}: {memory.given[place - 1]}" for place in (1, 2, 3)
    ]


def test_states_of_a_run_with_one_key(fastrnn, trained, tmp_path, monkeypatch):
    pytest.importorskip("matplotlib")
    from matplotlib.figure import Figure

    drawn, save = [], Figure.savefig
    monkeypatch.setattr(
        Figure, "savefig", lambda figure, *a, **b: drawn.append(figure) or save(figure, *a, **b)
    )
    assert fastrnn(*PLOT, trained, "--out", tmp_path / "p.pdf").code == 0
    titles = [axes.get_title() for axes in drawn[0].axes if axes.get_title()]
    assert len(titles) == 5
    assert titles[-1] == "state of the network after every step"


@pytest.mark.parametrize(
    ("count", "shown"),
    [(0, "0"), (999, "999"), (1_049, "1.0k"), (34_567, "35k"), (2_500_000, "2.5M")],
)
def test_counts_are_short(count, shown):
    from fastrnn.cipher.plot import _short

    assert _short(count) == shown


def test_a_run_that_is_not_there(refused, tmp_path):
    pytest.importorskip("matplotlib")
    assert "no training run is there" in refused(*PLOT, tmp_path / "nowhere")


def test_without_matplotlib_a_line_says_what_to_install(refused, trained, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    assert "pip install 'fastrnn[plot]'" in refused(*PLOT, trained)
    assert not (trained / "plot.png").exists()


@pytest.mark.parametrize(
    ("name", "begin"),
    [("p.pdf", b"%PDF"), ("p.SVG", b"<?xml"), ("p", b"\x89PNG"), ("p.jpg", b"\xff\xd8")],
)
def test_the_ending_says_the_format(fastrnn, trained, tmp_path, name, begin):
    pytest.importorskip("matplotlib")
    assert fastrnn(*PLOT, trained, "--out", tmp_path / name).code == 0
    assert (tmp_path / name).read_bytes().startswith(begin)


def test_an_ending_of_no_format(misused, trained, tmp_path):
    pytest.importorskip("matplotlib")
    err = misused(*map(str, (*PLOT, trained, "--out", tmp_path / "p.xlsx")))
    assert "p.xlsx, but its ending should be one of .png, .pdf," in err


def test_a_place_that_cannot_be_written(refused, trained, tmp_path, monkeypatch):
    pytest.importorskip("matplotlib")
    from fastrnn.cipher import decoding

    # Said before anything is evaluated.
    monkeypatch.setattr(decoding, "load_model", None)
    err = refused(*PLOT, trained, "--out", tmp_path / "nothing" / "p.png")
    assert f"{tmp_path / 'nothing'}: no such directory; make it" in err
    assert "tmp" not in err.replace(str(tmp_path), "")
    assert "folder" in refused(*PLOT, trained, "--out", tmp_path)


def test_characters_that_matplotlib_reads_as_orders(fastrnn, tmp_path):
    pytest.importorskip("matplotlib")
    plain = tmp_path / "plain.txt"
    plain.write_text("A $B_ ^ \\ \t{ é $\n" * 40, encoding="utf-8")
    words = (
        "--plaintext",
        plain,
        "--epochs",
        1,
        "--units",
        3,
        "--quiet",
        "--out",
        tmp_path / "run",
    )
    assert fastrnn("cipher", "train", *words).code == 0
    assert fastrnn(*PLOT, tmp_path / "run").code == 0
