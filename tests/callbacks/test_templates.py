"""Names of files with fields, and what callbacks ask for that a training will not report."""

import os

import numpy as np
import pytest

from fastrnn.callbacks import (
    Callback,
    CSVLogger,
    EarlyStopping,
    LearningRateScheduler,
    ModelCheckpoint,
    ReduceLROnPlateau,
)
from fastrnn.callbacks.progress import ProgressBar
from fastrnn.callbacks.template import FileTemplate
from fastrnn.layers import GRU, Dense, Input
from fastrnn.models import Sequential
from tests.models.builders import shifted, tagger


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("plain", "plain"),
        ("{epoch}", "7"),
        ("{epoch:02d}-{val_loss:.2f}", "07-0.12"),
        ("{{epoch}}-{epoch:>4}", "{epoch}-   7"),
        ("{val_loss:+.3e} {val_loss:%} {epoch:,}", "+1.235e-01 12.345600% 7"),
        ("{epoch:_^5}", "__7__"),
    ],
)
def test_plain_fields(text, filled):
    assert FileTemplate("filepath", text).filled({"epoch": 7, "val_loss": 0.123456}) == filled


@pytest.mark.parametrize(
    "text",
    [
        "{epoch.__class__}",
        "{epoch.__class__.__mro__[1]}",
        "{epoch[0]}",
        "{epoch!r}",
        "{epoch!s:>10}",
        "{epoch:{width}}",
        "{}",
        "{0}",
        "{ epoch}",
        "{epoch",
        "epoch}",
        "{epoch:",
        "{epoch:z}",
        "{epoch:q}",
        "{epoch:1000000000}",
        "{epoch:.1000000000f}",
        "{epoch:s}",
        "{loss:\x1b}",
    ],
)
def test_nothing_else_is_a_field(text):
    with pytest.raises(ValueError, match="filepath is") as caught:
        ModelCheckpoint(text)
    assert "\x1b" not in str(caught.value)


class Untrained(Callback):
    """Fails the test if anything is trained."""

    def on_train_begin(self, logs=None):
        raise AssertionError("it has begun")


@pytest.mark.parametrize(
    ("text", "options"),
    [
        ("{val_loss:.2f}", {}),
        ("{batch}", {}),
        ("{accuracy}-{lr}", {}),
        ("{epoch}-{val_loss}", {"save_freq": 2}),
    ],
)
def test_an_unknown_field_is_told_before_anything_is_trained(tmp_path, text, options):
    callbacks = [ModelCheckpoint(tmp_path / text, **options), Untrained()]
    with pytest.raises(ValueError, match=r"asks for the field '.*'; it may hold epoch"):
        tagger().fit(*shifted(), verbose=0, callbacks=callbacks)


def test_known_fields(tmp_path):
    x, y = shifted()
    callbacks = [
        LearningRateScheduler(lambda epoch: 0.5),
        ModelCheckpoint(tmp_path / "{epoch}-{learning_rate:.1f}-{val_loss:.0f}"),
        ModelCheckpoint(tmp_path / "{epoch}-{batch}", save_freq=1),
    ]
    tagger().fit(x, y, batch_size=len(x), verbose=0, callbacks=callbacks, validation_data=(x, y))
    assert {name.rpartition("-")[0] for name in os.listdir(tmp_path)} == {"1-0.5", "1"}


class Adds(Callback):
    def on_epoch_end(self, epoch, logs=None):
        logs["mine"] = 3.0


def test_a_callback_of_one_s_own_may_add_to_the_logs(tmp_path):
    callbacks = [Adds(), ModelCheckpoint(tmp_path / "{mine:.0f}"), EarlyStopping("mine")]
    tagger().fit(*shifted(), verbose=0, callbacks=callbacks)
    assert os.listdir(tmp_path) == ["3"]


@pytest.mark.parametrize(
    "callback",
    [
        EarlyStopping(),
        ReduceLROnPlateau("val_los"),
        ModelCheckpoint("x", save_best_only=True),
        ModelCheckpoint("x", monitor="val_loss", save_best_only=True, save_freq=1),
    ],
)
def test_an_unknown_value_is_told_before_anything_is_trained(callback):
    class Stop(Callback):
        def on_train_begin(self, logs=None):
            raise InterruptedError

    with (
        pytest.warns(UserWarning, match="watches 'val_los.*', which this training does not report"),
        pytest.raises(InterruptedError),
    ):
        tagger().fit(*shifted(), verbose=0, callbacks=[callback, Stop()])


def test_a_batch_that_a_stateful_layer_cannot_take_is_told_before_anything_is_trained():
    def fit(samples, held_out, start):
        model = Sequential([start, GRU(2, stateful=True), Dense(1)])
        model.compile("sgd", "mse")
        x, y = np.ones((8, 3, 2)), np.ones((8, 1))
        validation = x[:held_out], y[:held_out]
        model.fit(x[:samples], y[:samples], 4, validation_data=validation, callbacks=[Untrained()])

    for samples, held_out in ((7, 4), (8, 7), (8, 3), (3, 4)):
        for start in (Input(batch_shape=(4, 3, 2)), Input((3, 2))):
            with pytest.raises(ValueError, match=r"multiple|batches of one size"):
                fit(samples, held_out, start)


class Fails(Callback):
    def __init__(self, hook, error):
        self.error = error
        setattr(self, hook, self.fail)

    def fail(self, *arguments):
        raise self.error


@pytest.mark.parametrize("error", [RuntimeError(), KeyboardInterrupt()])
@pytest.mark.parametrize(
    "hook", ["on_epoch_begin", "on_train_batch_end", "on_test_begin", "on_epoch_end"]
)
def test_what_is_open_is_closed_however_a_training_ends(tmp_path, hook, error):
    released = []

    class Open(Callback):
        def release(self):
            released.append(self)

    bar, x = ProgressBar(), shifted()
    callbacks = [bar, Open(), CSVLogger(tmp_path / "log"), Fails(hook, error)]
    with pytest.raises(type(error)):
        tagger().fit(*x, verbose=0, validation_data=x, callbacks=callbacks)
    assert bar._bar.disable  # closed
    assert released == [callbacks[1]]
    bar.release()  # twice does no harm


def test_a_table_goes_through_a_link_and_into_no_pipe(tmp_path):
    (tmp_path / "there").mkdir()
    (tmp_path / "link").symlink_to("there/log")
    tagger().fit(*shifted(), verbose=0, callbacks=CSVLogger(tmp_path / "link"))
    assert (tmp_path / "link").is_symlink()
    assert len((tmp_path / "there" / "log").read_text().splitlines()) == 2
    os.mkfifo(tmp_path / "pipe")
    for name in ("pipe", "there"):
        with pytest.raises(OSError, match="cannot be written as a file"):
            tagger().fit(*shifted(), verbose=0, callbacks=CSVLogger(tmp_path / name))


def test_a_table_on_a_full_disk_keeps_its_lines(tmp_path):
    import resource

    log = CSVLogger(tmp_path / "log")
    log.on_train_begin()
    log.on_epoch_end(0, {"loss": 1.0})
    before = (tmp_path / "log").read_bytes()
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) + 3, limit[1]))
    try:
        with pytest.raises(OSError, match="File too large: the file that was there is as it was"):
            log.on_epoch_end(1, {"loss": 2.0})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
    assert (tmp_path / "log").read_bytes() == before
