"""Characters as numbers."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from fastrnn.cipher import Vocabulary


def test_the_most_frequent_character_comes_first():
    vocabulary = Vocabulary(["Banana .", "bc"])
    assert vocabulary.characters == "abn .c"
    assert len(vocabulary) == 7


def test_numbers_are_padded_behind():
    vocabulary = Vocabulary(["aab"])
    numbers = vocabulary.numbers(["AB", "", "a"], 3)
    assert np.array_equal(numbers, [[1, 2, 0], [0, 0, 0], [1, 0, 0]])
    assert vocabulary.numbers(["ab", "a"]).shape == (2, 2)


def test_unknown_characters():
    vocabulary = Vocabulary(["AB c"])
    assert vocabulary.unknown("CAB b") is None
    assert vocabulary.unknown("abxay") == "x"


@given(st.lists(st.text(alphabet="abc .'é", max_size=20), max_size=5))
def test_the_characters_make_the_same_vocabulary(texts):
    vocabulary = Vocabulary(texts)
    again = Vocabulary([vocabulary.characters])
    assert np.array_equal(again.numbers(texts), vocabulary.numbers(texts))
    assert [again.text(row) for row in again.numbers(texts, 20)] == texts
