"""The stubs of the compiled modules say what is there: names, arguments, defaults."""

import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

import fastrnn

pytest.importorskip("mypy")

FOLDER = Path(fastrnn.__file__).parent

#: What Cython adds to a module, or cannot tell of one.
NOT_SAID = r"""
.*\.__(reduce|setstate)_cython__
.*\.__(test|pyx_capi)__
# A class without arguments in Python: what it is made with stands in __cinit__.
fastrnn\._core\.stream\.StageRunner\.__init__
# Functions of several types: their defaults are those of the last arguments to Python.
fastrnn\._core\.output\.affine
"""


@pytest.mark.once
def test_stubs(tmp_path):
    modules = [f"fastrnn._core.{path.stem}" for path in sorted((FOLDER / "_core").glob("*.pyi"))]
    assert len(modules) > 10
    allowed = tmp_path / "allowed"
    allowed.write_text(NOT_SAID, encoding="utf-8")
    config = tmp_path / "mypy.ini"
    config.write_text("[mypy]\nfollow_imports = silent\n", encoding="utf-8")
    options = ["--ignore-missing-stub", "--ignore-unused-allowlist", "--concise"]
    options += ["--allowlist", str(allowed), "--mypy-config-file", str(config)]
    helped = subprocess.run(
        [sys.executable, "-m", "mypy.stubtest", "--help"],
        capture_output=True,
        text=True,
        check=True,
    )
    if "--ignore-disjoint-bases" in helped.stdout:
        options.append("--ignore-disjoint-bases")
    settings = {**os.environ, "MYPY_CACHE_DIR": str(tmp_path)}
    if FOLDER.parent != Path(sysconfig.get_path("platlib")):
        # mypy finds what is installed, and refuses to be told of it.
        settings["MYPYPATH"] = str(FOLDER.parent)
    done = subprocess.run(
        [sys.executable, "-m", "mypy.stubtest", *options, *modules],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env=settings,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
