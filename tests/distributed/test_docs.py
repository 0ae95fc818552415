"""The page on many machines: its program runs on two ranks, and what it points to is there."""

import re
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "distributed.md"
if not PAGE.is_file():
    pytest.skip("the documentation is not beside the tests", allow_module_level=True)

TEXT = PAGE.read_text(encoding="utf-8")
PROGRAM = re.findall(r"^```python\n(.*?)^```$", TEXT, re.DOTALL | re.MULTILINE)[0]


def test_the_program_runs_on_two_ranks(mpiexec, tmp_path):
    program = tmp_path / "program.py"
    program.write_text(PROGRAM)
    code, out, err = mpiexec(2, "-m", "mpi4py", program)
    assert (code, err) == (0, "")
    assert out.count("Epoch 3/3") == 1
    assert (tmp_path / "model.safetensors").is_file()


def test_what_the_page_points_to_is_there():
    targets = re.findall(r"\]\(([^)#]+)\)", TEXT)
    assert any(target.endswith(".png") for target in targets)
    for target in targets:
        assert (PAGE.parent / target).resolve().exists(), target
    headings = {
        re.sub(r"[^\w -]", "", line.lstrip("# ").lower()).replace(" ", "-")
        for line in TEXT.splitlines()
        if line.startswith("#")
    }
    assert set(re.findall(r"\]\(#([^)]+)\)", TEXT)) <= headings
