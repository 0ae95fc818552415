"""A trained model put to work."""

import numpy as np
import pytest

from fastrnn.cipher import CorpusError, Decipherer, RunDirectory, RunError, Settings
from fastrnn.cipher.lesson import Lesson


class Echo:
    """A model that takes every character for what it is, and padding where it may."""

    def predict(self, x, verbose=0):
        classes = 40
        answers = np.zeros((*x.shape[:2], classes), np.float32)
        answers[..., 0] = 0.9
        np.put_along_axis(answers, x.astype(int), 0.5, axis=-1)
        return answers


@pytest.fixture(scope="module")
def config():
    config = Lesson.prepare(
        Settings(sentences=200, cipher="caesar", key="0", input="scalar")
    ).config
    assert config.plain.characters == config.cipher.characters
    return config


@pytest.fixture
def echo(config):
    return Decipherer(Echo(), config)


def test_texts_keep_length_and_case(echo):
    texts = ["THE LIME", "", "the Lime , isn't ?", " ", "a" * 101]
    assert echo.decipher(texts[:4]) == texts[:4]


def test_no_text(echo):
    assert echo.decipher([]) == []
    assert echo.decipher(["", ""]) == ["", ""]


def test_the_longest_text(echo, config):
    assert echo.decipher(["A" * config.length]) == ["A" * config.length]
    with pytest.raises(CorpusError, match=rf"^text 2: has {config.length + 1} characters, but"):
        echo.decipher(["A", "A" * (config.length + 1)])


@pytest.mark.parametrize("text", ["A1B", "é", "\t", "A\nB", "İ"])
def test_a_character_that_was_not_in_training(echo, text):
    with pytest.raises(CorpusError, match=r"^here, line 7: the character .* was not in training"):
        echo.check(text, "here, line 7")


def test_a_run_without_a_finished_epoch(tmp_path, config):
    directory = RunDirectory.fresh(tmp_path)
    directory.write_config(config)
    with pytest.raises(RunError, match="no epoch is finished"):
        Decipherer.load(directory)


def test_the_model_of_another_run(start):
    training = start(epochs=1)
    training.run()
    training.directory.write_config(Lesson.prepare(Settings(sentences=3)).config)
    with pytest.raises(RunError, match=r"best\.safetensors: .* config\.json"):
        Decipherer.load(training.directory)
