"""Small runs that the tests of training share."""

import pytest

from fastrnn.cipher import RunDirectory, Settings, Training
from fastrnn.cipher.lesson import Lesson

SMALL = {"sentences": 120, "units": 8, "epochs": 3, "batch_size": 16, "learning_rate": 0.02}


@pytest.fixture
def start(tmp_path):
    """Return a function that starts a small run in a directory of that name."""

    def start(name="run", **settings):
        lesson = Lesson.prepare(Settings(**{**SMALL, **settings}))
        return Training.start(lesson, RunDirectory.fresh(tmp_path / name))

    return start
