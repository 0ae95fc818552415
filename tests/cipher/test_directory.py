"""The files of a run: told apart, checked, written whole, never overwritten."""

import json
import os

import pytest

from fastrnn.cipher import RunDirectory, RunError, Settings
from fastrnn.cipher.history import Epoch
from fastrnn.cipher.lesson import Lesson

FILES = ["config.json", "history.csv", "best.safetensors", "last.safetensors"]
FILES += ["history.png", "plot.png"]


@pytest.fixture
def directory(tmp_path):
    directory = RunDirectory.fresh(tmp_path / "run")
    directory.write_config(Lesson.prepare(Settings(sentences=20, units=3)).config)
    return directory


def test_a_fresh_directory_is_made_with_its_parents(tmp_path):
    assert RunDirectory.fresh(tmp_path / "a" / "b").path.is_dir()


def test_other_files_do_not_matter(tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    RunDirectory.fresh(tmp_path)
    assert (tmp_path / "notes.txt").read_text() == "mine"


@pytest.mark.parametrize("name", FILES)
def test_another_run_is_never_overwritten(tmp_path, name):
    (tmp_path / name).write_text("precious")
    with pytest.raises(RunError, match=f"{name}.*--resume.*--out"):
        RunDirectory.fresh(tmp_path)
    assert (tmp_path / name).read_text() == "precious"


def test_a_file_in_the_way(tmp_path):
    (tmp_path / "run").write_text("")
    with pytest.raises(RunError, match="run: is a file, but should be a directory"):
        RunDirectory.fresh(tmp_path / "run")


def test_numbered_directories(tmp_path):
    made = [RunDirectory.numbered(tmp_path / "runs" / "run").path.name for _ in range(3)]
    assert made == ["run", "run-2", "run-3"]
    assert sorted(path.name for path in (tmp_path / "runs").iterdir()) == made


def test_the_configuration_comes_back(directory):
    config = Lesson.prepare(Settings(sentences=20, units=3)).config
    again = directory.read_config()
    assert again.to_json() == config.to_json()
    assert again.settings == config.settings
    assert again.cipher.characters == config.cipher.characters


@pytest.mark.parametrize("name", ["nowhere", "empty", "file"])
def test_no_run_is_there(tmp_path, name):
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").write_text("")
    with pytest.raises(RunError, match=f"{name}: no training run is there"):
        RunDirectory(tmp_path / name).read_config()


def changed(content, path, value):
    """Return `content` with what stands at `path` replaced, or left out where `value` is ...."""
    *parents, last = path
    part = content
    for key in parents:
        part = part[key]
    if value is ...:
        del part[last]
    else:
        part[last] = value
    return content


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (["format"], 3),
        (["format"], True),
        (["length"], True),
        (["length"], 10**400),
        (["characters", "plain"], "abca"),
        (["characters", "plain"], "Ab"),
        (["settings", "learning_rate"], 10**400),
        (["settings", "cell"], {}),
        (["settings", "plaintext"], "a\0"),
        (["more"], 1),
        (["format"], ...),
        (["settings"], ...),
        (["settings"], []),
        (["settings", "units"], "many"),
        (["settings", "units"], -1),
        (["settings", "learning_rate"], "fast"),
        (["settings", "colour"], "red"),
        (["length"], "long"),
        (["length"], 0),
        (["characters"], None),
        (["characters", "plain"], ...),
        (["characters", "plain"], 5),
        (["corpus"], ...),
    ],
)
def test_a_damaged_configuration_is_refused(directory, path, value):
    content = json.loads(directory.config_file.read_text())
    directory.config_file.write_text(json.dumps(changed(content, path, value)))
    with pytest.raises(RunError, match=r"config\.json: damaged \(.+\); train again elsewhere"):
        directory.read_config()


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"3", b"\xff\xfe", b"[" * 100_000])
def test_a_configuration_that_is_none_is_refused(directory, content):
    directory.config_file.write_bytes(content)
    with pytest.raises(RunError, match=r"config\.json: damaged"):
        directory.read_config()


def test_the_history_comes_back(directory):
    assert directory.read_history() == []
    epochs = [Epoch(1, 0.5, 0.25, 0.75, 0.125, 1.0), Epoch(2, 0.1, 0.2, 0.3, 0.4, 0.5)]
    directory.write_history(epochs)
    assert directory.read_history() == epochs


def test_a_damaged_history_is_refused(directory):
    directory.history_file.write_text("epoch,loss\n1,2\n")
    with pytest.raises(RunError, match=r"history\.csv: damaged"):
        directory.read_history()


def test_a_file_that_cannot_be_written_stays_as_it_was(directory, monkeypatch):
    before = directory.config_file.read_bytes()

    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        directory.write_config(Lesson.prepare(Settings(sentences=30)).config)
    assert directory.config_file.read_bytes() == before
    assert [path.name for path in directory.path.iterdir()] == ["config.json"]


def test_permissions_are_the_umask_s(directory):
    plain = directory.path / "plain"
    plain.write_text("")
    assert directory.config_file.stat().st_mode == plain.stat().st_mode
