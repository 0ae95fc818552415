"""The long trainings of bench/random_keys.py, at a small size."""

import json

import numpy as np
import pytest

pytest.importorskip("bench.random_keys")

from bench.random_keys import arguments_of, main, settings_of

OPTIONS = {"steps": 4, "every": 2, "held-out": 50, "units": 8, "batch-size": 16, "text-length": 5}
SMALL = [word for name, value in OPTIONS.items() for word in (f"--{name}", str(value))]


@pytest.mark.parametrize("every", [3, 7, 750])
def test_epochs_have_the_steps_that_are_asked_for(every):
    words = ["--out", "f", "--every", str(every), "--steps", str(4 * every), "--held-out", "401"]
    settings = settings_of(arguments_of([*words, "--cipher", "autokey", "--seed", "3"]))
    assert settings.drawn_samples == (every * 128, 401)
    assert (settings.epochs, settings.cipher, settings.seed) == (4, "autokey", 3)
    assert (settings.cell, settings.units, settings.forget_bias) == ("lstm", 256, 3)


def test_what_it_writes(tmp_path, capsys):
    out = tmp_path / "f.json"
    main([*SMALL, "--out", str(out), "--peer", "none", "--run", str(tmp_path / "run")])
    found = json.loads(out.read_text())
    assert [point["step"] for point in found["fastrnn"]["points"]] == [2, 4]
    assert found["machine"]["cores"]
    # The command that it prints makes the same run, and its figures can be read from there.
    command = capsys.readouterr().out.splitlines()[-1]
    assert command == found["command"]
    again = tmp_path / "again.json"
    main(["--of-run", str(tmp_path / "run"), "--out", str(again)])
    read = json.loads(again.read_text())
    assert read["settings"] == found["settings"]
    for one, other in zip(found["fastrnn"]["points"], read["fastrnn"]["points"], strict=True):
        assert {**one, "processor seconds": None} == other


def test_the_twin_in_pytorch_learns_the_same(tmp_path):
    pytest.importorskip("torch", exc_type=ImportError)
    out = tmp_path / "f.json"
    main([*SMALL, "--out", str(out), "--peer", "torch", "--learning-rate", "0.02"])
    found = json.loads(out.read_text())
    losses = [[point["loss"] for point in found[name]["points"]] for name in ("fastrnn", "torch")]
    assert len(losses[0]) == 2
    assert losses[0][0] != losses[0][1]
    np.testing.assert_allclose(losses[0], losses[1], rtol=1e-3)
