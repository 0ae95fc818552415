"""`Tokenizer`: Keras's order of indices, and its options."""

import json

import numpy as np
import pytest

from fastrnn.preprocessing.text import Tokenizer, text_to_word_sequence, tokenizer_from_json

TEXTS = ["The cat, the dog.", "A dog; the end!"]


def fitted(texts=TEXTS, **options):
    tokenizer = Tokenizer(**options)
    tokenizer.fit_on_texts(texts)
    return tokenizer


def test_words_are_split_at_filters():
    assert text_to_word_sequence("Hi, you -- THERE!") == ["hi", "you", "there"]
    assert text_to_word_sequence("a,b c", filters="", lower=False) == ["a,b", "c"]
    assert text_to_word_sequence("a;b", filters=";", split=",") == ["a", "b"]


def test_older_and_wrong_names_of_arguments():
    assert fitted(nb_words=3).num_words == 3
    with pytest.raises(TypeError, match="no argument 'num_word'; did you mean 'num_words'"):
        Tokenizer(num_word=3)


def test_order_is_by_frequency_then_by_first_appearance():
    tokenizer = fitted()
    assert tokenizer.word_index == {"the": 1, "dog": 2, "cat": 3, "a": 4, "end": 5}
    assert tokenizer.index_word[2] == "dog"
    assert tokenizer.word_counts == {"the": 3, "cat": 1, "dog": 2, "a": 1, "end": 1}
    assert list(tokenizer.word_counts) == ["the", "cat", "dog", "a", "end"]
    assert tokenizer.word_docs["the"] == 2
    assert tokenizer.index_docs[1] == 2
    assert tokenizer.document_count == 2


def test_characters_are_not_filtered():
    tokenizer = fitted(["AB, A."], char_level=True)
    assert tokenizer.word_index == {"a": 1, "b": 2, ",": 3, " ": 4, ".": 5}
    assert tokenizer.texts_to_sequences(["b,a"]) == [[2, 3, 1]]


def test_case_can_be_kept():
    assert set(fitted(["aA"], char_level=True, lower=False).word_index) == {"a", "A"}


def test_unknown_tokens_are_left_out_or_marked():
    assert fitted().texts_to_sequences(["the bird"]) == [[1]]
    marked = fitted(oov_token="?")
    assert marked.word_index["?"] == 1
    assert marked.texts_to_sequences(["the bird"]) == [[2, 1]]
    assert marked.sequences_to_texts([[2, 1, 99]]) == ["the ? ?"]


def test_num_words_limits_indices_and_not_the_vocabulary():
    tokenizer = fitted(num_words=3)
    assert len(tokenizer.word_index) == 5
    assert tokenizer.texts_to_sequences(["the cat dog"]) == [[1, 2]]
    assert tokenizer.sequences_to_texts([[1, 3, 2]]) == ["the dog"]
    marked = fitted(num_words=3, oov_token="?")
    assert marked.texts_to_sequences(["the cat dog"]) == [[2, 1, 1]]


def test_fitting_again_goes_on_counting():
    tokenizer = fitted()
    tokenizer.fit_on_texts(["end end end end"])
    assert tokenizer.word_index["end"] == 1
    assert tokenizer.document_count == 3
    assert tokenizer.word_docs["end"] == 2


def test_lists_are_taken_as_tokens():
    tokenizer = fitted([["New York", "x"], ["new york"]])
    assert tokenizer.word_index == {"new york": 1, "x": 2}


def test_an_analyzer_replaces_the_rules():
    tokenizer = fitted(["a-b", "b"], analyzer=lambda text: text.split("-"))
    assert tokenizer.word_index == {"b": 1, "a": 2}
    with pytest.raises(ValueError, match="analyzer"):
        tokenizer.to_json()


def test_sequences_go_back_to_texts_without_padding():
    tokenizer = fitted()
    sequences = tokenizer.texts_to_sequences(TEXTS)
    assert tokenizer.sequences_to_texts([[*sequences[0], 0, 0]]) == ["the cat the dog"]


def test_matrices():
    tokenizer = fitted()
    sequence = [[1, 1, 2]]
    np.testing.assert_array_equal(
        tokenizer.sequences_to_matrix(sequence, "count"), [[0, 2, 1, 0, 0, 0]]
    )
    np.testing.assert_array_equal(tokenizer.texts_to_matrix(["the the dog"])[0, :3], [0, 1, 1])
    np.testing.assert_allclose(
        tokenizer.sequences_to_matrix(sequence, "freq")[0, :3], [0, 2 / 3, 1 / 3]
    )
    rarity = np.log(1 + 2 / (1 + 2))  # both texts hold "the", and both hold "dog"
    np.testing.assert_allclose(
        tokenizer.sequences_to_matrix(sequence, "tfidf")[0, :3],
        [0, (1 + np.log(2)) * rarity, rarity],
    )


def test_matrices_need_a_width_and_a_known_mode():
    with pytest.raises(ValueError, match="columns"):
        Tokenizer().sequences_to_matrix([[1]])
    with pytest.raises(ValueError, match="fit_on_texts"):
        Tokenizer(num_words=3).sequences_to_matrix([[1]], "tfidf")
    with pytest.raises(ValueError, match="mode is 'sum'"):
        fitted().sequences_to_matrix([[1]], "sum")


def test_json_there_and_back():
    tokenizer = fitted(num_words=4, oov_token="?", lower=False)
    again = tokenizer_from_json(tokenizer.to_json())
    assert vars(again) == vars(tokenizer)
    assert json.loads(tokenizer.to_json())["class_name"] == "Tokenizer"
    again.fit_on_texts(["more"])
    assert again.document_count == 3


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"config": {"word_counts": "{}"}}', "3"])
def test_what_is_no_tokenizer_says_so(text):
    with pytest.raises(ValueError, match="not a tokenizer's JSON"):
        tokenizer_from_json(text)


@pytest.mark.parametrize(
    ("act", "error", "message"),
    [
        (lambda: Tokenizer(num_words=2.5), TypeError, "num_words"),
        (lambda: Tokenizer(split=""), ValueError, "split is empty"),
        (lambda: Tokenizer().fit_on_texts("abc"), TypeError, "list of texts"),
        (lambda: Tokenizer().fit_on_texts(3), TypeError, "list of texts"),
        (lambda: Tokenizer().fit_on_texts(["a", None]), TypeError, r"texts\[1\]"),
    ],
)
def test_errors_name_the_argument(act, error, message):
    with pytest.raises(error, match=message):
        act()


def test_a_failed_fit_changes_nothing():
    tokenizer = fitted()
    before = tokenizer.to_json()
    with pytest.raises(TypeError):
        tokenizer.fit_on_texts(["more words", 3])
    assert tokenizer.to_json() == before


def test_the_seed_document_s_indices(decipher_data):
    lines = (decipher_data / "plaintext.txt").read_text(encoding="utf-8").split("\n")
    tokenizer = fitted(
        lines,
        lower=True,
        split=" ",
        char_level=True,
        filters="!\"#$%&()*+,-./:;<=>?@[\\\\]^_`{|}~\\t\\n'",
    )
    first = tokenizer.texts_to_sequences(lines[:1])[0]
    assert first[:15] == [5, 14, 3, 1, 10, 2, 13, 3, 1, 2, 4, 1, 14, 3, 6]
    assert tokenizer.word_index[","] == 18
    assert tokenizer.word_index["."] == 19
    assert len(tokenizer.word_index) == 31


def test_words_without_a_vocabulary():
    from fastrnn.preprocessing.text import hashing_trick, one_hot

    text = "The cat saw the hat, the cat!"
    # What Keras 2 gave; by Python's own hash, which differs from process to process, only the same
    # words are known to give the same integers.
    assert hashing_trick(text, 50, "md5") == [43, 32, 21, 43, 39, 43, 32]
    assert hashing_trick(text, 50, len) == [4, 4, 4, 4, 4, 4, 4]
    found = one_hot(text, 50)
    words = ["the", "cat", "saw", "the", "hat", "the", "cat"]
    assert found == [hash(word) % 49 + 1 for word in words]
    assert one_hot("a.B", 9, filters="", lower=False, split=".") == [
        hash("a") % 8 + 1,
        hash("B") % 8 + 1,
    ]
    with pytest.raises(ValueError, match="n is 1"):
        one_hot(text, 1)
