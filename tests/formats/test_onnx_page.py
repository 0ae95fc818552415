"""docs/onnx.md: its blocks run, one after the other, in one folder."""

import re
import warnings
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("onnx")

PAGE = Path(__file__).parents[2] / "docs" / "onnx.md"
if not PAGE.is_file():
    pytest.skip("the pages are not beside the tests", allow_module_level=True)


def test_the_blocks_of_the_page_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert len(blocks) == 4
    names = {}
    for block in blocks:
        exec(compile(block, str(PAGE), "exec"), names)
    assert {"net.onnx", "steps.onnx", "net.safetensors"} <= {one.name for one in tmp_path.iterdir()}


def test_what_the_page_says_of_float64(tmp_path):
    """It names ONNX Runtime's recurrent operators among those that lack it."""
    pytest.importorskip("onnxruntime")
    from fastrnn.layers import GRU, LSTM, Input
    from fastrnn.models import Sequential

    for layer in (GRU(2), LSTM(2)):
        model = Sequential([Input((None, 1), dtype="float64"), layer])
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            model.export(tmp_path / "net.onnx")
        # a later one may have learned it
        assert all("cannot run it" in str(each.message) for each in caught)
        assert model.predict(np.zeros((1, 2, 1))).dtype == np.float64
