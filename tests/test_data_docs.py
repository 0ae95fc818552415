"""The examples of the page on data run as they stand, one after the other."""

import re
from pathlib import Path

import numpy as np
import pytest

PAGE = Path(__file__).parents[1] / "docs" / "data.md"
if not PAGE.is_file():
    pytest.skip("the documents are not beside the tests", allow_module_level=True)


def test_the_examples_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    generator = np.random.default_rng(0)
    np.save("x.npy", generator.random((20, 6, 1), np.float32))
    np.save("y.npy", generator.random((20, 1), np.float32))
    examples = re.findall(
        r"^```python\n(.*?)^```$", PAGE.read_text("utf-8"), re.DOTALL | re.MULTILINE
    )
    assert len(examples) == 3
    names = {}
    for example in examples:
        exec(compile(example, str(PAGE), "exec"), names)
