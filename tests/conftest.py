"""What every test may use: settings of hypothesis, the real corpus, quick runs of ciphers."""

import os
import signal
import threading
from pathlib import Path

import hypothesis
import pytest

# A shared machine stalls now and then, so no deadline; and a property that fails prints what
# reproduces it. CI tries more examples than a run by hand.
hypothesis.settings.register_profile("default", deadline=None, print_blob=True)
hypothesis.settings.register_profile("ci", deadline=None, print_blob=True, max_examples=200)
hypothesis.settings.load_profile("ci" if os.environ.get("CI") == "true" else "default")

# A shell that starts a program in the background has it ignore Ctrl-C, and all that it starts do so
# too. The tests that interrupt something would wait for ever.
if threading.current_thread() is threading.main_thread():
    signal.signal(signal.SIGINT, signal.default_int_handler)

DECIPHER_DATA = "FASTRNN_DECIPHER_DATA"


@pytest.fixture(scope="session")
def decipher_data() -> Path:
    """Return the folder with the real corpus, ``plaintext.txt`` and ``cipher.txt``.

    The corpus is no part of the project: the variable FASTRNN_DECIPHER_DATA says where it is.
    Without the variable the test is skipped; a variable that points nowhere is a failure.
    """
    named = os.environ.get(DECIPHER_DATA)
    if not named:
        pytest.skip(f"{DECIPHER_DATA} does not say where the decipher corpus is")
    folder = Path(named)
    missing = [name for name in ("plaintext.txt", "cipher.txt") if not (folder / name).is_file()]
    if missing:
        pytest.fail(f"{DECIPHER_DATA} is {named!r}, which lacks {' and '.join(missing)}")
    return folder


@pytest.fixture
def quick_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave out of a run of a cipher what takes the longest where it is small."""
    from fastrnn.cipher import training

    def no_plot(epochs: object) -> None:
        raise ImportError("matplotlib")

    monkeypatch.setattr(training, "plot", no_plot)
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)
