"""Files are replaced whole or not at all, and nothing is left beside them."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from fastrnn.files import make_folder, path_text, remove_leftovers, replace_file
from tests.patience import PATIENCE

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
    if isinstance(error, OSError):
        assert caught.value.errno == error.errno
        assert "No space left on device: the file that was there is as it was" in str(caught.value)
        assert caught.value.__cause__ is error
    else:
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


WRITER = """
import sys
from fastrnn.files import replace_file

def slowly():
    yield b"first"
    print("writing", flush=True)
    sys.stdin.readline()
    yield b"last"

replace_file(sys.argv[1], slowly())
"""


@posix
def test_a_file_stays_while_its_writer_lives(tmp_path):
    command = [sys.executable, "-c", WRITER, str(tmp_path / "slow")]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, **pipes) as writer:
        assert writer.stdout.readline() == "writing\n"
        remove_leftovers(tmp_path)
        replace_file(tmp_path / "other", b"content")
        assert len(os.listdir(tmp_path)) == 2
        writer.communicate("\n", timeout=PATIENCE)
    assert writer.returncode == 0
    assert (tmp_path / "slow").read_bytes() == b"firstlast"
    with subprocess.Popen(command, **pipes) as writer:
        writer.stdout.readline()
        writer.kill()
    assert len(os.listdir(tmp_path)) == 3
    replace_file(tmp_path / "other", b"content")  # a later save removes what is left
    assert sorted(os.listdir(tmp_path)) == ["other", "slow"]
    assert (tmp_path / "slow").read_bytes() == b"firstlast"


@posix
def test_a_link_stays_and_its_target_is_written(tmp_path):
    (tmp_path / "there").mkdir()
    replace_file(tmp_path / "there" / "target", b"old")
    (tmp_path / "link").symlink_to("there/target")
    (tmp_path / "second").symlink_to("link")
    replace_file(tmp_path / "second", b"new")
    assert (tmp_path / "second").is_symlink()
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "there" / "target").read_bytes() == b"new"
    (tmp_path / "to nothing").symlink_to("there/made")
    replace_file(tmp_path / "to nothing", b"made")
    assert (tmp_path / "there" / "made").read_bytes() == b"made"
    assert sorted(os.listdir(tmp_path / "there")) == ["made", "target"]
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(OSError, match="loop"):
        replace_file(tmp_path / "loop", b"")
    assert (tmp_path / "loop").is_symlink()


@posix
@pytest.mark.parametrize("through_a_link", [False, True])
def test_what_is_no_file_is_refused(tmp_path, through_a_link):
    os.mkfifo(tmp_path / "pipe")
    paths = {"pipe": tmp_path / "pipe", "device": Path("/dev/null")}
    for kind, path in paths.items():
        place = path
        if through_a_link:
            place = tmp_path / f"link to {kind}"
            place.symlink_to(path)
        before = os.stat(path)
        with pytest.raises(OSError, match=f"a {kind} cannot be written as a file"):
            replace_file(place, b"")
        assert os.stat(path).st_ino == before.st_ino
        assert stat.S_IFMT(os.stat(path).st_mode) == stat.S_IFMT(before.st_mode)
    with pytest.raises(IsADirectoryError, match="a folder cannot be written as a file"):
        replace_file(tmp_path, b"")


@posix
@pytest.mark.parametrize("mode", [0o600, 0o640, 0o666, 0o755])
def test_the_mode_of_a_file_that_is_there_stays(tmp_path, mode):
    path = tmp_path / "file"
    replace_file(path, b"old")
    path.chmod(mode)
    (tmp_path / "link").symlink_to(path)
    for place in (path, tmp_path / "link"):
        replace_file(place, b"new")
        assert stat.S_IMODE(path.stat().st_mode) == mode


@posix
def test_a_write_protected_file_is_refused(tmp_path, monkeypatch):
    path = tmp_path / "file"
    replace_file(path, b"old")
    monkeypatch.setattr(os, "access", lambda path, how: False)  # root may write to every file
    with pytest.raises(PermissionError, match="write-protected"):
        replace_file(path, b"new")
    assert path.read_bytes() == b"old"


@posix
def test_a_disk_without_room(tmp_path):
    import resource

    replace_file(tmp_path / "file", b"old")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, before[1]))
    try:
        with pytest.raises(OSError, match="File too large: the file that was there is as it was"):
            replace_file(tmp_path / "file", b"x" * 20_000)
        with pytest.raises(OSError, match=r"File too large: nothing was written.*other"):
            replace_file(tmp_path / "other", iter([b"x"] * 20_000))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert os.listdir(tmp_path) == ["file"]
    assert (tmp_path / "file").read_bytes() == b"old"


@posix
def test_a_folder_that_cannot_be_synced_is_told(tmp_path, monkeypatch):
    sync = os.fsync

    def fsync(descriptor):
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise OSError(5, "Input/output error")
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    with pytest.raises(OSError, match="the new file is written, but may not outlast a power cut"):
        replace_file(tmp_path / "file", b"new")
    assert (tmp_path / "file").read_bytes() == b"new"


@posix
def test_the_folders_around_a_new_folder_are_synced(tmp_path, monkeypatch):
    synced = []
    monkeypatch.setattr(os, "fsync", lambda descriptor: synced.append(os.fstat(descriptor).st_ino))
    make_folder(tmp_path / "a" / "b")
    assert synced == [tmp_path.stat().st_ino, (tmp_path / "a").stat().st_ino]
    make_folder(tmp_path / "a" / "b")
    assert len(synced) == 2
    (tmp_path / "file").touch()
    with pytest.raises(NotADirectoryError, match="file"):
        make_folder(tmp_path / "file" / "b")


@pytest.mark.parametrize("path", ["a/b", b"a/b", Path("a/b")])
def test_paths_of_all_kinds(path):
    assert Path(path_text("filepath", path)) == Path("a/b")


@pytest.mark.parametrize(
    ("path", "error"), [(3, TypeError), (None, TypeError), ("", ValueError), ("a\0", ValueError)]
)
def test_what_is_no_path(path, error):
    with pytest.raises(error, match="filepath is"):
        path_text("filepath", path)
