"""What stands in the installed package: all that is needed, little else, and quick to import."""

import ast
import importlib
import inspect
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

import fastrnn

FOLDER = Path(fastrnn.__file__).parent


@pytest.fixture(scope="module")
def distribution():
    """Return the installed distribution, if fastrnn was imported from it."""
    try:
        found = metadata.distribution("fastrnn")
    except metadata.PackageNotFoundError:
        pytest.skip("fastrnn is not installed")
    if not found.locate_file("fastrnn/__init__.py").resolve().is_relative_to(FOLDER.resolve()):
        pytest.skip("fastrnn is imported from elsewhere than its installation")
    return found


def test_version_is_that_of_the_metadata(distribution):
    assert distribution.version == fastrnn.__version__


def test_run_time_needs_are_three(distribution):
    needs = {line.split(";")[0].strip() for line in distribution.requires if "extra" not in line}
    assert {need.split(">")[0] for need in needs} == {"numpy", "safetensors", "tqdm"}


def test_the_program_is_installed(distribution):
    scripts = {entry.name: entry.value for entry in distribution.entry_points}
    assert scripts["fastrnn"] == "fastrnn_program:main"


def test_types_are_shipped_and_sources_are_not(distribution):
    suffixes = {file.suffix for file in distribution.files if file.parts[0] == "fastrnn"}
    assert (FOLDER / "py.typed").is_file()
    # ".c" and ".html" are what exported models and pages are made of; the core's sources stay out
    data = {".c", ".html", ".safetensors"}
    assert suffixes <= {".py", ".pyc", ".pyi", ".so", ".pyd", ".typed", *data}


def test_the_model_of_english_is_shipped(distribution):
    assert (FOLDER / "cipher" / "cracking" / "english.safetensors").is_file()


def parameters_in_stub(path):
    """Return the names of a stub's functions with those of their parameters."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    functions = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    return {
        node.name: [argument.arg for argument in (*node.args.args, *node.args.kwonlyargs)]
        for node in functions
    }


def members_in_stub(path):
    """Return the names of a stub's classes with those of their public members."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    classes = [node for node in tree.body if isinstance(node, ast.ClassDef)]
    return {node.name: public(name for m in node.body for name in names_of(m)) for node in classes}


def names_of(member):
    """Return the name of a method, or of an attribute that may be set."""
    if isinstance(member, ast.AnnAssign):
        return [member.target.id]
    return [member.name] if hasattr(member, "name") else []


def public(names):
    return {name for name in names if not name.startswith("_")}


# What Cython's memoryviews need, once for all modules, has nothing of its own to tell.
EXTENSIONS = sorted(
    {path.name.partition(".")[0] for path in FOLDER.joinpath("_core").glob("*.so")} - {"shared"}
)


@pytest.mark.parametrize("name", EXTENSIONS)
def test_stub_tells_what_the_extension_has(name):
    module = importlib.import_module(f"fastrnn._core.{name}")
    functions = {
        key: list(inspect.signature(value).parameters)
        for key, value in vars(module).items()
        if not key.startswith("_") and "cython_function" in type(value).__name__
    }
    classes = {
        key: public(vars(value))
        for key, value in vars(module).items()
        if isinstance(value, type) and value.__module__ == module.__name__ and public([key])
    }
    assert functions or classes
    stub = FOLDER / "_core" / f"{name}.pyi"
    assert parameters_in_stub(stub) == functions
    # a class that users meet; what only compiled code makes may stay out of the stub
    for key, members in members_in_stub(stub).items():
        assert members == classes[key]


def test_there_are_extensions():
    assert {"kernels", "output", "recurrence"} <= set(EXTENSIONS)


def test_the_package_is_small():
    size = sum(
        file.stat().st_size
        for pattern in ("*.py", "*.pyi", "*.so", "*.safetensors")
        for file in FOLDER.rglob(pattern)
    )
    assert size < 5_000_000


def test_import_is_quick():
    program = (
        "import numpy, time; start = time.thread_time(); import fastrnn; "
        "print(time.thread_time() - start)"
    )
    seconds = [
        float(
            subprocess.run([sys.executable, "-c", program], check=True, capture_output=True).stdout
        )
        for _ in range(7)
    ]
    # The least of seven, and of the time that this thread had a processor: what else a machine does
    # only adds to it, and the threads of the BLAS that NumPy has started are none of ours.
    assert min(seconds) < 0.05
