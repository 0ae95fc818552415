"""Runs that an earlier version started: resumed as they were, never read as something else."""

import json

import pytest

from fastrnn.cipher import Training
from fastrnn.cipher.lesson import Lesson


@pytest.fixture
def old(start, tmp_path):
    """Return a function that makes a run as the first version of ``config.json`` had them."""
    plain = tmp_path / "plain.txt"
    plain.write_text("THE LIME IS HERS .\n" * 20)

    def old(**settings):
        given = {"plaintext": str(plain), "sentences": None, **settings}
        training = start(input="scalar", epochs=2, batch_size=4, **given)
        config = training.directory.config_file
        content = json.loads(config.read_text())
        content["format"] = 1
        found = Lesson.prepare(training.lesson.config.settings, format=1)
        content["corpus"] = found.config.fingerprint
        config.write_text(json.dumps(content))
        assert len(found.training) + len(found.held_out) == 21
        return training.directory, content

    return old


def test_the_empty_sentence_at_the_end_stays(old):
    directory, _ = old()
    training = Training.resume(directory, {"epochs": 1})
    training.run()
    again = Training.resume(directory, {"epochs": 2})
    assert len(again.lesson.training) + len(again.lesson.held_out) == 21
    assert len(again.epochs) == 1
    assert json.loads(directory.config_file.read_text())["format"] == 1


def test_a_run_without_the_setting_input_has_scalars(old):
    directory, content = old()
    del content["settings"]["input"]
    directory.config_file.write_text(json.dumps(content))
    training = Training.resume(directory)
    assert training.lesson.config.settings.input == "scalar"
    assert training.model.input_shape[-1] == 1
