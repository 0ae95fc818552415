"""Completion: what a shell is given to read, and what it is told when it asks."""

import os
import shutil
import subprocess
import sys

import pytest

from tests.patience import PATIENCE

pytest.importorskip("argcomplete")


def completions(line, tmp_path):
    """Return what the program offers at the end of a line."""
    file = tmp_path / "offered"
    subprocess.run(
        [sys.executable, "-c", "from fastrnn.cli import main; main([])"],
        env={
            **os.environ,
            "_ARGCOMPLETE": "1",
            "_ARGCOMPLETE_STDOUT_FILENAME": str(file),
            "_ARGCOMPLETE_IFS": "\n",
            "COMP_LINE": line,
            "COMP_POINT": str(len(line)),
            "COMP_TYPE": "9",
        },
        check=True,
        capture_output=True,
        timeout=PATIENCE,
    )
    return [word.strip() for word in file.read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("fastrnn ci", ["cipher"]),
        ("fastrnn cipher tr", ["train"]),
        ("fastrnn cipher train --ce", ["--cell"]),
        ("fastrnn cipher train --cell ", ["gru", "rnn", "lstm"]),
        ("fastrnn cipher train --cipher v", ["vigenere"]),
        ("fastrnn cipher train --epochs ", []),
        ("fastrnn bench --table le", ["lengths"]),
        ("fastrnn completion ", ["-h", "--help", "bash", "zsh", "fish"]),
    ],
)
def test_what_is_offered(line, offered, tmp_path):
    found = completions(line, tmp_path)
    assert set(offered) <= set(found) if "--cell " in line else found == offered


def test_several_values_with_commas(tmp_path):
    assert "gru,lstm" in completions("fastrnn cipher sweep --cell gru,l", tmp_path)


def test_directories_and_files(tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "rum.txt").write_text("")
    places = completions(f"fastrnn cipher decode --model {tmp_path}/ru", tmp_path)
    assert places == [f"{tmp_path}/run/"]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_of_a_shell(fastrnn, shell, tmp_path):
    code, out, err = fastrnn("completion", shell)
    assert (code, err) == (0, "")
    assert "fastrnn" in out
    program = shutil.which(shell)
    if program is not None:
        script = tmp_path / "script"
        script.write_text(out, encoding="utf-8")
        subprocess.run([program, "-n", str(script)], check=True, timeout=PATIENCE)


@pytest.mark.skipif(shutil.which("zsh") is None, reason="zsh is not here")
def test_zsh_needs_no_compinit_before(fastrnn, tmp_path):
    (tmp_path / "script").write_text(fastrnn("completion", "zsh")[1], encoding="utf-8")
    shown = subprocess.run(
        ["zsh", "-f", "-c", 'eval "$(cat script)"; print -r -- $_comps[fastrnn]'],
        cwd=tmp_path,
        env={**os.environ, "ZDOTDIR": str(tmp_path), "HOME": str(tmp_path)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert (shown.stdout, shown.stderr) == ("_python_argcomplete\n", "")


def test_without_argcomplete_a_line_says_what_to_install(refused, monkeypatch):
    monkeypatch.setitem(sys.modules, "argcomplete", None)
    assert "pip install 'fastrnn[completion]'" in refused("completion", "bash")
