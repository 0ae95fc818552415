"""What the project says of its wheels is consistent: versions of Python, files, folders."""

import re
from pathlib import Path

import pytest

tomllib = pytest.importorskip("tomllib", reason="Python 3.10 has no reader of TOML")

ROOT = Path(__file__).parents[1]
if not (ROOT / "setup.py").is_file():
    pytest.skip("the project's files are not beside the tests", allow_module_level=True)

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
WHEELS = PROJECT["tool"]["cibuildwheel"]


def test_every_python_of_the_classifiers_has_wheels():
    versions = [
        match[1].replace(".", "")
        for text in PROJECT["project"]["classifiers"]
        if (match := re.fullmatch(r"Programming Language :: Python :: (3\.\d+)", text))
    ]
    built = [name.removesuffix("-*").removeprefix("cp") for name in WHEELS["build"]]
    assert versions == [name for name in built if not name.endswith("t")]
    assert PROJECT["project"]["requires-python"] == f">=3.{versions[0][1:]}"


def test_what_the_tests_of_a_wheel_need_is_there():
    for name in WHEELS["test-sources"]:
        assert (ROOT / name).exists()
    named = re.findall(r"\btests/\w+", " ".join(WHEELS["test-command"]))
    assert len(named) >= 3
    assert all((ROOT / name).is_dir() for name in named)
    # the oldest versions are those of the extra
    assert set(WHEELS["test-requires"]) <= set(PROJECT["project"]["optional-dependencies"]["test"])


def test_setup_names_every_level():
    """A level that setup.py does not build would be missing where its table is named."""
    levels = {path.stem for path in (ROOT / "src/fastrnn/_core/simd").glob("level_*.c")}
    named = re.findall(r'^    "(level_\w+)":', (ROOT / "setup.py").read_text(), re.MULTILINE)
    assert set(named) == levels
    assert len(named) == 4
