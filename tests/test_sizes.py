"""Files have one subject and functions one task: how long both may be, and what may be longer."""

import ast
import inspect
from pathlib import Path

import pytest

from fastrnn import layers

SOURCES = Path(__file__).parents[1] / "src" / "fastrnn"
if not SOURCES.is_dir():
    pytest.skip("the sources are not beside the tests", allow_module_level=True)

LINES_OF_A_FILE = 450
LINES_OF_A_FUNCTION = 80
LINES_OF_A_LAYER = 120

#: Files that may be longer, each with the reason.
LONG_FILES: dict[str, str] = {}

#: Functions that may be longer, each with the reason, which stands beside the function too.
LONG_FUNCTIONS = {
    "cipher/sweeps/running.py:sweep": "half of it documents its arguments",
    "models/learner.py:fit": "two thirds of it document Keras's arguments",
    "preprocessing/timeseries.py:timeseries_dataset_from_array": (
        "half of it documents Keras's arguments"
    ),
}

#: What layers stand on: bases, which are no layers of a model.
BASES_OF_LAYERS = {"Layer", "RecurrentLayer", "SymbolicTensor"}

SUFFIXES = {".py", ".pyi", ".pyx", ".pxd", ".pxi", ".c", ".h"}


def sources() -> list[Path]:
    """Return the files that people wrote: the C in `_core` itself is made by Cython."""
    return [
        path
        for path in sorted(SOURCES.rglob("*"))
        if path.suffix in SUFFIXES
        and not (path.suffix == ".c" and path.parent == SOURCES / "_core")
    ]


def test_files_have_at_most_450_lines():
    lengths = {
        path.relative_to(SOURCES).as_posix(): path.read_text(encoding="utf-8").count("\n")
        for path in sources()
    }
    too_long = {name for name, lines in lengths.items() if lines > LINES_OF_A_FILE}
    assert too_long <= set(LONG_FILES)


def test_functions_have_at_most_80_lines():
    too_long = set()
    for path in sources():
        if path.suffix != ".py":
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                continue
            if node.end_lineno - node.lineno + 1 > LINES_OF_A_FUNCTION:
                too_long.add(f"{path.relative_to(SOURCES).as_posix()}:{node.name}")
    assert too_long <= set(LONG_FUNCTIONS)


def test_a_layer_is_a_file_of_at_most_120_lines():
    made = [getattr(layers, name) for name in layers.__all__ if name not in BASES_OF_LAYERS]
    own = [one for one in made if one.__module__.startswith("fastrnn.layers.")]
    files = {Path(inspect.getsourcefile(inspect.unwrap(one))) for one in own}
    assert len(files) > 40
    lengths = {path.name: path.read_text(encoding="utf-8").count("\n") for path in files}
    assert {name for name, lines in lengths.items() if lines > LINES_OF_A_LAYER} == set()


def test_a_file_has_one_layer():
    classes = {
        getattr(layers, name)
        for name in layers.__all__
        if name not in BASES_OF_LAYERS and isinstance(getattr(layers, name), type)
    }
    files = [inspect.getsourcefile(inspect.unwrap(one)) for one in classes]
    assert len(files) == len(set(files))
