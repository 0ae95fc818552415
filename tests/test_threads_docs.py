"""The examples of the page about threads run, one after the other, and print what they say."""

import re
from pathlib import Path

import pytest

import fastrnn

PAGE = Path(__file__).parents[1] / "docs" / "threads.md"
if not PAGE.is_file():
    pytest.skip("the documents are not beside the tests", allow_module_level=True)


def test_the_examples_print_what_they_say(capsys):
    examples = re.findall(
        r"^```python\n(.*?)^```$", PAGE.read_text("utf-8"), re.DOTALL | re.MULTILINE
    )
    wanted = re.findall(r"^print\(.*\)  # (.*)$", "\n".join(examples), re.MULTILINE)
    before, names = fastrnn.get_num_threads(), {}
    try:
        for example in examples:
            exec(compile(example, str(PAGE), "exec"), names)
    finally:
        fastrnn.set_num_threads(before)
    assert capsys.readouterr().out.split() == wanted
    assert len(wanted) == 3
