"""``fastrnn cipher page``: one file that says in a browser what ``decode`` says."""

import json
import re
import shutil
import subprocess

import pytest

from tests.patience import PATIENCE

pytestmark = pytest.mark.once

TEXTS = ["YMJ QNRJ", "ymj qnrj , NXS'Y ?", "F\n\nYMJ"]
NODE = shutil.which("node")
BROWSER = shutil.which("chromium") or shutil.which("google-chrome")
needs_clang = pytest.mark.skipif(
    not (shutil.which("clang") and shutil.which("wasm-ld")), reason="there is no clang for wasm"
)


@needs_clang
@pytest.mark.skipif(NODE is None, reason="there is no node")
def test_the_script_deciphers_as_decode_does(fastrnn, trained, tmp_path):
    file = tmp_path / "page.html"
    code, out, err = fastrnn("cipher", "page", "--model", trained, "--out", file)
    assert (code, err) == (0, "")
    assert re.fullmatch(rf"{re.escape(str(file))}: a page of \d+ kB; open it in a browser\n", out)
    text = file.read_text("utf-8")
    assert not re.search(r"https?://|src=|<link", text)  # it works from the disk
    script = text.partition("<script>")[2].partition("</script>")[0]
    (tmp_path / "page.js").write_text(
        script + f"fastrnnPage.then(run => console.log(JSON.stringify({TEXTS}.map(run))))",
        "utf-8",
    )
    done = subprocess.run([NODE, tmp_path / "page.js"], capture_output=True, check=True, text=True)
    found = json.loads(done.stdout)
    for text, answer in zip(TEXTS, found, strict=True):
        expected = fastrnn("cipher", "decode", "--model", trained, stdin=text.encode()).out
        assert answer == {"plain": expected[:-1], "note": ""}


@needs_clang
@pytest.mark.skipif(BROWSER is None, reason="there is no Chromium")
def test_a_browser_shows_the_text_deciphered(fastrnn, trained, tmp_path):
    file = tmp_path / "page.html"
    fastrnn("cipher", "page", "--model", trained, "--out", file, "--text", "YMJ QNRJ")
    done = subprocess.run(
        [
            *(BROWSER, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run"),
            *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
            *(f"--user-data-dir={tmp_path / 'profile'}", "--virtual-time-budget=5000"),
            *("--dump-dom", file.as_uri()),
        ],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=True,
    )
    expected = fastrnn("cipher", "decode", "--model", trained, "YMJ QNRJ").out[:-1]
    assert f'<output id="to" for="from">{expected}</output>' in done.stdout


def test_without_clang_it_says_what_to_install(refused, trained, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    said = refused("cipher", "page", "--model", trained, "--out", tmp_path / "page.html")
    assert "install the packages clang and lld" in said
    assert not (tmp_path / "page.html").exists()


def test_a_text_that_the_model_cannot_read(refused, trained):
    said = refused("cipher", "page", "--model", trained, "--text", "A5")
    assert "--text: the character '5' was not in training" in said


def test_no_run(refused, tmp_path):
    assert "no training run is there" in refused("cipher", "page", "--model", tmp_path / "nothing")
