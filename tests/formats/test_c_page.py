"""docs/c.md: its blocks run, one after the other, in one folder."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "c.md"
if not PAGE.is_file():
    pytest.skip("the documents are not beside the tests", allow_module_level=True)

pytestmark = pytest.mark.once

BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL)


def blocks(language):
    return [text for kind, text in BLOCKS if kind == language]


def shell(command, folder):
    done = subprocess.run(
        command, shell=True, cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Return a folder with the model of the page, and each example in a file."""
    made = tmp_path_factory.mktemp("page")
    (made / "model.py").write_text(blocks("python")[0])
    shell(f"{sys.executable} model.py", made)
    (made / "board.c").write_text(blocks("c")[0])
    (made / "plugin.cpp").write_text(
        blocks("cpp")[0] + "int main() { Amplifier amplifier; float zeros[8] = {}, out[2][8];"
        " const float *in[] = {zeros, zeros}; float *to[] = {out[0], out[1]};"
        " amplifier.process(in, to, 8); return out[0][7] != out[1][7]; }\n"
    )
    (made / "main.rs").write_text(blocks("rust")[0])
    return made


def needs(*programs):
    for program in programs:
        if not shutil.which(program):
            pytest.skip(f"{program} is not here")


def test_the_self_test(folder):
    needs("cc")
    assert "largest difference" in shell(blocks("sh")[0], folder)


def test_the_microcontroller(folder):
    needs("arm-none-eabi-gcc")
    shell(next(text for text in blocks("sh") if "arm-none" in text), folder)


def test_the_plug_in(folder):
    needs("g++")
    shell("g++ -std=c++11 -Wall -Wextra -Werror -pedantic plugin.cpp -o plugin -lm", folder)
    shell("./plugin", folder)


def test_rust(folder):
    needs("cc", "rustc")
    shell("cc -O3 -x c -c net.h -o net.o", folder)
    shell(next(text for text in blocks("sh") if "rustc" in text), folder)
    assert len(shell("./main", folder).split()) == 3


def test_webassembly(folder):
    needs("clang", "wasm-ld")
    shell(next(text for text in blocks("sh") if "wasm32" in text), folder)
    assert (folder / "net.wasm").read_bytes()[:4] == b"\0asm"
