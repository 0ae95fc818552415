"""Numbers that another program computed once, kept in files beside this one.

A test module has a table of cases, and for each two functions: what fastrnn computes, and what the
other program does.  One test compares fastrnn with the file and runs everywhere.  A second one,
where the other program is installed, compares the program with the file.  With
``FASTRNN_RECORD=1`` in the environment it writes the file instead.
"""

import json
import os
from pathlib import Path

import numpy as np

FOLDER = Path(__file__).parent
IS_RECORDING = os.environ.get("FASTRNN_RECORD") == "1"


def load(file, case):
    """Return what stands in ``file.json`` for a case: numbers, and lists and dicts of them."""
    return _content(file)[str(case)]


def check(file, case, found, tolerance):
    """Compare what the other program found with the file, or write it there.

    Parameters
    ----------
    file, case : str
    found : nested dicts and lists of numbers and arrays
    tolerance : float
        Relative to the largest number of an array.
    """
    plain = _plain(found)
    if IS_RECORDING:
        content = _content(file)
        content[str(case)] = plain
        lines = [f"{json.dumps(name)}: {json.dumps(content[name])}" for name in sorted(content)]
        path = FOLDER / f"{file}.json"
        path.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")
    assert_alike(plain, load(file, case), tolerance, str(case))


def assert_alike(found, expected, tolerance, place=""):
    """Compare nested dicts and lists of numbers, array by array."""
    found = _plain(found)
    if isinstance(expected, dict):
        assert list(found) == list(expected), place
        for name in expected:
            assert_alike(found[name], expected[name], tolerance, f"{place}/{name}")
        return
    if expected is None or isinstance(expected, (str, bool)):
        assert found == expected, place
        return
    try:
        other = np.asarray(expected, np.float64)
    except (TypeError, ValueError):  # a list of arrays, or of something else than numbers
        assert len(found) == len(expected), place
        for index, (one, two) in enumerate(zip(found, expected, strict=True)):
            assert_alike(one, two, tolerance, f"{place}[{index}]")
        return
    one = np.asarray(found, np.float64)
    assert one.shape == other.shape, f"{place} has shape {one.shape}, not {other.shape}"
    finite = np.abs(other[np.isfinite(other)])
    largest = finite.max() if finite.size else 1.0
    np.testing.assert_allclose(one, other, rtol=0, atol=tolerance * largest, err_msg=place)


def _content(file):
    path = FOLDER / f"{file}.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def _plain(value):
    if isinstance(value, dict):
        return {str(name): _plain(part) for name, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(part) for part in value]
    if value is None or isinstance(value, str):
        return value
    return np.asarray(value).tolist()
