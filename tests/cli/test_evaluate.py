"""``fastrnn cipher evaluate``."""

import re

import pytest

EVALUATE = ("cipher", "evaluate", "--model")


def figures(out):
    """Return the four counts: characters right and in all, sentences right and in all."""
    return [int(n) for pair in re.findall(r"\((\d+) of (\d+)\)", out) for n in pair]


def test_held_out_sentences(fastrnn, trained):
    code, out, err = fastrnn(*EVALUATE, trained)
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[0] == "sentences: 60, held out by the run"
    assert re.fullmatch(r"right by character: 0\.\d{5} \(\d+ of \d+\)", lines[1])
    assert re.fullmatch(r"right by sentence: \d\.\d{5} \(\d+ of 60\)", lines[2])
    assert lines[3].startswith("most often wrong: '")
    right, total, *_ = figures(out)
    assert f"{right / total:.5f}" in lines[1]


def test_random_keys_by_their_letters(fastrnn, tmp_path):
    words = (
        "--quiet --cipher vigenere --key random --key-length 3 --text random --text-length 4 "
        "--sentences 300 --validation-split 0.2 --units 8 --epochs 1 --out"
    )
    assert fastrnn("cipher", "train", *words.split(), tmp_path / "run").code == 0
    out = fastrnn(*EVALUATE, tmp_path / "run").out
    assert re.search(
        r"^right by letters of the key: 1 0\.\d{5}, 2 0\.\d{5}, 3 0\.\d{5}$", out, re.M
    )


@pytest.mark.parametrize(("cipher", "cell"), [("caesar", "gru"), ("substitution", "rnn")])
def test_one_hot_input_knows_a_simple_cipher_after_an_epoch(fastrnn, tmp_path, cipher, cell):
    words = f"--quiet --cipher {cipher} --cell {cell} --learning-rate 0.01 --epochs 1 --out"
    assert fastrnn("cipher", "train", *words.split(), tmp_path / "run").code == 0
    out = fastrnn(*EVALUATE, tmp_path / "run").out
    right, total, right_sentences, sentences = figures(out)
    assert (right, right_sentences) == (total, sentences)
    assert sentences == 2001
    assert "wrong" not in out


def test_files(fastrnn, trained, tmp_path):
    plain, cipher = tmp_path / "plain.txt", tmp_path / "cipher.txt"
    plain.write_text("THE LIME\n\nA JUG\n")
    cipher.write_text("YMJ QNRJ\n\nF OZL\n")
    by_key = fastrnn(*EVALUATE, trained, "--plaintext", plain).out
    by_file = fastrnn(*EVALUATE, trained, "--plaintext", plain, "--ciphertext", cipher).out
    assert by_key == by_file
    assert by_key.startswith(f"sentences: 2, {plain}\n")
    assert figures(by_key)[1::2] == [13, 2]
    answers = fastrnn("cipher", "decode", "--model", trained, "YMJ QNRJ", "F OZL").out
    right = sum(a == b for a, b in zip(answers, "THE LIME\nA JUG\n", strict=True)) - 2
    assert figures(by_key)[0] == right
    one = fastrnn(*EVALUATE, trained, "--plaintext", plain, "--sentences", 1).out
    assert figures(one)[1::2] == [8, 1]


def test_a_bad_file_is_named_with_its_line(refused, trained, tmp_path):
    plain = tmp_path / "plain.txt"
    plain.write_text("THE LIME\nNO 7\n")
    message = refused(*EVALUATE, trained, "--plaintext", plain)
    assert f"{plain}, line 2: the character '7' was not in training" in message


def test_usage_errors(misused, trained):
    assert "--model" in misused("cipher", "evaluate")
    for words in (("--ciphertext", "c"), ("--sentences", 3)):
        assert "come with --plaintext" in misused(*EVALUATE, trained, *words)
    assert "sentences: 0, but" in misused(*EVALUATE, trained, "--plaintext", "p", "--sentences", 0)


def test_no_run(refused, tmp_path):
    assert "no training run is there" in refused(*EVALUATE, tmp_path)
