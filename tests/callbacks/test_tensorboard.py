"""Events for TensorBoard: with the package, and without."""

import sys
import types

import pytest

from fastrnn.callbacks import TensorBoard
from tests.models.builders import shifted, tagger


class Message(types.SimpleNamespace):
    """Stands for a protocol-buffer message."""


class Files:
    """Stands for the package: notes what would be written, by folder."""

    def __init__(self, monkeypatch):
        self.events, self.closed = {}, []

        def summary(value):
            return value

        summary.Value = _value
        parts = {
            "tensorboard": {},
            "tensorboard.compat": {},
            "tensorboard.compat.proto": {},
            "tensorboard.compat.proto.event_pb2": {"Event": Message},
            "tensorboard.compat.proto.summary_pb2": {"Summary": summary},
            "tensorboard.summary": {},
            "tensorboard.summary.writer": {},
            "tensorboard.summary.writer.event_file_writer": {"EventFileWriter": self._writer},
        }
        for name, content in parts.items():
            module = types.ModuleType(name)
            vars(module).update(content)
            monkeypatch.setitem(sys.modules, name, module)

    def _writer(self, folder):
        events = self.events.setdefault(folder, [])
        return types.SimpleNamespace(
            add_event=events.append, flush=lambda: None, close=lambda: self.closed.append(folder)
        )

    def found(self, folder):
        return [(e.step, v.tag) for e in self.events[folder] for v in e.summary]


def _value(**fields):
    histogram = Message(bucket=[], bucket_limit=[])
    return Message(**fields, histo=histogram)


def fit(callback):
    model = tagger()
    model.fit(
        *shifted(20), batch_size=8, epochs=2, validation_split=0.2, callbacks=callback, verbose=0
    )
    return model


def test_epochs(monkeypatch):
    files = Files(monkeypatch)
    fit(TensorBoard("here"))
    names = ["epoch_accuracy", "epoch_loss"]
    assert files.found("here/train") == [
        (epoch, name) for epoch in (0, 1) for name in [*names, "epoch_learning_rate"]
    ]
    assert files.found("here/validation") == [(epoch, name) for epoch in (0, 1) for name in names]
    assert sorted(files.closed) == ["here/train", "here/validation"]


def test_steps(monkeypatch):
    files = Files(monkeypatch)
    fit(TensorBoard("here", update_freq="batch"))
    steps = [step for step, tag in files.found("here/train") if tag == "batch_loss"]
    assert steps == [1, 2, 3, 4]
    files.events.clear()
    fit(TensorBoard("here", update_freq=3))
    assert (3, "batch_accuracy") in files.found("here/train")
    assert (1, "batch_loss") not in files.found("here/train")


def test_weights(monkeypatch):
    files = Files(monkeypatch)
    model = fit(TensorBoard("here", histogram_freq=2))
    tags = {tag for step, tag in files.found("here/train") if "/" in tag}
    assert tags == {f"{layer.name}/{p.name}" for layer in model.layers for p in layer.parameters}
    entry = next(v for e in files.events["here/train"] for v in e.summary if "/" in v.tag)
    assert sum(entry.histo.bucket) == entry.histo.num
    assert len(entry.histo.bucket) == len(entry.histo.bucket_limit) == 30


def test_without_the_package_it_says_so_at_once(monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorboard", None)
    with pytest.raises(ImportError, match=r"pip install fastrnn\[tensorboard\]"):
        fit(TensorBoard())


@pytest.mark.parametrize("update_freq", [0, "step", 1.5, True])
def test_errors(update_freq):
    with pytest.raises(ValueError, match="update_freq is"):
        TensorBoard(update_freq=update_freq)


def test_the_files_are_tensorboard_s(tmp_path):
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    history = tagger().fit(
        *shifted(), epochs=3, callbacks=TensorBoard(tmp_path, histogram_freq=1), verbose=0
    )
    events = EventAccumulator(str(tmp_path / "train")).Reload()
    found = [event.value for event in events.Scalars("epoch_loss")]
    assert found == pytest.approx(history.history["loss"], rel=1e-6)
    assert "gru_1/kernel" in events.Tags()["histograms"]
