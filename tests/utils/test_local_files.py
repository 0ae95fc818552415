"""get_file finds what is in Keras's folder, and says where to get what is not."""

import hashlib
import os
import tarfile
import zipfile

import pytest

from fastrnn.utils import get_file

URL = "https://example.org/data/words.txt"


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    (tmp_path / "datasets").mkdir()
    return tmp_path / "datasets"


def test_a_file_of_the_cache_is_found_by_its_name_or_its_origin(home):
    (home / "words.txt").write_text("one two")
    assert get_file("words.txt") == get_file(origin=URL) == str(home / "words.txt")


def test_a_missing_file_is_named_with_where_to_get_it_and_where_to_put_it(home):
    with pytest.raises(FileNotFoundError, match=URL) as caught:
        get_file("words.txt", origin=URL)
    assert str(home / "words.txt") in str(caught.value)


@pytest.mark.parametrize("algorithm", ["md5", "sha256"])
def test_the_hash_is_checked(home, algorithm):
    (home / "words.txt").write_text("one two")
    right = hashlib.new(algorithm, b"one two").hexdigest()
    assert get_file("words.txt", file_hash=right)
    with pytest.raises(ValueError, match=algorithm):
        get_file("words.txt", file_hash="0" * len(right))


def test_archives_are_unpacked_beside_them_and_once(home):
    (home / "a.txt").write_text("inside")
    with zipfile.ZipFile(home / "one.zip", "w") as archive:
        archive.write(home / "a.txt", "a.txt")
    with tarfile.open(home / "two.tar.gz", "w:gz") as archive:
        archive.add(home / "a.txt", "a.txt")
    for path in (
        get_file("one.zip", extract=True),
        get_file("one.zip", extract=True),
        get_file("two.tar.gz", extract=True),
        get_file("two", untar=True),
    ):
        with open(f"{path}/a.txt") as file:
            assert file.read() == "inside"


def test_what_was_in_an_archive_is_found_where_keras_2_unpacks_it(home):
    (home / "mine.txt").write_text("mine")
    with zipfile.ZipFile(home / "data.csv.zip", "w") as archive:
        archive.writestr("data.csv", "1,2")
        archive.writestr("pairs/all.txt", "go\tva")
        archive.writestr("mine.txt", "theirs")
    for _ in range(2):
        path = get_file("data.csv.zip", extract=True)
        # The two ways in which scripts find it.
        with open(os.path.splitext(path)[0]) as file:
            assert file.read() == "1,2"
        with open(os.path.dirname(path) + "/pairs/all.txt") as file:
            assert file.read() == "go\tva"
    assert (home / "mine.txt").read_text() == "mine"


def test_without_links_what_was_in_an_archive_is_copied(home, monkeypatch):
    def refuse(*arguments, **options):
        raise OSError

    monkeypatch.setattr("pathlib.Path.symlink_to", refuse)
    with zipfile.ZipFile(home / "data.zip", "w") as archive:
        archive.writestr("data.csv", "1,2")
        archive.writestr("pairs/all.txt", "go")
    get_file("data.zip", extract=True)
    assert (home / "data.csv").read_text() == "1,2"
    assert (home / "pairs" / "all.txt").read_text() == "go"


@pytest.mark.parametrize("filters", [True, False])
@pytest.mark.parametrize("kind", [tarfile.REGTYPE, tarfile.CHRTYPE])
def test_an_archive_leads_nowhere_else(home, monkeypatch, filters, kind):
    if not filters:  # as in Python before 3.10.12 and 3.11.4
        monkeypatch.delattr(tarfile, "data_filter", raising=False)
    with tarfile.open(home / "bad.tar", "w") as archive:
        member = tarfile.TarInfo("../outside.txt" if kind == tarfile.REGTYPE else "device")
        member.type = kind
        archive.addfile(member)
    with pytest.raises(tarfile.TarError):
        get_file("bad.tar", extract=True)
    assert not (home / "outside.txt").exists()
    assert not (home.parent / "outside.txt").exists()
    assert [path.name for path in home.iterdir()] == ["bad.tar"]


def test_nothing_is_downloaded():
    with pytest.raises(ValueError, match="force_download"):
        get_file("x", force_download=True)
