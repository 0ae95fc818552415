"""Bars for loops of one's own."""

import sys

import pytest

from fastrnn.utils import Progbar


def test_values_are_means_over_the_steps_but_for_those_that_have_a_state(capsys):
    bar = Progbar(10, stateful_metrics=["acc"], unit_name="batch")
    bar.update(4, [("loss", 1.0), ("acc", 0.25)])
    bar.add(6, [("loss", 2.0), ("acc", 0.5)])
    assert bar.values == {"loss": 1.6, "acc": 0.5}
    assert capsys.readouterr().out.endswith("s - loss: 1.6000 - acc: 0.5000\n")


def test_one_line_where_there_is_no_terminal(capsys):
    bar = Progbar(3)
    for step in range(4):
        bar.update(step)
    out = capsys.readouterr().out
    assert out.startswith("3/3 - ")
    assert out.count("\n") == 1
    unknown = Progbar(None)
    unknown.update(7)
    assert capsys.readouterr().out == ""
    unknown.update(8, finalize=True)
    assert capsys.readouterr().out.startswith("8/8 - ")
    Progbar(1, verbose=0).update(1)
    assert capsys.readouterr().out == ""


def test_a_bar_on_a_terminal(capsys, monkeypatch):
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    bar = Progbar(2, interval=0)
    bar.update(1, [("loss", 0.5)])
    bar.update(2, [("loss", 0.25)])
    out = capsys.readouterr().out
    assert "loss: 0.5000" in out
    assert out.rstrip().endswith("loss: 0.3750")


@pytest.mark.parametrize("target", [-1, 1.5, "many"])
def test_a_target_is_a_count(target):
    with pytest.raises((TypeError, ValueError), match="target is"):
        Progbar(target)
