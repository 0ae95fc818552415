"""What is right and what is wrong of a model's answers."""

import numpy as np
import pytest

from fastrnn.cipher import Corpus, CorpusError, Decipherer, RunError, Settings, evaluate
from fastrnn.cipher.evaluation import files_of, held_out_of
from fastrnn.cipher.lesson import Lesson
from tests.cipher.test_decoding import Echo


@pytest.fixture(scope="module")
def echo():
    """Return a model that takes every character for what it is; key 0 makes it a good one."""
    config = Lesson.prepare(
        Settings(sentences=200, cipher="caesar", key="0", input="scalar")
    ).config
    return Decipherer(Echo(), config)


def test_every_figure_by_hand(echo):
    plain = ["the lime", "", "a key", "a jug"]
    found = evaluate(echo, Corpus(plain, ["THE LIME", "", "A KEE", "E JUE"]))
    assert (found.total, found.total_right) == (18, 15)
    assert found.accuracy == 15 / 18
    assert (found.sentences, found.sentences_right, found.sentence_accuracy) == (3, 1, 1 / 3)
    assert found.right.tolist() == [2, 3, 3, 3, 1, 1, 1, 1]
    assert found.counted.tolist() == [3, 3, 3, 3, 3, 1, 1, 1]
    mistakes = {(m.truth, m.answer): m.times for m in found.mistakes()}
    assert mistakes == {("y", "e"): 1, ("a", "e"): 1, ("g", "e"): 1}
    assert found.confusion.sum() == 18
    assert np.trace(found.confusion) == 15


def test_the_most_frequent_mistake_comes_first(echo):
    found = evaluate(echo, Corpus(["abb", "bbc"], ["ACC", "CCC"]))
    assert found.mistakes() == [("b", "c", 4)]


def test_many_sentences_are_the_single_ones(echo):
    corpus = Corpus(["the key"] * 700, ["THE KEY"] * 350 + ["THE KEE"] * 350)
    found = evaluate(echo, corpus)
    assert (found.sentences, found.sentences_right) == (700, 350)
    assert found.total_right == 700 * 7 - 350


def test_nothing_to_evaluate(echo):
    for corpus in (Corpus([], []), Corpus(["", ""], ["", ""])):
        with pytest.raises(RunError, match="no sentences to evaluate"):
            evaluate(echo, corpus)


def test_files_name_the_line_of_what_was_not_in_training(echo, tmp_path):
    plain, cipher = tmp_path / "plain", tmp_path / "cipher"
    plain.write_text("A\n" * 300 + "B5\nC\n")
    cipher.write_text("A\n" * 300 + "BC\nC\n")
    settings = echo.config.settings
    with pytest.raises(CorpusError, match="plain, line 301: the character '5' was not in train"):
        evaluate(echo, files_of(settings, str(plain), str(cipher), None))
    with pytest.raises(CorpusError, match="plain, line 301: the character '5' was not in train"):
        evaluate(echo, files_of(settings, str(plain), None, None))
    assert evaluate(echo, files_of(settings, str(plain), None, 300)).accuracy == 1
    plain.write_text("A" * (echo.config.length + 1))
    with pytest.raises(CorpusError, match=r"plain, line 1: has .* characters, but the longest"):
        evaluate(echo, files_of(settings, str(plain), None, None))


def test_held_out_sentences_come_back(start):
    training = start(epochs=1)
    assert held_out_of(training.directory) == training.lesson.held_out
    without = start("without", validation_split=0.0)
    with pytest.raises(RunError, match="no sentences were held out; give others"):
        held_out_of(without.directory)


def test_it_agrees_with_the_history(start):
    training = start(epochs=2)
    training.run()
    found = evaluate(Decipherer.load(training.directory), training.lesson.held_out)
    assert training.epochs[-1].val_loss < training.epochs[-2].val_loss  # so that it is the best
    assert found.accuracy == training.epochs[-1].val_accuracy
    assert found.total == sum(map(len, training.lesson.held_out.plaintexts))
