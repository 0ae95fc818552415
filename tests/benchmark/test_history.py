"""The benchmarks whose history asv keeps: each can be set up and run, and asv finds them."""

import inspect
import itertools
import json
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
if not (ROOT / "bench" / "history").is_dir():
    pytest.skip("the benchmarks are not beside the tests", allow_module_level=True)

from bench.history import benchmarks  # noqa: E402

CLASSES = [
    cls
    for name, cls in inspect.getmembers(benchmarks, inspect.isclass)
    if cls.__module__ == benchmarks.__name__ and not name.startswith("_")
]


def test_there_are_some():
    assert {"ForwardBackward", "GRUStream", "Training", "Import"} <= {c.__name__ for c in CLASSES}


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
def test_each_runs(cls):
    params = getattr(cls, "params", [])
    lists = params if params and isinstance(params[0], list) else [params] if params else []
    for arguments in itertools.islice(itertools.product(*lists), 2):
        one = cls()
        if hasattr(one, "setup"):
            one.setup(*arguments)
        timed = [name for name in dir(one) if name.startswith(("time_", "timeraw_"))]
        assert len(timed) == 1
        result = getattr(one, timed[0])(*arguments)
        if timed[0].startswith("timeraw_"):
            compile(result, "timed", "exec")


def test_the_configuration_names_them():
    config = json.loads((ROOT / "asv.conf.json").read_text(encoding="utf-8"))
    assert (ROOT / config["benchmark_dir"] / "benchmarks.py").is_file()
