"""Characters as numbers."""

import numpy as np
from hypothesis import given, strategies as st

from fastrnn.cipher import Vocabulary
from fastrnn.cipher.vocabulary import Tally
from fastrnn.preprocessing.sequence import pad_sequences
from fastrnn.preprocessing.text import Tokenizer


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


@given(st.lists(st.text(alphabet="abAB .Éé😀ΣσςßĞ", max_size=20), max_size=5))
def test_it_numbers_as_the_tokenizer(texts):
    tokenizer = Tokenizer(lower=True, char_level=True)
    tokenizer.fit_on_texts(texts)
    expected = pad_sequences(tokenizer.texts_to_sequences(texts), maxlen=20, padding="post")
    assert np.array_equal(Vocabulary(texts).numbers(texts, 20), expected)


def test_a_character_keeps_its_place_in_lower_case():
    vocabulary = Vocabulary(["aİb"])
    assert vocabulary.numbers(["AİB"]).tolist() == [[1, 2, 3]]


def test_what_is_unknown_or_too_long():
    vocabulary = Vocabulary(["ab"])
    assert vocabulary.numbers(["a😀b", "!a"], 4).tolist() == [[1, 0, 2, 0], [0, 1, 0, 0]]
    assert vocabulary.numbers(["abab"], 3).tolist() == [[1, 2, 1]]
    assert Vocabulary(["aŁ"]).numbers(["a!"]).tolist() == [[1, 0]]


@given(st.lists(st.text(alphabet="abAB .Éé😀ΣσςßĞİi\u0307\ud800", max_size=8), max_size=9))
def test_lines_that_are_counted_together(texts):
    tally = Tally()
    for some in (texts[:3], texts[3:]):
        tally.add_lines("\n".join(some))
    assert Vocabulary(tally).characters == Vocabulary(texts).characters
