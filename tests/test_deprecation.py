"""What goes away says so to its caller, in time, and is gone when it was said to be."""

import re
import warnings
from pathlib import Path

import pytest

import fastrnn
from fastrnn import deprecation
from fastrnn.deprecation import DEPRECATED, deprecated, warn_deprecated

SOURCES = Path(fastrnn.__file__).parent


def number(version):
    return tuple(map(int, version.split(".")))


@pytest.fixture
def listed(monkeypatch):
    """Return a list of its own for what a test declares."""
    monkeypatch.setattr(deprecation, "DEPRECATED", [])
    return deprecation.DEPRECATED


def test_a_function_warns_its_caller_and_still_works(listed):
    @deprecated("0.3.0", "0.5.0", "new")
    def old(x, *, y=1):
        """Return the sum."""
        return x + y

    with pytest.warns(DeprecationWarning, match="use new") as caught:
        assert old(1, y=2) == 3
    said = str(caught[0].message)
    assert re.fullmatch(
        r".*\.old is deprecated since fastrnn 0\.3\.0 and goes away in 0\.5\.0; use new", said
    )
    assert caught[0].filename == __file__
    assert (old.__name__, old.__doc__) == ("old", "Return the sum.")
    assert [one.removal for one in listed] == ["0.5.0"]


def test_an_argument_warns_the_caller_of_its_function():
    def function(old=None):
        if old is not None:
            warn_deprecated("old=", "0.3.0", "0.5.0", "new=", FutureWarning)

    with pytest.warns(FutureWarning, match="old= is deprecated since fastrnn 0.3.0") as caught:
        function(old=1)
    assert caught[0].filename == __file__
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        function()


def test_nothing_stays_longer_than_was_said():
    declared = [(one.since, one.removal) for one in DEPRECATED]
    pattern = re.compile(
        r"(?:@deprecated\(|warn_deprecated\(\s*[^,]+,)\s*['\"]([\d.]+)['\"],\s*['\"]([\d.]+)['\"]"
    )
    for path in SOURCES.rglob("*.py"):
        if path.name != "deprecation.py":
            declared += pattern.findall(path.read_text(encoding="utf-8"))
    for since, removal in declared:
        assert number(removal) > number(fastrnn.__version__), f"remove it: said for {removal}"
        assert number(since)[:2] < number(removal)[:2]
