"""Accuracy is the share of characters that are right, in a training as in an evaluation."""

import numpy as np
import pytest

from fastrnn.cipher import Decipherer, Training, evaluate


def share(model, lesson, corpus):
    """Return the share of characters that a model gets right, counted the plain way."""
    x, y = lesson.arrays(corpus)
    wanted = y[..., 0]
    answers = model.predict(x, verbose=0)[..., 1:].argmax(axis=-1) + 1
    return np.mean((answers == wanted)[wanted > 0])


@pytest.mark.parametrize("input", ["one-hot", "scalar"])
def test_padding_counts_nowhere(start, input):
    training = start(input=input, epochs=1, units=3, validation_split=0.5)
    training.run()
    found = evaluate(Decipherer.load(training.directory), training.lesson.held_out)
    accuracy = training.epochs[0].val_accuracy
    assert accuracy == found.accuracy
    assert accuracy == share(training.model, training.lesson, training.lesson.held_out)
    # An untrained model of three units gets padding right, and little else.
    assert 0 < accuracy < 0.3


def test_the_loss_goes_on_counting_padding(start):
    training = start(epochs=1)
    training.run()
    x, y = training.lesson.arrays(training.lesson.held_out)
    probabilities = np.take_along_axis(training.model.predict(x, verbose=0), y, axis=-1)
    assert training.epochs[0].val_loss == pytest.approx(-np.log(probabilities).mean(), rel=1e-5)


def test_a_resumed_run_counts_the_same(start):
    whole = start("whole", epochs=2)
    whole.run()
    start("parts", epochs=1).run()
    directory = type(whole.directory)(whole.directory.path.parent / "parts")
    resumed = Training.resume(directory, {"epochs": 2})
    resumed.run()
    assert [e.accuracy for e in resumed.epochs] == [e.accuracy for e in whole.epochs]
    assert [e.val_accuracy for e in resumed.epochs] == [e.val_accuracy for e in whole.epochs]
