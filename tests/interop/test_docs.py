"""The pages about PyTorch and about audio plug-ins: every example runs, and prints what it says."""

import json
import re
from pathlib import Path

import numpy as np
import pytest

DOCS = Path(__file__).parents[2] / "docs"


def examples(name):
    text = (DOCS / name).read_text(encoding="utf-8")
    return re.findall(r"^```python\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)


def run(name, capsys):
    """Run the examples of a page one after the other, and compare what they print."""
    names, wanted = {}, []
    for example in examples(name):
        exec(compile(example, name, "exec"), names)
        wanted += re.findall(r"^ *print\(.*\)  # (.*)$", example, re.MULTILINE)
    printed = [line for line in capsys.readouterr().out.splitlines() if line in wanted]
    assert printed == wanted
    assert wanted
    return names


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def test_the_page_about_pytorch(capsys):
    pytest.importorskip("torch", exc_type=ImportError)
    run("from-pytorch.md", capsys)


def test_the_page_about_audio_plug_ins(capsys):
    rng = np.random.default_rng(1)
    config = {"input_size": 1, "hidden_size": 3, "num_layers": 1}
    weights = rng.normal(scale=0.5, size=70).tolist()
    content = {"version": "0.5.4", "architecture": "LSTM", "config": config, "weights": weights}
    Path("amp.nam").write_text(json.dumps(content))
    names = run("audio-plug-ins.md", capsys)
    assert {path.name for path in Path().iterdir()} == {
        "amp.nam",
        "amp.json",
        "residual.safetensors",
    }
    assert np.isfinite(names["residual"].predict(names["clean"], verbose=0)).all()
