"""Texts, strings and integers as places in a vocabulary; the numbers of Keras 3 on TensorFlow."""

import numpy as np
import pytest

from fastrnn.layers import Embedding, Input, IntegerLookup, StringLookup, TextVectorization
from fastrnn.models import Sequential

TEXTS = ["The cat sat on the mat.", "A CAT, a hat; it's Über-hot", "", "the the dog"]


def test_texts_become_rows():
    vectorize = TextVectorization()
    vectorize.adapt(TEXTS)
    # Of words that are equally frequent the last of the alphabet comes first.
    words = ["", "[UNK]", "the", "cat", "a", "Überhot", "sat", "on", "mat", "its", "hat", "dog"]
    assert vectorize.get_vocabulary() == words
    assert vectorize.vocabulary_size() == 12
    assert vectorize.get_vocabulary(include_special_tokens=False) == words[2:]
    found = vectorize(["the mouse sat", "a cat"])
    np.testing.assert_array_equal(found, [[2, 1, 6], [4, 3, 0]])
    assert found.dtype == np.int64
    np.testing.assert_array_equal(vectorize(np.array([["the cat"]])), [[2, 3]])
    np.testing.assert_array_equal(vectorize("the cat"), [2, 3])


def test_options_of_texts():
    short = TextVectorization(max_tokens=4, output_sequence_length=3)
    short.adapt(iter([np.array(TEXTS[:2]), np.array(TEXTS[2:])]))
    assert short.get_vocabulary() == ["", "[UNK]", "the", "cat"]
    np.testing.assert_array_equal(short(TEXTS), [[2, 3, 1], [1, 3, 1], [0, 0, 0], [2, 2, 1]])
    for mode, row in (("count", [1, 2, 1]), ("multi_hot", [1, 1, 1])):
        rows = TextVectorization(output_mode=mode, vocabulary=["the", "dog"])
        np.testing.assert_array_equal(rows(["the the dog cat"]), [row])
        assert rows.get_vocabulary() == ["[UNK]", "the", "dog"]
    characters = TextVectorization(split="character", standardize="lower")
    characters.adapt(["Aab."])
    assert characters.get_vocabulary() == ["", "[UNK]", "a", "b", "."]
    pairs = TextVectorization(ngrams=2, standardize=None, split=lambda text: text.split("-"))
    pairs.adapt(["a-b-c"])
    assert set(pairs.get_vocabulary()[2:]) == {"a", "b", "c", "a b", "b c"}
    again = TextVectorization.from_config(short.get_config())
    np.testing.assert_array_equal(again(TEXTS), short(TEXTS))


def test_lookups_there_and_back(tmp_path):
    letters = sorted(set("hello world"))
    ids = StringLookup(vocabulary=letters, mask_token=None)
    back = StringLookup(vocabulary=ids.get_vocabulary(), invert=True, mask_token=None)
    found = ids([list("hello"), list("worl?")])
    assert found[1, 4] == 0
    assert "".join(back(found)[0]) == "hello"
    assert back([[0, 99]]).tolist() == [["[UNK]", "[UNK]"]]
    masked = StringLookup(vocabulary=["a", "b"], mask_token="")
    np.testing.assert_array_equal(masked(["", "?", "a", b"b"]), [0, 1, 2, 3])
    np.testing.assert_array_equal(
        StringLookup(vocabulary=["a", "b"], output_mode="one_hot")(["b", "z"]),
        [[0, 0, 1], [1, 0, 0]],
    )
    np.testing.assert_array_equal(
        StringLookup(vocabulary=["a", "b"], output_mode="multi_hot")([["b", "a", "b"]]), [[0, 1, 1]]
    )
    (tmp_path / "words.txt").write_text("a\nb\n")
    assert StringLookup(vocabulary=tmp_path / "words.txt").get_vocabulary() == ["[UNK]", "a", "b"]
    numbers = IntegerLookup()
    numbers.adapt([[7, 7, 5], [5, 7, 3]])
    assert numbers.get_vocabulary() == [-1, 7, 5, 3]
    np.testing.assert_array_equal(numbers(np.array([7, 4, 3])), [1, 0, 3])
    strict = IntegerLookup(vocabulary=[4, 2], num_oov_indices=0)
    np.testing.assert_array_equal(strict([2, 4]), [1, 0])


def test_before_a_model():
    vectorize = TextVectorization(output_sequence_length=4)
    vectorize.adapt(TEXTS)
    model = Sequential([Input((4,), dtype="int32"), Embedding(vectorize.vocabulary_size(), 2)])
    assert model.predict(vectorize(TEXTS)).shape == (4, 4, 2)


def test_wrong_ones_are_named():
    vectorize = TextVectorization(vocabulary=["a"])
    with pytest.raises(TypeError, match="was called on a tensor of a model, which holds numbers"):
        vectorize(Input((3,)))
    with pytest.raises(TypeError, match="should be a layer"):
        Sequential([vectorize])
    with pytest.raises(ValueError, match="has no vocabulary; call adapt"):
        TextVectorization()(["a"])
    with pytest.raises(ValueError, match="has no vocabulary; call adapt"):
        StringLookup()(["a"])
    with pytest.raises(TypeError, match="3 is a int; it should be a string"):
        vectorize([3])
    with pytest.raises(ValueError, match=r"inputs has shape \(1, 2\)"):
        vectorize([["a", "b"]])
    with pytest.raises(ValueError, match="standardize is 'upper'"):
        TextVectorization(standardize="upper")
    with pytest.raises(ValueError, match="output_mode is 'one_hot'"):
        TextVectorization(output_mode="one_hot")
    with pytest.raises(ValueError, match="num_oov_indices is 3"):
        StringLookup(num_oov_indices=3)
    with pytest.raises(ValueError, match="vocabulary has 'a' twice"):
        StringLookup(vocabulary=["a", "a"])
    with pytest.raises(ValueError, match="'z' is not in the vocabulary"):
        StringLookup(vocabulary=["a"], num_oov_indices=0)(["z"])
    with pytest.raises(TypeError, match="ragged of TextVectorization is True"):
        TextVectorization(ragged=True)
    with pytest.raises(TypeError, match="places should be integers"):
        StringLookup(vocabulary=["a"], invert=True)([0.5])


def test_terms_weigh_as_in_keras():
    options = {"output_mode": "tf_idf", "max_tokens": 5, "pad_to_max_tokens": True}
    few = TextVectorization(**options)
    few.adapt(TEXTS)
    assert few.get_vocabulary() == ["[UNK]", "the", "cat", "a", "Überhot"]
    expected = [
        [2.918865203857422, 1.6945956945419312, 0.8472978472709656, 0.0, 0.0],
        [1.9459102153778076, 0.0, 0.8472978472709656, 2.1972246170043945, 1.0986123085021973],
        [0.0, 0.0, 0.0, 0.0, 0.0],
        [0.9729551076889038, 1.6945956945419312, 0.0, 0.0, 0.0],
    ]
    np.testing.assert_allclose(few(TEXTS), expected, rtol=1e-6)
    again = TextVectorization.from_config(few.get_config())
    np.testing.assert_array_equal(again(TEXTS), few(TEXTS))
    # A row of terms is a document; without rows every term is one.
    rows = StringLookup(output_mode="tf_idf")
    rows.adapt(np.array([["a", "b"], ["a", "a"], ["c", "a"]]))
    found = rows(np.array([["a", "z"], ["c", "c"]]))
    expected = [[0.79739910364151, 0.5596157908439636, 0, 0], [0, 0, 1.8325815200805664, 0]]
    np.testing.assert_allclose(found, expected, rtol=1e-6)
    one = StringLookup(output_mode="tf_idf")
    one.adapt(["a", "b", "a"])
    np.testing.assert_allclose(one(["a", "z"]), [0.8047189712524414, 0.6931471824645996, 0], 1e-6)
    given = IntegerLookup(
        output_mode="tf_idf",
        vocabulary=[3, 4],
        idf_weights=[0.5, 2.0],
        max_tokens=6,
        pad_to_max_tokens=True,
    )
    np.testing.assert_array_equal(given([[3, 9, 4, 4]]), [[1.25, 0.5, 4, 0, 0, 0]])
    counted = TextVectorization(9, output_mode="count", pad_to_max_tokens=True)
    counted.adapt(["a b b"])
    np.testing.assert_array_equal(counted(["b c"]), [[1, 1] + [0] * 7])
    with pytest.raises(ValueError, match=r"idf_weights has shape \(1,\); it should be \(2,\)"):
        StringLookup(output_mode="tf_idf", vocabulary=["a", "b"], idf_weights=[1])
    with pytest.raises(ValueError, match="output_mode is 'tf_idf'; idf_weights should be given"):
        StringLookup(output_mode="tf_idf", vocabulary=["a", "b"])
    with pytest.raises(ValueError, match="output_mode is 'int'; idf_weights are only for tf_idf"):
        StringLookup(vocabulary=["a", "b"], idf_weights=[1, 2])
    with pytest.raises(ValueError, match="pad_to_max_tokens is True; max_tokens should be given"):
        StringLookup(pad_to_max_tokens=True)
