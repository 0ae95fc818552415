"""Training runs on the built-in corpus: their files, their bits, and how they are resumed."""

import json
import sys

import numpy as np
import pytest
from safetensors.numpy import load_file

import fastrnn
from fastrnn.callbacks import Callback
from fastrnn.cipher import Caesar, Decipherer, RunDirectory, RunError, Training, built_in, lesson
from fastrnn.cipher.lines import Lines
from fastrnn.models import CheckpointError, load_model, order


class Killed(BaseException):
    """What ends a run in the middle."""


class Kill(Callback):
    """Ends a run as if it were killed, in an epoch or after it was kept."""

    def __init__(self, epoch, at_end=False):
        self.kill_in, self.at_end, self.now = epoch, at_end, 0

    def on_epoch_begin(self, epoch, logs=None):
        self.now = epoch + 1

    def on_train_batch_end(self, batch, logs=None):
        if not self.at_end and self.now == self.kill_in and batch == 2:
            raise Killed

    def on_epoch_end(self, epoch, logs=None):
        if self.at_end and self.now == self.kill_in:
            raise Killed


def state(training):
    """Return every bit that a run keeps, but for its times."""
    rows = [(e.epoch, e.loss, e.accuracy, e.val_loss, e.val_accuracy) for e in training.epochs]
    files = training.directory.best_file, training.directory.last_file
    return rows, [{k: v.tobytes() for k, v in load_file(file).items()} for file in files]


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """Return a run of three epochs without a break, to compare with."""
    from fastrnn.cipher import Settings
    from fastrnn.cipher.lesson import Lesson
    from tests.cipher.conftest import SMALL

    path = tmp_path_factory.mktemp("whole") / "run"
    training = Training.start(Lesson.prepare(Settings(**SMALL)), RunDirectory.fresh(path))
    training.run()
    return training


def test_it_learns(whole):
    losses = [epoch.val_loss for epoch in whole.epochs]
    assert [epoch.epoch for epoch in whole.epochs] == [1, 2, 3]
    assert losses == sorted(losses, reverse=True)
    assert losses[-1] < 0.9 * np.log(len(whole.lesson.config.plain))


def test_the_files_of_a_run(whole):
    directory = whole.directory
    names = {path.name for path in directory.path.iterdir()} - {"history.png"}
    assert names == {"config.json", "history.csv", "best.safetensors", "last.safetensors"}
    head, *rows = directory.history_file.read_text().splitlines()
    assert head == "epoch,loss,accuracy,val_loss,val_accuracy,seconds"
    assert len(rows) == 3
    assert directory.read_history() == whole.epochs


def test_the_last_model_is_the_one_that_was_trained(whole):
    last = load_model(whole.directory.last_file)
    for stored, trained in zip(last.get_weights(), whole.model.get_weights(), strict=True):
        assert np.array_equal(stored, trained)
    assert last.optimizer.iterations == 3 * whole.steps == 3 * 6


def test_the_best_model_has_the_least_val_loss(whole):
    x, y = whole.lesson.arrays(whole.lesson.held_out)
    best = load_model(whole.directory.best_file).evaluate(x, y, verbose=0, return_dict=True)
    figures = min(whole.epochs, key=lambda epoch: epoch.val_loss)
    assert best["loss"] == pytest.approx(figures.val_loss, rel=1e-5)


def test_a_worse_epoch_does_not_replace_the_best(start):
    training = start()
    training.run()
    before = training.directory.best_file.read_bytes()
    training.epochs[-1].__dict__["val_loss"] = 0.0
    training.lesson.config.settings.epochs = 4
    training.run()
    assert training.directory.best_file.read_bytes() == before
    assert training.directory.last_file.read_bytes() != before


def test_the_picture(start):
    pytest.importorskip("matplotlib")
    training = start(epochs=1)
    training.run()
    assert training.directory.history_plot_file.read_bytes().startswith(b"\x89PNG")


def test_no_picture_without_matplotlib(start, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    training = start(epochs=1)
    training.run()
    assert not training.directory.history_plot_file.exists()


def test_the_same_seed_gives_the_same_bits(whole, start):
    again = start()
    again.run()
    assert state(again) == state(whole)


@pytest.mark.parametrize("settings", [{}, {"input": "one-hot", "direction": "encrypt"}])
def test_a_corpus_that_is_not_held_in_memory_gives_the_same_bits(
    start, tmp_path, monkeypatch, settings
):
    plain = tmp_path / "plain.txt"
    plain.write_text("\n".join(built_in(Caesar(0), 120).plaintexts))
    settings = {"plaintext": str(plain), "cipher": "vigenere", "epochs": 2, **settings}
    loaded = start("loaded", **settings)
    loaded.run()
    monkeypatch.setattr(lesson, "IN_MEMORY", 120 * loaded.lesson.config.length * 8 - 1)
    read = start("read", **settings)
    assert isinstance(read.lesson.training.plaintexts, Lines)
    assert isinstance(read.lesson.data(read.lesson.held_out), lesson.Sentences)
    read.run()
    assert state(read) == state(loaded)
    assert len(read.lesson.held_out) == 24
    resumed = Training.resume(read.directory, {"epochs": 3})
    resumed.run()
    loaded = Training.resume(loaded.directory, {"epochs": 3})
    loaded.run()
    assert state(resumed) == state(loaded)


def test_another_seed_gives_others(whole, start):
    other = start(seed=1)
    other.run()
    assert state(other) != state(whole)


def test_the_number_of_threads_changes_no_bit(whole, start):
    threads = fastrnn.get_num_threads()
    try:
        fastrnn.set_num_threads(1)
        again = start()
        again.run()
    finally:
        fastrnn.set_num_threads(threads)
    assert state(again) == state(whole)


@pytest.mark.parametrize("epoch", [1, 2, 3])
@pytest.mark.parametrize("at_end", [False, True])
def test_a_resumed_run_ends_with_the_same_bits(whole, start, epoch, at_end):
    broken = start()
    with pytest.raises(Killed):
        broken.run([Kill(epoch, at_end)])
    fastrnn.set_seed(99)
    resumed = Training.resume(broken.directory)
    assert len(resumed.epochs) == epoch - 1 + at_end
    resumed.run()
    assert state(resumed) == state(whole)
    assert resumed.directory.read_history() == resumed.epochs


def test_a_run_that_was_killed_while_it_kept_an_epoch(whole, start, monkeypatch):
    broken = start()
    save = broken.model.save

    def killed_at_the_last_file(path):
        if path == broken.directory.last_file and broken.model.optimizer.iterations > broken.steps:
            raise Killed
        save(path)

    monkeypatch.setattr(broken.model, "save", killed_at_the_last_file)
    with pytest.raises(Killed):
        broken.run()
    assert len(broken.directory.read_history()) == 2
    resumed = Training.resume(broken.directory)
    assert len(resumed.epochs) == 1
    resumed.run()
    assert state(resumed) == state(whole)


@pytest.mark.parametrize(("save_steps", "kept"), [(1, 3), (2, 2), (None, 0)])
def test_a_run_that_is_kept_within_epochs_goes_on_there(whole, start, save_steps, kept):
    broken = start()
    broken.save_steps = save_steps
    with pytest.raises(Killed):
        broken.run([Kill(2)])
    resumed = Training.resume(broken.directory)
    assert (len(resumed.epochs), resumed.step) == (1, kept)
    resumed.run()
    assert state(resumed) == state(whole)


def test_a_run_of_a_corpus_past_memory_goes_on_within_an_epoch(whole, start, monkeypatch):
    # As if the sentences were millions: read when asked for, and in an order drawn by blocks.
    for module, name, value in (
        (lesson, "IN_MEMORY", 0),
        (order, "MOST", 0),
        (order, "BLOCK", 3),
        (order, "BLOCKS_MIXED", 7),
    ):
        monkeypatch.setattr(module, name, value)
    unbroken = start("unbroken")
    unbroken.run()
    broken = start("broken")
    broken.save_steps = 2
    with pytest.raises(Killed):
        broken.run([Kill(2)])
    resumed = Training.resume(broken.directory)
    assert resumed.step == 2
    resumed.run()
    assert state(resumed) == state(unbroken) != state(whole)


def test_a_run_is_kept_by_the_clock_too(start):
    training, saved = start(epochs=1), []
    save = training.model.save
    training.model.save = lambda path: saved.append(training.step)
    training.save_seconds = 1e-9
    training.run()
    assert saved[:-2] == list(range(1, training.steps + 1))
    training.model.save = save


def test_a_run_that_is_watched_writes_the_same_bytes(start):
    alone, watched = start("alone", epochs=1), start("watched", epochs=1)
    alone.run()
    watched.run([Callback()])
    one, other = (run.directory.last_file.read_bytes() for run in (alone, watched))
    assert one == other


def test_ctrl_c_keeps_the_run(whole, start):
    class Press(Kill):
        def on_train_batch_end(self, batch, logs=None):
            if (self.now, batch) == (self.kill_in, 3):
                raise KeyboardInterrupt

    broken = start()
    with pytest.raises(KeyboardInterrupt):
        broken.run([Press(2)])
    resumed = Training.resume(broken.directory)
    assert (len(resumed.epochs), resumed.step) == (1, 4)
    resumed.run()
    assert state(resumed) == state(whole)


def test_more_epochs(whole, start):
    first = start(epochs=1)
    first.run()
    more = Training.resume(first.directory, {"epochs": 3})
    more.run()
    assert state(more) == state(whole)
    assert first.directory.read_config().settings.epochs == 3


def test_nothing_is_left_to_do(start):
    training = start(epochs=1)
    training.run()
    before = state(training)
    again = Training.resume(training.directory)
    again.run()
    assert state(again) == before


def test_other_settings_are_refused(start):
    training = start(epochs=1)
    training.run()
    with pytest.raises(RunError, match=r"^units: 9, but"):
        Training.resume(training.directory, {"units": 9})


def test_a_changed_corpus_is_refused(start, tmp_path):
    plain = tmp_path / "p.txt"
    plain.write_text("ONE TWO\n" * 50)
    training = start(plaintext=str(plain), sentences=None, epochs=1)
    training.run()
    plain.write_text("ONE TOO\n" * 50)
    with pytest.raises(RunError, match="the sentences are not those"):
        Training.resume(training.directory)


def test_files_that_do_not_fit_are_refused(start):
    training = start(epochs=2)
    training.run()
    training.directory.write_history(training.epochs[:1])
    with pytest.raises(RunError, match=r"does not fit the 1 epochs of history\.csv"):
        Training.resume(training.directory)


def test_a_lost_last_model_is_refused(start):
    training = start(epochs=2)
    training.run()
    training.directory.last_file.unlink()
    with pytest.raises(FileNotFoundError):
        Training.resume(training.directory)


def test_a_damaged_model_is_refused(start):
    training = start(epochs=1)
    training.run()
    content = bytearray(training.directory.last_file.read_bytes())
    content[-1] ^= 1
    training.directory.last_file.write_bytes(content)
    with pytest.raises(CheckpointError, match=r"last\.safetensors"):
        Training.resume(training.directory)


def test_without_held_out_sentences(start):
    training = start(validation_split=0.0, epochs=2)
    training.run()
    assert [(e.val_loss, e.val_accuracy) for e in training.epochs] == [(None, None)] * 2
    assert training.directory.best_file.exists()
    assert Training.resume(training.directory).epochs == training.epochs


def test_a_loss_that_is_no_number_ends_the_run(start, monkeypatch):
    training = start()
    weights = training.model.get_weights()
    training.model.set_weights([np.full_like(weight, np.nan) for weight in weights])
    with pytest.raises(RunError, match="epoch 1, step 1: the gradient is not finite"):
        training.run()
    assert not training.directory.last_file.exists()


@pytest.mark.parametrize("input", ["one-hot", "embedding"])
def test_other_inputs_learn_and_resume(start, input):
    training = start(input=input, epochs=2, clip_norm=1.0)
    training.run()
    assert training.epochs[1].val_loss < training.epochs[0].val_loss
    assert training.model.optimizer.global_clipnorm == 1.0
    first = start("parts", input=input, epochs=1, clip_norm=1.0)
    first.run()
    resumed = Training.resume(first.directory, {"epochs": 2})
    resumed.run()
    assert state(resumed) == state(training)
    assert len(Decipherer.load(training.directory).decipher(["YMJ QNRJ"])[0]) == 8


@pytest.mark.parametrize("cell", ["gru", "rnn", "lstm"])
def test_every_cell_learns(start, cell):
    training = start(cell=cell, epochs=2)
    training.run()
    assert training.epochs[1].val_loss < training.epochs[0].val_loss
    assert len(Decipherer.load(training.directory).decipher(["YMJ QNRJ"])[0]) == 8


def test_the_configuration_is_readable(start):
    training = start()
    content = json.loads(training.directory.config_file.read_text())
    assert content["settings"]["cipher"] == "caesar"
    assert content["length"] == training.lesson.config.length


def test_many_short_sentences_are_not_held_in_memory(tmp_path):
    plain = tmp_path / "plain.txt"
    plain.write_text("AB\n" * 600_000)
    prepared = lesson.Lesson.prepare(lesson.Settings(plaintext=str(plain)))
    # As many take hardly any place in an array, but as objects of Python's.
    assert isinstance(prepared.training.plaintexts, Lines)
    assert isinstance(prepared.data(prepared.training), lesson.Sentences)
