"""Docstrings of public names are laid out as numpydoc wants it."""

import importlib
import inspect
import pkgutil

import pytest

import fastrnn
from fastrnn import activations

validate = pytest.importorskip("numpydoc.validate").validate

#: Checks of numpydoc that do not hold, and why.
NOT_HELD = {
    "ES01": "an extended summary is for what needs one",
    "EX01": "examples are for what is called first, not for each method",
    "SA01": "see also is for what is easily missed",
    "GL02": "Cython keeps the indentation of its docstrings",
    "PR01": "a short docstring names its arguments in a sentence",
    "PR02": "**options of a base are documented with the class; aliases have the base's signature",
    "PR04": "several arguments of a call that share a description",
    "PR07": "a name and its type may say all",
    "PR08": "a description may begin with the argument's name, or go on from its type",
    "RT01": "a summary that begins with Return has said it",
    "RT02": "results of a tuple have names",
    "RT03": "a type may say all",
    "SS02": "a summary may begin with a formula",
    "YD01": "a summary that begins with Yield has said it",
}

#: What is imported from other packages, or belongs to them.
ELSEWHERE = ("RNNClassifier.set_", "RNNRegressor.set_", "RNNClassifier.get_", "RNNRegressor.get_")


def modules():
    """Return the public modules that can be imported here."""
    found = [fastrnn]
    for info in pkgutil.walk_packages(fastrnn.__path__, "fastrnn."):
        if any(part.startswith("_") for part in info.name.split(".")[1:]):
            continue
        if info.name.startswith(("fastrnn.benchmark", "fastrnn.cli")):
            continue  # programs
        try:
            found.append(importlib.import_module(info.name))
        except ImportError:
            continue  # of an extra
    return found


def names():
    """Return the public names, each object once."""
    seen = {}
    for module in modules():
        for name in getattr(module, "__all__", ()):
            found = getattr(module, name)
            if isinstance(found, activations.Kernel):
                continue  # an object that can be called, as that of a layer
            if callable(found) and str(getattr(found, "__module__", "")).startswith("fastrnn"):
                seen.setdefault(id(found), f"{module.__name__}.{name}")
                if inspect.isclass(found):
                    for method, value in vars(found).items():
                        if method[0] != "_" and (
                            inspect.isfunction(value) or isinstance(value, property)
                        ):
                            seen.setdefault(id(value), f"{module.__name__}.{name}.{method}")
    return sorted(name for name in seen.values() if not any(one in name for one in ELSEWHERE))


@pytest.mark.once
def test_docstrings():
    checked = names()
    assert len(checked) > 500
    wrong = []
    for name in checked:
        for code, message in validate(name)["errors"]:
            if code not in NOT_HELD:
                wrong.append(f"{name}: {code} {message}")
    assert not wrong, "\n".join(wrong)
