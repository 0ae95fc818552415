"""``fastrnn cipher encode``."""

import pytest

from fastrnn.cipher import Vigenere

ENCODE = ("cipher", "encode", "--cipher")


@pytest.mark.parametrize(
    ("cipher", "key", "expected"),
    [
        ("caesar", "5", "Fyyfhp, fy ifbs!"),
        ("caesar", "-1", "Zsszbj, zs czvm!"),
        ("vigenere", "lemon", "Lxfopv, ef rnhr!"),
        ("autokey", "queenly", "Qnxepv, yt wtwp!"),
        ("beaufort", "queenly", "Qblelb, yx reia!"),
        ("affine", "5,8", "Izzisg, iz xiov!"),
        ("columnar", "zebra", "Cattta, na dakw!"),
        ("enigma", "aaa", "Bzhgno, cr rtcm!"),
        ("substitution", "zebrascdfghijklmnopqtuvwxy", "Zqqzbh, zq rzvk!"),
    ],
)
def test_a_text(fastrnn, cipher, key, expected):
    assert fastrnn(*ENCODE, cipher, "--key", key, "Attack, at dawn!") == (0, expected + "\n", "")


def test_the_options_of_the_enigma(fastrnn, misused):
    words = ("enigma", "--key", "ABL", "--rotors", "II I III", "--reflector", "A", "--rings", "XMV")
    plugs = ("--plugboard", "AM FI NV PS TU WZ")
    assert fastrnn(*ENCODE, *words, *plugs, "GCDSE AHUGW").out == "FEIND LIQEI\n"
    assert "pairs of letters" in misused(*ENCODE, *words, "--plugboard", "AA", "A")
    err = misused(*ENCODE, "caesar", "--key", 5, "--rings", "AAA", "A")
    assert "--rings: the caesar cipher has no such option" in err


def test_several_texts_get_a_line_each(fastrnn):
    assert fastrnn(*ENCODE, "caesar", "--key", 1, "A b", "", "Z").out == "B c\n\nA\n"


def test_lines_of_standard_input(fastrnn):
    done = fastrnn(*ENCODE, "caesar", "--key", 1, stdin=b"A b\r\n\nZ \xc3\xa9\nno end")
    assert done.out == "B c\n\nA é\nop foe\n"


def test_a_line_that_is_not_utf8(refused):
    err = refused(*ENCODE, "caesar", "--key", 1, stdin=b"A\nB\xff\n")
    assert "standard input, line 2: not UTF-8" in err


def test_texts_and_no_standard_input(fastrnn):
    assert fastrnn(*ENCODE, "caesar", "--key", 1, "A", stdin=b"\xff").out == "B\n"


def test_a_model_that_learned_to_encipher(fastrnn, refused, tmp_path):
    run = tmp_path / "run"
    words = "--direction encrypt --cipher vigenere --key AB --epochs 1 --units 8 --sentences 60"
    code, out, _ = fastrnn("cipher", "train", *words.split(), "--out", run)
    assert code == 0
    shown = [line for line in out.splitlines() if line.startswith(("text ", "truth "))]
    cipher = Vigenere("AB")
    assert cipher.encode(shown[0][12:]) == shown[1][12:]
    assert out.endswith(f"\nto encipher: fastrnn cipher encode --model {run} TEXT\n")
    code, out, err = fastrnn("cipher", "encode", "--model", run, "THE lime", "")
    assert (code, len(out.split("\n")[0]), out.count("\n"), err) == (0, 8, 2, "")
    assert fastrnn("cipher", "evaluate", "--model", run).code == 0
    assert "use it with fastrnn cipher encode" in refused("cipher", "decode", "--model", run, "A")


def test_a_model_that_learned_to_decipher(refused, trained):
    message = refused("cipher", "encode", "--model", trained, "A")
    assert "learned to decrypt; use it with fastrnn cipher decode" in message


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("", "--cipher and --key should both be given, or else --model"),
        ("--model m --cipher caesar", "--model: it should come without --cipher"),
        ("--model m --rings AAA", "--model: it should come without --cipher and --rings"),
        ("--cipher caesar", "--key"),
        ("--key 5", "--cipher"),
        ("--cipher rot13 --key 5", "'rot13'"),
        ("--cipher caesar --key 26", "caesar: the key is '26', but it should be a whole number"),
        ("--cipher vigenere --key 5", "vigenere: the key is '5'"),
        ("--cipher substitution --key ABC", "substitution: the key is 'ABC'"),
    ],
)
def test_usage_errors(misused, words, message):
    assert message in misused("cipher", "encode", *words.split(), "A TEXT")
