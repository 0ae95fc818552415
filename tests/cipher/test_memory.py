"""What a network keeps along a message, and what of a key is in it."""

import numpy as np
import pytest

from fastrnn.cipher import Corpus, Decipherer, RunError, make_cipher
from fastrnn.cipher.ciphers.base import END, word
from fastrnn.cipher.evaluation import evaluate
from fastrnn.cipher.lesson import numbers
from fastrnn.cipher.memory import example_of, remembered
from tests.cipher.test_random_keys import FIFTH, LETTERS


@pytest.fixture
def trained(start):
    """Return what has learned random keys for three epochs, and its held-out messages."""
    training = start(**LETTERS, **FIFTH)
    training.run()
    return Decipherer.load(training.directory), training.lesson.held_out


def test_the_message_that_is_looked_at(trained):
    decipherer, corpus = trained
    text, key = example_of(decipherer, corpus)
    lengths = (corpus.keys != END).sum(axis=1)
    place = int(np.argmax(lengths))
    assert (text, word(key)) == (corpus.ciphertexts[place], word(corpus.keys[place]))
    with pytest.raises(RunError, match="no sentences to draw"):
        example_of(decipherer, Corpus(["", ""], ["", ""]))


def test_states_are_those_that_the_answers_come_from(trained):
    decipherer, corpus = trained
    text, key = example_of(decipherer, corpus)
    found = remembered(decipherer, text, key)
    assert found.given == word(key) + text
    assert found.states.shape == (len(found.given), 8)
    weights, bias = decipherer.model.get_weights()[-2:]
    logits = found.states[found.key_length :] @ weights + bias
    answer = decipherer.config.target.text(logits[:, 1:].argmax(axis=1) + 1).upper()
    assert answer == found.answer == decipherer.decipher([text], key[np.newaxis])[0]


def test_a_letter_of_the_key_is_kept_from_its_step_on(trained):
    decipherer, corpus = trained
    text, key = example_of(decipherer, corpus)
    kept = remembered(decipherer, text, key).kept
    assert kept.shape == (3, 10)
    for place, row in enumerate(kept):
        assert (row[:place] == 0).all()
        assert (row[place:] > 0).all()
    # Of one place, by hand.
    others = [key.copy() for _ in range(25)]
    for letter, other in zip([i for i in range(26) if i != key[1]], others, strict=True):
        other[1] = letter
    layers = decipherer.model.layers[1:-2]

    def states(some):
        signal = numbers(decipherer.config, [text] * len(some), np.stack(some), len(text))
        for layer in layers:
            signal = layer(signal)
        return np.asarray(signal, np.float64)

    apart = np.sqrt(((states(others) - states([key])) ** 2).mean(axis=(0, 2)))
    np.testing.assert_allclose(kept[1], apart, rtol=1e-4, atol=1e-7)


def test_a_shorter_key_has_fewer_letters_to_keep(trained):
    decipherer, _ = trained
    key = np.array([4, END, END], np.int8)
    found = remembered(decipherer, "ABCDEFG", key)
    assert found.given == "E  ABCDEFG"
    assert found.kept.shape == (1, 10)


def test_letters_that_make_no_key_do_not_count(start):
    """An affine key's first letter has no factor in common with 26."""
    training = start(cipher="affine", key="random", text="random", text_length=5, **FIFTH)
    training.run()
    decipherer = Decipherer.load(training.directory)
    key = make_cipher("affine", "5,8").key_row
    kept = remembered(decipherer, "ABCDE", key).kept
    assert np.isfinite(kept).all()
    assert (kept[:, -1] > 0).all()


def test_a_run_with_one_key(start):
    training = start()
    training.run()
    decipherer = Decipherer.load(training.directory)
    text, key = example_of(decipherer, training.lesson.held_out)
    found = remembered(decipherer, text, key)
    assert (key, found.kept, found.key_length) == (None, None, 0)
    assert found.states.shape == (len(text), 8)


def test_accuracy_by_letters_of_the_key(trained):
    decipherer, corpus = trained
    found = evaluate(decipherer, corpus)
    apart = found.by_key_length
    assert list(apart.lengths) == [1, 2, 3]
    assert np.array_equal(apart.right.sum(axis=0), found.right)
    assert np.array_equal(apart.counted.sum(axis=0), found.counted)
    lengths = (corpus.keys != END).sum(axis=1)
    alone = evaluate(decipherer, corpus.some(np.flatnonzero(lengths == 2)))
    assert list(alone.by_key_length.lengths) == [2]
    assert np.array_equal(alone.right, apart.right[1])
    assert np.array_equal(alone.counted, apart.counted[1])
