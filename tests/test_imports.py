"""Imports point one way, and what is needed late is imported late.

Read from the sources: Python files by their syntax tree, Cython files by their text.
"""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

SOURCES = Path(__file__).parents[1] / "src" / "fastrnn"
if not SOURCES.is_dir():
    pytest.skip("the sources are not beside the tests", allow_module_level=True)

PARTS = sorted(
    path.stem
    for path in SOURCES.iterdir()
    if (path.suffix == ".py" and path.stem != "__init__") or (path / "__init__.py").is_file()
)

# What each part of fastrnn may import of the others. "fastrnn" is the package itself, whose
# names are the public API. A new part wants a line here, and a reason in its commit.
ALLOWED = {
    "_core": set(),
    "_names": set(),
    "_version": set(),
    "arguments": set(),
    "reference": {"arguments", "arithmetic"},
    "notebooks": {"arguments", "arithmetic", "functional"},
    "functional": {"_core", "arguments", "arithmetic"},
    "activations": {
        "_names",
        "_core",
        "construction",
        "differentiation",
        "naming",
        "operations",  # with other arguments than the defaults, and on tensors
    },
    "scanning": set(),
    "splitting": set(),
    "_older": set(),
    "construction": {"_older"},
    "naming": set(),
    "constraints": {"_names", "arithmetic", "construction", "naming", "representation", "settings"},
    "regularizers": {
        "_names",
        "arithmetic",
        "construction",
        "differentiation",
        "naming",
        "settings",
        "representation",
    },
    "arithmetic": set(),
    "settings": set(),
    "terminal": set(),
    "representation": set(),
    "deprecation": set(),
    "seeding": {"settings"},
    "random": {"_names", "operations", "seeding"},
    "ops": {"_names", "activations", "differentiation", "operations", "settings"},
    "_tensorflow": {"_core", "_names", "config", "ops"},
    "files": set(),
    # a format knows no model, no layer: only what a description of one says
    "formats": {
        "_names",
        "_version",
        "activations",
        "arguments",
        "arithmetic",
        "files",
        "constraints",
        "initializers",
        "naming",
        "regularizers",
        "settings",
        "terminal",
    },
    "initializers": {
        "_names",
        "construction",
        "seeding",
        "settings",
        "arithmetic",
        "naming",
        "representation",
    },
    "workspace": {"_core", "activations"},
    "losses": {
        "_names",
        "_core",
        "activations",
        "arguments",
        "construction",
        "differentiation",
        "scanning",
        "settings",
        "workspace",
        "arithmetic",
        "naming",
        "representation",
    },
    "metrics": {
        "_names",
        "_core",
        "activations",
        "arguments",
        "arithmetic",
        "construction",
        "losses",
        "settings",
        "naming",
        "representation",
    },
    "optimizers": {
        "guarded",
        "_names",
        "_core",
        "construction",
        "settings",
        "naming",
        "representation",
    },
    "callbacks": {
        "_names",
        "_older",
        "arithmetic",
        "construction",
        "files",
        "formats",  # what a checkpoint's ending needs, asked before the training
        "settings",
        "terminal",
        "representation",
    },
    "preprocessing": {
        "_names",
        "arguments",
        "arithmetic",
        "construction",
        "representation",
        "settings",
    },
    "guarded": set(),
    "layers": {
        "guarded",
        "_names",
        "_older",
        "_core",
        "activations",
        "arguments",
        "construction",
        "differentiation",
        "initializers",
        "operations",
        "scanning",
        "seeding",
        "settings",
        "terminal",
        "workspace",
        "arithmetic",
        "naming",
        "constraints",
        "regularizers",
        "representation",
    },
    "models": {
        "guarded",
        "_names",
        "_core",
        "arguments",
        "callbacks",
        "config",
        "construction",
        "distributed",
        "files",
        "formats",
        "layers",
        "losses",
        "metrics",
        "optimizers",
        "scanning",
        "seeding",
        "settings",
        "splitting",
        "terminal",
        "workspace",
        "arithmetic",
        "naming",
        "representation",
    },
    "distributed": {"_core"},
    "config": {"_core", "_names", "_version", "settings"},
    "backend": {
        "_names",
        "config",
        "differentiation",
        "naming",
        "models",  # in a function of a model's tensors
        "operations",
    },
    "operations": {"arguments", "arithmetic", "differentiation", "seeding", "settings"},
    "differentiation": set(),
    "datasets": {"_names", "construction", "splitting", "utils"},
    "engine": {"_names", "layers", "models"},
    "objectives": {"losses"},
    "optimizer_v2": {"_names", "optimizers"},
    "saving": {"_names", "models", "naming"},
    "wrappers": {"_names", "_older", "callbacks", "losses", "models", "utils"},
    "sklearn": {
        "_names",
        "callbacks",
        "layers",
        "models",
        "optimizers",
        "preprocessing",
        "seeding",
    },
    "utils": {
        "_names",
        "arguments",
        "construction",
        "naming",
        "preprocessing",
        "seeding",
        "settings",
        "terminal",
        "arithmetic",
    },
    "cipher": {
        "_version",
        "_core",  # the number of threads of a sweep's runs, which is not the user's
        "callbacks",
        "distributed",
        "files",
        "functional",
        "initializers",
        "layers",
        "losses",
        "metrics",  # an accuracy of its own, which leaves padding out
        "models",
        "optimizers",
        "preprocessing",
        "seeding",  # runs of a sweep side by side, each with its own
        "settings",
        "splitting",
        "terminal",
    },
    "benchmark": {
        "fastrnn",
        "arguments",
        "layers",
        "models",
        "optimizers",
        "reference",
        "terminal",
    },
    "cli": {
        "_version",
        "fastrnn",  # the version and the settings of the whole, as users ask for them
        "benchmark",
        "cipher",
        "config",
        "distributed",
        "files",
        "formats",
        "interop",
        "models",
        "settings",
        "terminal",
    },
    "interop": {"_core", "_names", "activations", "formats", "layers", "models"},
    "__main__": {"cli"},
}

# Outside the standard library and NumPy: needed for one purpose, so imported by whoever gets
# there, and not by `import fastrnn`. The bench's peers import what they measure.
LATE = {
    "argcomplete",
    "dask",
    "distributed",
    "h5py",
    "joblib",
    "matplotlib",
    "mpi4py",
    "onnx",
    "ray",
    "safetensors",
    "sklearn",
    "tensorboard",
    "threadpoolctl",
    "tqdm",
}


# Of the modules in formats, those that any of them may use; a format knows no other format.
SHARED_BY_FORMATS = {
    "choice",
    "assembly",
    "json_text",
    "description",
    "errors",
    "foreign",
    "names",
    "order",
    "registry",
    "tensor_file",
}


def files(part: str, *patterns: str) -> list[Path]:
    """Return the files of a part that match one of the patterns."""
    single = SOURCES / f"{part}.py"
    if single.is_file():
        return [single] if "*.py" in patterns else []
    return sorted(path for pattern in patterns for path in (SOURCES / part).rglob(pattern))


def python_imports(path: Path) -> Iterator[tuple[str, ast.AST]]:
    """Yield the absolute name of every module or name that a file imports, with its node."""
    package = ["fastrnn", *path.relative_to(SOURCES).parts[:-1]]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"), str(path))):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, node
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*base, *([node.module] if node.module else [])])
            for alias in node.names:
                yield f"{module}.{alias.name}", node


def part_of(name: str) -> str | None:
    """Return which part of fastrnn an absolute name lies in; None for other packages."""
    words = name.split(".")
    if words[0] != "fastrnn":
        return None
    return words[1] if len(words) > 1 and words[1] in PARTS else "fastrnn"


def at_import(path: Path) -> Iterator[str]:
    """Yield what is imported as soon as the file is, which what stands in a function is not."""
    tree = ast.parse(path.read_text(encoding="utf-8"), str(path))
    late = {
        inner
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        or (isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING"))
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        if node in late:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
            yield node.module


def test_every_part_has_its_line():
    assert sorted(ALLOWED) == PARTS


@pytest.mark.parametrize("part", PARTS)
def test_python_imports_point_one_way(part):
    against = [
        f"{path.relative_to(SOURCES)}:{node.lineno} imports {name}"
        for path in files(part, "*.py", "*.pyi")
        for name, node in python_imports(path)
        if part_of(name) not in {None, part} | ALLOWED[part]
    ]
    assert not against


def test_no_format_knows_another():
    """What is shared lies in modules of SHARED_BY_FORMATS, or in a package of formats alike."""
    against = []
    for path in files("formats", "*.py"):
        own = path.relative_to(SOURCES / "formats").parts[0].removesuffix(".py")
        for name, node in python_imports(path):
            words = name.split(".")
            if own == "__init__" or words[:2] != ["fastrnn", "formats"] or len(words) < 4:
                continue
            if words[2] not in SHARED_BY_FORMATS | {own}:
                against.append(f"{path.name}:{node.lineno} imports {name}")
    assert not against


def test_the_table_has_no_circle():
    left = {part: set(others) - {"fastrnn"} for part, others in ALLOWED.items()}
    while left:
        free = {part for part, others in left.items() if not others}
        assert free, f"these import one another: {sorted(left)}"
        left = {part: others - free for part, others in left.items() if part not in free}


# Imports by name, in a function, of what stands above: no file is read for them, and so no circle
# is seen, but there is one. Each has its reason.
BY_NAME = {
    # a layer of a user's own that is made of layers is computed as a model of these
    ("fastrnn.layers.composing", "fastrnn.models.composed"),
    # `check=True` compares a model with what another program makes of its file
    ("fastrnn.models.loading", "fastrnn.interop.checking"),
    ("fastrnn.models.exporting", "fastrnn.interop.checking"),
}


def modules() -> dict[str, Path]:
    """Return the Python files of the package by the names of their modules."""
    found = {}
    for path in SOURCES.rglob("*.py"):
        words = ["fastrnn", *path.relative_to(SOURCES).with_suffix("").parts]
        found[".".join(words[:-1] if words[-1] == "__init__" else words)] = path
    return found


def reads(known: dict[str, Path], path: Path, own: str) -> set[str]:
    """Return the modules of the package that a file imports anywhere: in functions, for types."""
    found = {name for name, _ in python_imports(path)}
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"), str(path))):
        # importlib.import_module("fastrnn.x")
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("import_module"):
            given = node.args[0]
            if isinstance(given, ast.Constant) and (own, given.value) not in BY_NAME:
                found.add(given.value)
    return {module for name in found if (module := holder(known, name))} - {own}


def holder(known: dict[str, Path], name: str) -> str:
    """Return the module that an imported name is, or lies in; empty outside the package."""
    while name and name not in known:
        name = name.rpartition(".")[0]
    return name


def circles(graph: dict[str, set[str]]) -> list[str]:
    """Return the names that lie on a circle of a graph, or lead into one."""
    left = dict(graph)
    while free := {name for name, others in left.items() if not others & left.keys()}:
        left = {name: others for name, others in left.items() if name not in free}
    return sorted(left)


def test_circles_are_found():
    assert circles({"a": {"b"}, "b": {"c"}, "c": set()}) == []
    assert circles({"a": {"b"}, "b": {"c"}, "c": {"b"}, "d": set()}) == ["a", "b", "c"]


def test_no_files_import_each_other():
    """Directly or by way of others; imports in functions and for types count."""
    known = modules()
    assert circles({name: reads(known, path, name) for name, path in known.items()}) == []


def test_imports_by_name_are_there():
    for module, name in BY_NAME:
        assert f'import_module("{name}")' in modules()[module].read_text(encoding="utf-8")


CYTHON_IMPORT = re.compile(r"^\s*(?:from\s+(\S+)\s+c?import\b|c?import\s+([\w.]+))", re.MULTILINE)


def cython_imports(text: str) -> list[str]:
    """Return the modules that Cython source names in import and cimport statements."""
    return [left or right for left, right in CYTHON_IMPORT.findall(text)]


def test_cython_imports_are_read():
    text = "cimport cython\nfrom . cimport kernels\n    import sys\nfrom libc.math cimport tanh\n"
    assert cython_imports(text) == ["cython", ".", "sys", "libc.math"]


@pytest.mark.parametrize(
    "path",
    files("_core", "*.pyx", "*.pxd", "*.pxi"),
    ids=lambda path: path.name,
)
def test_cython_imports_stay_in_the_core(path):
    allowed = {"cpython", "cython", "libc", "numpy", "posix", "openmp"} | set(
        sys.stdlib_module_names
    )
    for name in cython_imports(path.read_text(encoding="utf-8")):
        inside = name.startswith((".", "fastrnn._core"))
        assert inside or name.split(".")[0] in allowed, f"{path.name} imports {name}"


@pytest.mark.parametrize("part", PARTS)
def test_optional_packages_are_imported_late(part):
    known = set(sys.stdlib_module_names) | {"fastrnn", "numpy"}
    for path in files(part, "*.py"):
        # These are imported by nobody else, for the sake of what they import.
        if path.is_relative_to(SOURCES / "benchmark" / "peers") or part in ("sklearn", "wrappers"):
            continue
        if path == SOURCES / "interop" / "torch" / "chain.py":
            continue
        for name in at_import(path):
            assert name.split(".")[0] in known, f"{path.relative_to(SOURCES)} imports {name} early"


def test_importing_fastrnn_imports_nothing_optional():
    modules = subprocess.run(
        [sys.executable, "-c", "import sys, fastrnn; print(*sys.modules)"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout.split()
    assert "fastrnn" in modules
    assert not {name.partition(".")[0] for name in modules} & LATE
