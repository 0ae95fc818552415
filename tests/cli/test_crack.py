"""``fastrnn cipher crack``."""

import re

import pytest

from fastrnn.cipher import make_cipher

pytestmark = pytest.mark.once

CRACK = ("cipher", "crack")
TEXT = (
    "The lime is her least liked fruit, but the banana is the one that he would take with him "
    "if they had to leave the house in the middle of the night."
)
SECRET = make_cipher("vigenere", "ORCHID").encode(TEXT)
SHIFTED = make_cipher("caesar", "5").encode(TEXT)

CERTAINTY = re.compile(
    r"(\w+), (\d+\.\d)% sure: \d\.\d\d bits a letter \(chance: 4\.70\); "
    r"the next best key, \w+ of \w+, is \d+ bits behind"
)


def test_a_text(fastrnn):
    code, out, err = fastrnn(*CRACK, SECRET)
    key, text, certainty = out.splitlines()
    assert (code, key, text, err) == (0, "key: ORCHID", TEXT, "")
    found = CERTAINTY.fullmatch(certainty)
    assert found[1] == "vigenere"
    assert float(found[2]) > 90


def test_a_cipher_that_is_known(fastrnn):
    words = ("--cipher", "vigenere", "--max-key-length", 7)
    assert fastrnn(*CRACK, *words, SECRET).out.startswith(f"key: ORCHID\n{TEXT}\n")
    wrong = fastrnn(*CRACK, "--cipher", "caesar", SECRET).out.splitlines()
    assert wrong[1] != TEXT
    assert float(CERTAINTY.fullmatch(wrong[2])[2]) < 50


def test_several_texts(fastrnn):
    alone = [fastrnn(*CRACK, "--cipher", "caesar", text).out for text in (SHIFTED, SHIFTED[:60])]
    assert fastrnn(*CRACK, "--cipher", "caesar", SHIFTED, SHIFTED[:60]).out == "\n".join(alone)


def test_lines_of_standard_input(fastrnn):
    lines = f"{SHIFTED}\r\n{SHIFTED[:60]}".encode()
    out = fastrnn(*CRACK, "--cipher", "caesar", "--quiet", stdin=lines).out
    assert out == f"{TEXT}\n{TEXT[:60]}\n"


def test_a_file_is_one_text(fastrnn, misused, refused, tmp_path):
    text = TEXT.replace(" ", "\n")
    file = tmp_path / "secret.txt"
    file.write_text(make_cipher("vigenere", "ORCHID").encode(text) + "\n", encoding="utf-8")
    words = ("--cipher", "vigenere", "--max-key-length", "6")
    assert fastrnn(*CRACK, *words, "--quiet", "--file", file).out == text + "\n"
    assert "--file: it should come without other texts" in misused(*CRACK, "--file", file, "A")
    assert "check the name" in refused(*CRACK, "--file", tmp_path / "none.txt")
    file.write_bytes(b"ABC\n\xff")
    assert "line 2: not UTF-8" in refused(*CRACK, "--file", file)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("--cipher enigma", "--cipher: 'enigma', but it should be one of caesar"),
        ("--max-key-length 0", "--max-key-length: 0, but it should be a whole number"),
        ("--max-key-length two", "'two', but it should be a whole number"),
    ],
)
def test_usage_errors(misused, words, message):
    assert message in misused(*CRACK, *words.split(), SECRET)


def test_a_bad_text_is_named_after_the_good_ones(fastrnn):
    code, out, err = fastrnn(*CRACK, "--cipher", "caesar", SHIFTED, "short")
    assert code == 1
    assert out.startswith(f"key: 5\n{TEXT}\n")
    assert err == "fastrnn: argument 2: has 5 letters, but should have 10 or more\n"
    err = fastrnn(*CRACK, stdin=b"\n").err
    assert err == "fastrnn: standard input, line 1: has no letters A to Z\n"


def test_another_model_is_refused(refused, trained):
    err = refused(*CRACK, "--model", trained / "best.safetensors", SECRET)
    assert "best.safetensors: not a model of letters" in err
    assert "none.safetensors" in refused(*CRACK, "--model", trained / "none.safetensors", SECRET)


def test_on_a_terminal_it_says_what_it_does(fastrnn, monkeypatch):
    monkeypatch.setattr("fastrnn.terminal.is_terminal", lambda stream: True)
    words = ("--cipher", "vigenere", "--max-key-length", "6")
    err = fastrnn(*CRACK, *words, SECRET).err
    assert "reading the model of the language" in err
    assert "trying vigenere, keys of 6" in err
    assert fastrnn(*CRACK, *words, "--quiet", SECRET).err == ""
