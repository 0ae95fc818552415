"""Reading a corpus, and the one line that a bad file gets."""

import random
import tracemalloc
from hashlib import sha256

import numpy as np
import pytest

from fastrnn.cipher import (
    Caesar,
    Corpus,
    CorpusError,
    Vigenere,
    Vocabulary,
    built_in,
    enciphered,
    lines,
    load_data,
    read_pair,
)


@pytest.fixture
def write(tmp_path):
    def write(name, content):
        file = tmp_path / name
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
        return file

    return write


def refused(action, *parts):
    """Check that `action` raises a CorpusError of one line that has all `parts`."""
    with pytest.raises(CorpusError) as caught:
        action()
    message = str(caught.value)
    assert "\n" not in message
    for part in parts:
        assert str(part) in message


def test_load_data_is_the_text_split_at_line_breaks(write):
    file = write("a.txt", "One .\n\nTwo é ?\n")
    assert load_data(file) == file.read_text(encoding="utf-8").split("\n")
    assert load_data(str(file)) == ["One .", "", "Two é ?", ""]


def test_load_data_reads_other_line_breaks_as_a_text_file_does(write):
    assert load_data(write("a.txt", b"A\r\nB\r\n")) == ["A", "B", ""]


def test_load_data_of_an_empty_file_is_one_empty_line(write):
    assert load_data(write("a.txt", "")) == [""]


def test_a_missing_file_is_an_os_error(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"nothing\.txt"):
        load_data(tmp_path / "nothing.txt")


def test_a_pair_of_files(write):
    corpus = read_pair(write("p", "AB C\nDE\n"), write("c", "BC D\nEF\n"))
    assert corpus.loaded() == Corpus(["AB C", "DE"], ["BC D", "EF"])
    assert (len(corpus), corpus.longest) == (2, 4)


@pytest.mark.parametrize("end", ["", "\n", "\r\n", "\n\n\n" * 2000])
@pytest.mark.parametrize("other_end", ["", "\n", "\r\n"])
def test_an_empty_line_at_the_end_is_no_sentence(write, end, other_end):
    plain, cipher = write("p", f"AB C\n\nDE{end}"), write("c", f"BC D\r\n\r\nEF{other_end}")
    corpus = Corpus(["AB C", "", "DE"], ["BC D", "", "EF"])
    assert read_pair(plain, cipher).loaded() == corpus
    assert enciphered(plain, Caesar(1)).loaded() == corpus
    assert len(enciphered(plain, Caesar(1), end_counts=True)) == len(load_data(plain))
    assert len(read_pair(plain, plain, end_counts=True)) == len(load_data(plain))


def test_a_byte_order_mark_is_no_character(write):
    corpus = read_pair(write("p", b"\xef\xbb\xbfAB"), write("c", "BC"))
    assert list(corpus.plaintexts) == ["AB"]


def test_the_first_sentences_of_a_pair(write):
    corpus = read_pair(write("p", "A\nB\nC"), write("c", "B\nC\nD"), sentences=2)
    assert corpus.loaded() == Corpus(["A", "B"], ["B", "C"])


@pytest.mark.parametrize(("longer", "shorter"), [("p", "c"), ("c", "p")])
def test_files_of_different_length_name_the_line_without_partner(write, longer, shorter):
    write(longer, "A\nB\nC")
    write(shorter, "A\nB")
    folder = write("other", "").parent
    refused(
        lambda: read_pair(folder / "p", folder / "c"),
        f"{folder / longer}, line 3:",
        f"{folder / shorter} has 2 lines",
    )


def test_lines_of_different_length_are_named(write):
    plain, cipher = write("p", "AA\nBBB\nC"), write("c", "BB\nCC\nD")
    refused(
        lambda: read_pair(plain, cipher), f"{cipher}, line 2:", "2 characters", f"{plain} has 3"
    )


@pytest.mark.parametrize("content", ["", "\n", "\n\n\n", b"\xef\xbb\xbf\n"])
def test_an_empty_file_is_named(write, content):
    good, empty = write("good", "A"), write("empty", content)
    refused(lambda: read_pair(empty, good), f"{empty}, line 1:", "empty")
    refused(lambda: read_pair(good, empty), f"{empty}, line 1:", "empty")
    refused(lambda: enciphered(empty, Caesar(5)), f"{empty}, line 1:", "empty")


def test_a_file_that_is_not_utf8_is_named_with_its_line(write):
    good, bad = write("good", "A\nB\nC\n"), write("bad", b"A\nB\nCaf\xe9\nD")
    refused(lambda: load_data(bad), f"{bad}, line 3:", "UTF-8")
    refused(lambda: read_pair(good, bad), f"{bad}, line 3:")
    refused(lambda: read_pair(bad, good), f"{bad}, line 3:")


def test_a_file_is_enciphered(write):
    corpus = enciphered(write("p", "Ab, z\nC"), Caesar(1))
    assert corpus.loaded() == Corpus(["Ab, z", "C"], ["Bc, a", "D"])
    assert corpus.split(0.5)[1].ciphertexts[0] == "D"


def test_the_built_in_corpus():
    corpus = built_in(Caesar(5))
    assert len(corpus) == 10_001
    assert [Caesar(5).decode(text) for text in corpus.ciphertexts] == corpus.plaintexts
    assert built_in(Caesar(5), 7).plaintexts == corpus.plaintexts[:7]


def test_the_last_fifth_is_held_out():
    corpus = Corpus([str(i) for i in range(10_001)], [str(i) for i in range(10_001)])
    training, held_out = corpus.split(0.2)
    assert (len(training), len(held_out)) == (8_000, 2_001)
    assert training.plaintexts + held_out.ciphertexts == corpus.plaintexts
    assert held_out.plaintexts[0] == "8000"


def test_nothing_held_out():
    corpus = Corpus(["A", "B"], ["C", "D"])
    assert corpus.split(0) == (corpus, Corpus([], []))


@pytest.mark.parametrize(("sentences", "fraction"), [(1, 0.2), (1, 0.9), (0, 0.0)])
def test_too_few_sentences_to_hold_some_out(sentences, fraction):
    corpus = Corpus(["A"] * sentences, ["B"] * sentences)
    refused(lambda: corpus.split(fraction), " too few to hold out", fraction)


def test_the_fingerprint_tells_corpora_apart():
    corpora = [
        Corpus(["A", "B"], ["C", "D"]),
        Corpus(["A", "C"], ["B", "D"]),
        Corpus(["B", "A"], ["C", "D"]),
    ]
    assert len({corpus.fingerprint for corpus in corpora}) == 3
    assert corpora[0].fingerprint == Corpus(["A", "B"], ["C", "D"]).fingerprint


@pytest.mark.parametrize("chunk", [1, 30, 1 << 18])
def test_one_pass_finds_what_each_text_says(write, monkeypatch, chunk):
    monkeypatch.setattr(lines, "CHUNK", chunk)
    monkeypatch.setattr(lines, "PLACES", 9)
    generator = random.Random(chunk)
    for ending in ("\n", "\r\n", "\r"):
        plain = ["".join(generator.choices("ab Σé😀Z", k=n % 9)) for n in range(250)]
        assert plain[-1]
        other = [line.replace("a", "ß").replace("Z", "İ") for line in plain]
        p = write("p", "\ufeff" + ending.join([*plain, ""]))
        c = write("c", ending.join([*other, ""]))
        for corpus, ciphertexts in (
            (read_pair(p, c), other),
            (read_pair(p, c, end_counts=True), [*other, ""]),
            (read_pair(p, c, 77), other[:77]),
            (enciphered(p, Vigenere("KEY")), list(map(Vigenere("KEY").encode, plain))),
        ):
            plaintexts = [*plain, ""][: len(corpus)]
            assert corpus.loaded() == Corpus(plaintexts, ciphertexts)
            found = corpus.survey()
            assert found.longest == max(map(len, plaintexts))
            assert found.plain.characters == Vocabulary(plaintexts).characters
            assert found.cipher.characters == Vocabulary(ciphertexts).characters
            some = corpus.split(0.5)[1].some(np.array([3, 0, 30]))
            numbers = [len(corpus) // 2 + n for n in (3, 0, 30)]
            assert some.plaintexts == [plaintexts[n] for n in numbers]
            assert some.ciphertexts == [ciphertexts[n] for n in numbers]
            whole = "\n".join([*plaintexts, *ciphertexts])
            assert found.fingerprint == sha256(whole.encode()).hexdigest()


def test_a_pass_takes_the_memory_of_a_block(write, monkeypatch):
    monkeypatch.setattr(lines, "CHUNK", 1 << 16)
    plain = write("p", "The lime is hér least liked fruit .\n" * 250_000)
    cipher = write("c", "Ymj qnrj nx mér qjfxy qnpji kwzny .\r\n" * 250_000)
    tracemalloc.start()
    try:
        for corpus in (read_pair(plain, cipher), enciphered(plain, Vigenere("KEY"))):
            assert corpus.survey().longest == 35
            training = corpus.split(0.1)[0]
            assert training.some(np.arange(0, 200_000, 5000)).survey().longest == 35
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < plain.stat().st_size / 3


@pytest.mark.parametrize("line", [1, 40, 199, 200])
def test_a_line_of_another_length_is_found_anywhere(write, monkeypatch, line):
    monkeypatch.setattr(lines, "CHUNK", 50)
    texts = ["é" * (number % 7 + 1) for number in range(200)]
    plain = write("p", "\n".join(texts))
    texts[line - 1] += "x"
    cipher = write("c", "\n".join("é"[: len(text)] * len(text) for text in texts))
    refused(lambda: read_pair(plain, cipher), f"{cipher}, line {line}:")
