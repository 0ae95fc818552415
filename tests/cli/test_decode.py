"""``fastrnn cipher decode``."""

import shutil

import pytest

DECODE = ("cipher", "decode", "--model")


def test_texts(fastrnn, trained):
    code, out, err = fastrnn(*DECODE, trained, "YMJ QNRJ", "", "ymj qnrj , NXS'Y ?")
    assert (code, err) == (0, "")
    upper, empty, mixed = out.split("\n")[:-1]
    assert (len(upper), empty, len(mixed)) == (8, "", 18)
    assert upper == upper.upper()
    assert mixed[:8] == upper.lower()


def test_lines_of_standard_input(fastrnn, trained):
    expected = fastrnn(*DECODE, trained, "YMJ QNRJ", "", "FSI").out
    assert fastrnn(*DECODE, trained, stdin=b"YMJ QNRJ\r\n\nFSI").out == expected


def test_no_lines(fastrnn, trained):
    assert fastrnn(*DECODE, trained) == (0, "", "")


def test_many_lines_are_the_single_ones(fastrnn, trained):
    lines = [f"{'YMJ ' * (i % 7)}QNRJ" for i in range(600)]
    text = "\n".join(lines).encode()
    alone = {line: fastrnn(*DECODE, trained, line).out for line in set(lines)}
    assert fastrnn(*DECODE, trained, stdin=text).out == "".join(alone[line] for line in lines)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (b"ABC 5 D", "line 2: the character '5' was not in training"),
        ("CAFÉ".encode(), "line 2: the character 'é' was not in training"),
        (b"B\xe9", "line 2: not UTF-8"),
        (b"A" * 102, "line 2: has 102 characters, but the longest sentence in training had"),
    ],
)
def test_a_bad_line_is_named_after_the_good_ones(fastrnn, trained, line, message):
    code, out, err = fastrnn(*DECODE, trained, stdin=b"YMJ\n" + line + b"\nYMJ\n")
    assert code == 1
    assert len(out) == 4
    assert err.startswith(f"fastrnn: standard input, {message}")
    assert err.count("\n") == 1


def test_a_bad_argument_is_named(refused, trained):
    assert "argument 2: the character '5' was not" in refused(*DECODE, trained, "YMJ", "A5")


def test_no_run(refused, tmp_path):
    assert "no training run is there" in refused(*DECODE, tmp_path / "nothing", "YMJ")


@pytest.mark.parametrize("name", ["config.json", "best.safetensors"])
@pytest.mark.parametrize("content", [b"", b"{}", b"\x80\x04N."])
def test_a_damaged_run(refused, trained, tmp_path, name, content):
    shutil.copytree(trained, tmp_path / "run")
    (tmp_path / "run" / name).write_bytes(content)
    assert name in refused(*DECODE, tmp_path / "run", "YMJ")


def test_no_finished_epoch(refused, trained, tmp_path):
    shutil.copy(trained / "config.json", tmp_path)
    assert "--resume" in refused(*DECODE, tmp_path, "YMJ")


def test_model_is_needed(misused):
    assert "--model" in misused("cipher", "decode", "YMJ")


def test_on_a_terminal_it_says_what_it_waits_for(fastrnn, monkeypatch):
    words = ("cipher", "encode", "--cipher", "caesar", "--key", "5")
    assert fastrnn(*words, stdin=b"A\n").err == ""
    monkeypatch.setattr("fastrnn.cli.texts.is_terminal", lambda stream: True)
    code, out, err = fastrnn(*words, stdin=b"A\n")
    assert (code, out) == (0, "F\n")
    assert err == "type a text and press Enter; Ctrl-D on an empty line ends\n"


def test_a_model_of_random_keys(fastrnn, refused, tmp_path, trained):
    run = tmp_path / "run"
    words = "--cipher enigma --key random --text random --text-length 9 --epochs 1 --units 8"
    words += " --validation-split 0.2"
    code, out, _ = fastrnn("cipher", "train", *words.split(), "--sentences", 80, "--out", run)
    assert code == 0
    assert "9 random letters, enigma with random keys of up to 3; 64 to train on" in out
    shown = [line.split()[1] for line in out.splitlines() if line.startswith(("key", "cipher "))]
    assert [len(word) for word in shown] == 3 * [3, 9]
    assert out.endswith(f"\nto decipher: fastrnn cipher decode --model {run} --key KEY TEXT\n")
    answers = [line.split()[1] for line in out.splitlines() if line.startswith("prediction ")]
    for key, cipher, answer in zip(shown[::2], shown[1::2], answers, strict=True):
        assert fastrnn(*DECODE, run, "--key", key, cipher).out == answer + "\n"
    assert "learned with random keys; give that of the text" in refused(*DECODE, run, "ABC")
    assert "three of the letters A to Z" in fastrnn(*DECODE, run, "--key", "AB", "ABC").err
    assert "has 10 characters, but the longest" in refused(*DECODE, run, "--key", "ABC", 10 * "A")
    assert "learned one key" in refused(*DECODE, trained, "--key", "ABC", "A")
    assert "no place for a key" in refused("cipher", "page", "--model", run)
    assert fastrnn("cipher", "evaluate", "--model", run).code == 0
