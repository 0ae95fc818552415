"""Files are replaced whole or not at all, and nothing is left beside them."""

import os
import stat
from pathlib import Path

import pytest

from fastrnn.files import remove_leftovers, replace_file

posix = pytest.mark.skipif(os.name != "posix", reason="files are another thing there")


@pytest.mark.parametrize("as_type", [str, Path])
def test_a_file_is_made_and_replaced(tmp_path, as_type):
    for content in (b"", b"first", b"\0" * 100_000):
        replace_file(as_type(tmp_path / "file"), content)
        assert (tmp_path / "file").read_bytes() == content
        assert os.listdir(tmp_path) == ["file"]


def test_a_relative_path(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    replace_file("file", b"content")
    assert (tmp_path / "file").read_bytes() == b"content"


@posix
@pytest.mark.parametrize("length", [1, 255])
def test_a_name_may_be_as_long_as_names_are(tmp_path, length):
    replace_file(tmp_path / ("x" * length), b"content")
    assert os.listdir(tmp_path) == ["x" * length]


@posix
@pytest.mark.parametrize(("umask", "mode"), [(0o022, 0o644), (0o027, 0o640), (0o077, 0o600)])
def test_permissions_are_those_of_the_umask(tmp_path, umask, mode):
    before = os.umask(umask)
    try:
        replace_file(tmp_path / "file", b"")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "file").stat().st_mode) == mode


def failing(error):
    def fail(*_):
        raise error

    return fail


@pytest.mark.parametrize(
    "error", [OSError(28, "No space left on device"), KeyboardInterrupt(), MemoryError()]
)
@pytest.mark.parametrize("moment", ["fsync", "replace"])
def test_what_fails_leaves_the_old_file(tmp_path, monkeypatch, moment, error):
    replace_file(tmp_path / "file", b"old")
    with monkeypatch.context() as patch:
        patch.setattr(os, moment, failing(error))
        with pytest.raises(type(error)) as caught:
            replace_file(tmp_path / "file", b"new")
    assert caught.value is error
    assert os.listdir(tmp_path) == ["file"]
    assert (tmp_path / "file").read_bytes() == b"old"


def test_what_fails_first_is_told(tmp_path, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", failing(OSError(28, "No space left on device")))
        patch.setattr(os, "unlink", failing(OSError(5, "Input/output error")))
        with pytest.raises(OSError, match="No space left"):
            replace_file(tmp_path / "file", b"new")


def test_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(FileNotFoundError):
        replace_file(tmp_path / "nowhere" / "file", b"")


def test_a_folder_in_the_way(tmp_path):
    (tmp_path / "file").mkdir()
    with pytest.raises(OSError, match="file"):
        replace_file(tmp_path / "file", b"")
    assert os.listdir(tmp_path) == ["file"]


@posix
def test_content_is_synced_before_it_has_the_name_and_the_folder_after(tmp_path, monkeypatch):
    told = []
    sync, rename = os.fsync, os.replace

    def fsync(descriptor):
        is_folder = stat.S_ISDIR(os.fstat(descriptor).st_mode)
        told.append("folder" if is_folder else os.fstat(descriptor).st_size)
        sync(descriptor)

    def replace(source, destination):
        told.append("renamed")
        rename(source, destination)

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", fsync)
        patch.setattr(os, "replace", replace)
        replace_file(tmp_path / "file", b"content")
    assert told == [7, "renamed", "folder"]


def test_leftovers_of_killed_writers_can_be_removed(tmp_path, monkeypatch):
    names = ["mine", ".fastrnn-notes", "x.tmp"]
    for name in names:
        (tmp_path / name).touch()
    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", lambda source, destination: None)  # as if killed before it
        replace_file(tmp_path / "file", b"content")
    assert len(os.listdir(tmp_path)) == 4
    remove_leftovers(tmp_path)
    assert sorted(os.listdir(tmp_path)) == sorted(names)
    remove_leftovers(tmp_path / "nowhere")
