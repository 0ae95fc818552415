"""A trained model as one web page, which deciphers as one types."""

from __future__ import annotations

import base64
import html
import json
import re
import shutil
import subprocess
import tempfile
from importlib import resources
from pathlib import Path

from fastrnn._version import __version__
from fastrnn.cipher.decoding import Decipherer
from fastrnn.cipher.errors import RunError

__all__ = ["page"]

#: What the page calls: a state, an input and an answer of its own.
_WRAPPER = """
#include "net.h"
static net_state state;
static net_real x[NET_INPUTS], y[NET_OUTPUTS];
void begin(void) { net_init(&state); }
net_real *input(void) { return x; }
net_real *answer(void) { return y; }
void step(void) { net_step(&state, x, y); }
"""

#: Neither a library nor calls of functions that only one has.
_FLAGS = (
    *("--target=wasm32", "-O3", "-std=c99"),
    *("-ffreestanding", "-fno-builtin", "-nostdlib", "-Wl,--no-entry"),
)
_EXPORTS = ("begin", "input", "answer", "step")


def page(decipherer: Decipherer, example: str) -> bytes:
    """Return a web page that needs nothing but itself.

    Parameters
    ----------
    decipherer : Decipherer
        The model becomes WebAssembly, by way of C.
    example : str
        The text that it shows first.

    Raises
    ------
    RunError
        If there is no clang with a linker for WebAssembly.
    """
    config = decipherer.config
    settings = config.settings
    if settings.has_random_keys:
        raise RunError("the page has no place for a key: give a model that learned one key")
    back = not settings.deciphers
    reads, gives = ("plain text", "cipher") if back else ("cipher", "plain text")
    weights = sum(w.size for w in decipherer.model.get_weights())
    title = f"{'Encipher' if back else 'Decipher'} {settings.cipher or 'a secret language'}"
    words = {
        "TITLE": html.escape(title),
        "FROM": reads.capitalize(),
        "TO": gives.capitalize(),
        "STORY": html.escape(
            f"{settings.cell.upper()} of {settings.units} units, {weights:,} weights, trained and "
            f"written by fastrnn {__version__}."
        ),
        "SOURCE": _script(list(config.source.characters)),
        "TARGET": _script(list(config.target.characters)),
        "LONGEST": str(config.length),
        "EXAMPLE": _script(example),
        "WASM": base64.b64encode(_compiled(decipherer)).decode("ascii"),
    }
    template = resources.files("fastrnn.cipher").joinpath("page.html").read_text("utf-8")
    text = re.sub(r"\$([A-Z]+)", lambda found: words[found[1]], template)
    return text.encode("utf-8")


def _script(value: object) -> str:
    """Return a value as JavaScript, so that none of it ends the script."""
    return json.dumps(value).replace("<", "\\u003c")


def _compiled(decipherer: Decipherer) -> bytes:
    """Return the model as WebAssembly."""
    clang = shutil.which("clang")
    if clang is None or shutil.which("wasm-ld") is None:
        raise RunError(
            "the page needs clang and its linker for WebAssembly, wasm-ld: install the packages "
            "clang and lld of your system"
        )
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        decipherer.model.export(folder / "net.h", name="net", dtype="float", no_math=True)
        (folder / "page.c").write_text(_WRAPPER, encoding="ascii")
        exports = [f"-Wl,--export={function}" for function in _EXPORTS]
        done = subprocess.run(
            [clang, *_FLAGS, *exports, "page.c", "-o", "page.wasm"],
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            said = done.stderr.strip().splitlines() or ["no reason"]
            raise RunError(f"clang made no WebAssembly: {said[-1]}")
        return (folder / "page.wasm").read_bytes()
