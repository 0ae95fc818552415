"""`pad_sequences`: every option, against results written by hand."""

import numpy as np
import pytest

from fastrnn.preprocessing.sequence import pad_sequences

RAGGED = [[1], [2, 3, 4], [], [5, 6]]


def test_defaults_pad_in_front_as_int32():
    padded = pad_sequences(RAGGED)
    assert padded.dtype == np.int32
    np.testing.assert_array_equal(padded, [[0, 0, 1], [2, 3, 4], [0, 0, 0], [0, 5, 6]])


def test_padding_behind():
    np.testing.assert_array_equal(
        pad_sequences(RAGGED, padding="post", value=-1),
        [[1, -1, -1], [2, 3, 4], [-1, -1, -1], [5, 6, -1]],
    )


@pytest.mark.parametrize(("truncating", "kept"), [("pre", [3, 4]), ("post", [2, 3])])
def test_truncating(truncating, kept):
    padded = pad_sequences(RAGGED, maxlen=2, truncating=truncating)
    np.testing.assert_array_equal(padded, [[0, 1], kept, [0, 0], [5, 6]])


def test_a_length_of_zero_keeps_nothing():
    assert pad_sequences(RAGGED, maxlen=0).shape == (4, 0)


def test_no_sequences():
    assert pad_sequences([]).shape == (0, 0)
    assert pad_sequences([], maxlen=3).shape == (0, 3)


def test_steps_with_features():
    padded = pad_sequences([np.ones((1, 2)), np.full((3, 2), 7.5)], dtype="float32")
    assert padded.dtype == np.float32
    np.testing.assert_array_equal(padded[0], [[0, 0], [0, 0], [1, 1]])
    np.testing.assert_array_equal(padded[1], np.full((3, 2), 7.5))


def test_text():
    padded = pad_sequences([["a"], ["b", "c"]], dtype=object, value="-", padding="post")
    np.testing.assert_array_equal(padded, [["a", "-"], ["b", "c"]])


def test_padding_what_is_padded_changes_only_the_length():
    once = pad_sequences(RAGGED, padding="post")
    np.testing.assert_array_equal(pad_sequences(once, maxlen=3, padding="post"), once)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"sequences": [1, 2]}, TypeError, r"sequences\[0\]"),
        ({"sequences": "ab"}, TypeError, "list of sequences"),
        ({"sequences": 3}, TypeError, "list of sequences"),
        ({"sequences": RAGGED, "padding": "both"}, ValueError, "padding is 'both'"),
        ({"sequences": RAGGED, "truncating": None}, ValueError, "truncating is None"),
        ({"sequences": RAGGED, "maxlen": -1}, ValueError, "maxlen is -1"),
        ({"sequences": RAGGED, "maxlen": 2.0}, TypeError, "maxlen"),
        ({"sequences": RAGGED, "value": "x"}, TypeError, "value is the text"),
        ({"sequences": [["a"]]}, TypeError, r"sequences\[0\] does not hold numbers"),
        ({"sequences": [[[1, 2]], [[3]]]}, ValueError, r"sequences\[1\] has steps of shape \(1,\)"),
    ],
)
def test_errors_name_the_argument(arguments, error, message):
    with pytest.raises(error, match=message):
        pad_sequences(**arguments)
