"""The examples in docstrings of public names run, and print what they show.

They begin with ``np`` and the names of their module, as if ``from MODULE import *`` stood there.
"""

import doctest
import importlib
import inspect
import sys

import numpy as np
import pytest

from fastrnn import seeding
from tests.pages import ROOT, difference

if not (ROOT / "docs" / "public.py").is_file():
    pytest.skip("the documentation is not beside the tests", allow_module_level=True)

sys.path.insert(0, str(ROOT / "docs"))
from public import MODULES, names_of

sys.path.remove(str(ROOT / "docs"))

#: Modules whose names want a package that may be missing.
NEEDS = {
    "fastrnn.sklearn": "sklearn",
    "fastrnn.interop.onnx": "onnx",
    "fastrnn.interop.torch": "torch",
}


#: Public names without an example, and why.
WITHOUT = {
    "fastrnn.optimizers.schedules": "a module, with a page of its own",
    "fastrnn.datasets.imdb": "a module: its functions download files",
    "fastrnn.datasets.mnist": "a module: its functions download files",
    "fastrnn.datasets.reuters": "a module: its functions download files",
    "fastrnn.activations.LINEAR": "a constant: the function `linear` has one",
    "fastrnn.activations.SIGMOID": "a constant: the function `sigmoid` has one",
    "fastrnn.activations.SOFTMAX": "a constant: the function `softmax` has one",
    "fastrnn.activations.TANH": "a constant: the function `tanh` has one",
    "fastrnn.cipher.CIPHERS": "a table of the ciphers, each of which has one",
    "fastrnn.seeding.DEFAULT_SEED": "a number",
}


class Checker(doctest.OutputChecker):
    """Compares as the pages do."""

    def check_output(self, want, got, optionflags):
        """Return whether what was printed is what is shown."""
        return not difference(want, got)


def things():
    """Return the objects with docstrings of every public module, each once."""
    found = {}
    for module in MODULES:
        if module in NEEDS:
            continue
        for name in names_of(module):
            thing = getattr(importlib.import_module(module), name)
            if callable(thing) and (getattr(thing, "__module__", "") or "").startswith("fastrnn"):
                found.setdefault(id(thing), (f"{module}.{name}", thing))
    for module, package in NEEDS.items():
        found[module] = (module, package)
    return [pytest.param(name, thing, id=name) for name, thing in found.values()]


def run(name, thing, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    module = importlib.import_module(thing.__module__)
    runner = doctest.DocTestRunner(checker=Checker(), verbose=False)
    finder = doctest.DocTestFinder(recurse=inspect.isclass(thing), exclude_empty=True)
    public = importlib.import_module(name.rpartition(".")[0])
    globs = {"np": np, **{each: getattr(public, each) for each in names_of(public.__name__)}}
    for test in finder.find(thing, name, module=module, globs=globs):
        if test.examples:
            with seeding.apart():
                runner.run(test, clear_globs=True)
    assert not runner.failures, capsys.readouterr().out


@pytest.mark.parametrize(("name", "thing"), things())
def test_examples_print_what_they_show(name, thing, tmp_path, monkeypatch, capsys):
    if name in NEEDS:
        pytest.importorskip(thing, exc_type=ImportError)
        for each in names_of(name):
            one = getattr(importlib.import_module(name), each)
            if callable(one):
                run(f"{name}.{each}", one, tmp_path, monkeypatch, capsys)
    else:
        run(name, thing, tmp_path, monkeypatch, capsys)


@pytest.mark.parametrize("module", list(MODULES))
def test_every_name_has_an_example(module):
    if module in NEEDS:
        pytest.importorskip(NEEDS[module], exc_type=ImportError)
    without = set()
    for name in names_of(module):
        thing = getattr(importlib.import_module(module), name)
        own = "" if thing.__doc__ == type(thing).__doc__ else thing.__doc__ or ""
        # NumPy's own functions, which fastrnn.backend passes on, have examples in NumPy's manual.
        of_numpy = isinstance(thing, np.ufunc) or getattr(thing, "__module__", None) == "numpy"
        if ">>>" not in own and not of_numpy:
            without.add(f"{module}.{name}")
    assert without == {name for name in WITHOUT if name.rpartition(".")[0] == module}
