"""plot_model draws every layer, with Graphviz and with Matplotlib."""

import pytest

from fastrnn.layers import GRU, Concatenate, Dense, Input
from fastrnn.models import Model
from fastrnn.utils import model_to_dot, plot_model, plotting

BEGINNINGS = {"png": b"\x89PNG", "svg": b"<?xml", "pdf": b"%PDF"}


def two_heads():
    x = Input((5, 2), name="x")
    states = GRU(3, name="a")(x)
    return Model(x, [Dense(1, name="one")(states), Dense(2, name="two")(states)])


@pytest.mark.parametrize("ending", BEGINNINGS)
@pytest.mark.parametrize("rankdir", ["TB", "LR"])
def test_matplotlib_draws_it(tmp_path, monkeypatch, ending, rankdir):
    pytest.importorskip("matplotlib")
    monkeypatch.setattr(plotting.shutil, "which", lambda name: None)
    path = tmp_path / f"model.{ending}"
    plot_model(two_heads(), path, show_shapes=True, show_layer_names=True, rankdir=rankdir)
    assert path.read_bytes().startswith(BEGINNINGS[ending])


def test_a_notebook_shows_it(tmp_path, monkeypatch):
    pytest.importorskip("matplotlib")
    monkeypatch.setattr(plotting.shutil, "which", lambda name: None)
    drawing = model_to_dot(two_heads(), show_shapes=True, expand_nested=True)
    for ending, beginning in BEGINNINGS.items():
        made = drawing.create(prog="dot", format=ending)
        assert made.startswith(beginning)
        assert drawing.create_png().startswith(BEGINNINGS["png"])
        drawing.write(tmp_path / f"model.{ending}", prog="dot")
        assert (tmp_path / f"model.{ending}").read_bytes().startswith(beginning)
    drawing.write_svg(tmp_path / "model")
    assert (tmp_path / "model").read_bytes().startswith(BEGINNINGS["svg"])
    assert "</svg>" in drawing._repr_svg_()
    assert "two\\nDense\\noutput (None, 2)" in drawing.to_string()
    with pytest.raises(ValueError, match="format is 'jpg'; it should"):
        drawing.write(tmp_path / "model", format="jpg")


def test_what_is_asked_for_is_drawn():
    inside = two_heads()
    inside.layers[1].trainable = False
    x = Input((5, 2), name="outer")
    one, two = inside(x)
    model = Model(x, Dense(1, "relu", name="last")(Concatenate()([two, one])))
    shown = model_to_dot(model).to_string()
    assert '1 [label="' in shown
    assert "GRU" not in shown
    assert shown.count("->") == 4
    drawn = model_to_dot(
        model, expand_nested=True, show_trainable=True, show_layer_activations=True
    ).to_string()
    boxes = [line.split('"')[1].split("\\n") for line in drawn.splitlines() if "label=" in line]
    assert boxes == [
        ["outer", "InputLayer", "trainable"],
        ["a", "GRU", "activation tanh", "not trainable"],
        ["one", "Dense", "activation linear", "trainable"],
        ["two", "Dense", "activation linear", "trainable"],
        [model.layers[-2].name, "Concatenate", "trainable"],
        ["last", "Dense", "activation relu", "trainable"],
    ]
    arrows = [line for line in drawn.splitlines() if "->" in line]
    assert arrows == ["0 -> 1", "1 -> 2", "1 -> 3", "3 -> 4", "2 -> 4", "4 -> 5"]


def test_graphviz_is_told_every_layer_and_every_arrow(tmp_path, monkeypatch):
    told = {}
    monkeypatch.setattr(plotting.shutil, "which", lambda name: f"/bin/{name}")
    monkeypatch.setattr(
        plotting.subprocess, "run", lambda command, **options: told.update(options, command=command)
    )
    plot_model(two_heads(), tmp_path / "model.svg", show_shapes=True, show_layer_names=True)
    assert told["command"][:2] == ["/bin/dot", "-Tsvg"]
    for line in ("0 -> 1", "1 -> 2", "1 -> 3", "two\\nDense\\noutput (None, 2)"):
        assert line in told["input"]


@pytest.mark.parametrize(
    ("options", "words"),
    [({"to_file": "model.txt"}, "to_file"), ({"rankdir": "up"}, "rankdir")],
)
def test_unknown_options_are_named(options, words):
    with pytest.raises(ValueError, match=words):
        plot_model(two_heads(), **options)
