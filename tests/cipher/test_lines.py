"""Lines of a file, found by an index: the same as of the file read whole."""

import os
import random
import tracemalloc

import numpy as np
import pytest

from fastrnn.cipher import CorpusError, lines
from fastrnn.cipher.lines import STRIDE, Lines, blocks, grouped, lengths, place_of, take

PIECES = ["a", "b", "é", "😀", "\u2028", "\x0b", "\n", "\r", "\r\n"]


@pytest.fixture
def write(tmp_path):
    def write(content):
        file = tmp_path / "text"
        file.write_bytes(content)
        return file

    return write


def mixed(seed):
    """Return a text with every end of line, some with hundreds of lines."""
    generator = random.Random(seed)
    text = "".join(generator.choice(PIECES) for _ in range(generator.randrange(500)))
    return text if seed % 3 else text.replace("a", "\n")


@pytest.mark.parametrize("chunk", [1, 2, 7, 1 << 20])
def test_lines_are_those_of_the_text(write, monkeypatch, chunk):
    monkeypatch.setattr(lines, "CHUNK", chunk)
    for seed in range(30):
        file = write(b"\xef\xbb\xbf" * (seed % 2) + mixed(seed).encode())
        expected = file.read_text(encoding="utf-8-sig").split("\n")
        found = Lines(file)
        assert list(found) == expected
        assert [found[i] for i in range(-1, len(found) - 1)] == expected[-1:] + expected[:-1]
        for part in (slice(3, -2), slice(None, None, -3), slice(STRIDE, None), slice(9, 2)):
            assert list(found[part]) == expected[part]
            assert [found[part][i] for i in range(len(found[part]))] == expected[part]
            numbers = range(len(found[part]))
            for some in (numbers, numbers[::-1], random.Random(seed).sample(numbers, len(numbers))):
                wanted = [expected[part][i] for i in some]
                assert take(found[part], np.array(some, np.intp)) == wanted
            pieces = list(blocks(found[part]))
            assert "\n".join(pieces) == "\n".join(expected[part])
            lines_of = [n for piece in pieces for n in lengths(piece)]
            assert lines_of == list(map(len, expected[part]))


def test_the_index_of_many_lines_has_the_place_of_fewer(write, monkeypatch):
    monkeypatch.setattr(lines, "PLACES", 20)
    monkeypatch.setattr(lines, "CHUNK", 100)
    for count in (300, 319, 320, 321, 5000):
        expected = [str(number) * (number % 3) for number in range(count)]
        found = Lines(write("\n".join(expected).encode()))
        assert len(found._file._places) <= 21
        assert list(found) == [found[i] for i in range(count)] == expected


@pytest.mark.parametrize("chunk", [1, 5, 1 << 20])
def test_the_line_that_is_not_utf8_is_named(write, monkeypatch, chunk):
    monkeypatch.setattr(lines, "CHUNK", chunk)
    for seed in range(20):
        text = mixed(seed).replace("\r", "")
        for bad in (b"\xff", b"\xe9", b"\xf0\x9f"):
            file = write(text.encode() + b"x" + bad + b"\nrest")
            with pytest.raises(CorpusError, match=rf"text, line {text.count(chr(10)) + 1}: not U"):
                Lines(file)


def test_a_sequence_that_breaks_off_at_the_end(write):
    with pytest.raises(CorpusError, match="line 2: not UTF-8"):
        Lines(write("A\né".encode()[:-1]))


def test_numbers_beyond_the_end(write):
    found = Lines(write(b"A\nB"))
    with pytest.raises(IndexError):
        found[2]


@pytest.mark.parametrize("content", [b"A\n", b"A\nB\nC\nD\nE", b"\xff\xff\xff\xff\xff", b""])
def test_a_file_that_has_changed(write, content):
    file = write(b"A\nB\nC")
    found = Lines(file)
    file.write_bytes(content)
    if len(content) > 5:
        assert list(found[:2]) == ["A", "B"]
        return
    for read in (lambda: found[1], lambda: found.take(np.array([2, 0])), lambda: list(found)):
        with pytest.raises(CorpusError, match="text, line 1 or behind it: changed"):
            read()


def test_a_pipe_is_read_too(tmp_path):
    read, write = os.pipe()
    with open(write, "wb") as pipe:
        pipe.write(b"A\nB")
    try:
        assert list(Lines(f"/dev/fd/{read}")) == ["A", "B"]
    finally:
        os.close(read)


def test_memory_does_not_grow_with_the_file(write, monkeypatch):
    monkeypatch.setattr(lines, "CHUNK", 1 << 15)
    file = write(b"THE LIME IS HER LEAST LIKED FRUIT .\n" * 100_000)
    tracemalloc.start()
    try:
        found = Lines(file)
        assert len(found) == 100_001
        assert sum(map(len, found)) + 100_000 == file.stat().st_size
        assert tracemalloc.get_traced_memory()[1] < 0.1 * file.stat().st_size
    finally:
        tracemalloc.stop()
    assert found._file._places.nbytes < file.stat().st_size / 50


def test_places(write):
    found = Lines(write(b"A\nB\nC"))[1:]
    assert place_of(found, 1).endswith("text, line 3")
    assert place_of(["A", "B"], 1) == "sentence 2"


def test_groups():
    assert list(grouped("abcde", 2)) == [["a", "b"], ["c", "d"], ["e"]]
    assert list(grouped([])) == []
