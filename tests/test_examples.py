"""The scripts in examples/ run from a clean install, and learn what they say they learn."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.patience import PATIENCE

EXAMPLES = Path(__file__).parents[1] / "examples"
if not EXAMPLES.is_dir():
    pytest.skip("the examples are not beside the tests", allow_module_level=True)

pytestmark = pytest.mark.slow


def output_of(name, tmp_path):
    """Run a script away from the sources and return what it printed."""
    done = subprocess.run(
        [sys.executable, EXAMPLES / name],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_every_example_is_tested():
    tested = {"forecast.py", "classify.py", "generate.py", "min_char_rnn.py"}
    assert {path.name for path in EXAMPLES.glob("*.py")} == tested


def test_forecast_beats_repeating(tmp_path):
    printed = output_of("forecast.py", tmp_path)
    forecast, repeated = re.findall(r"error of the forecast ([\d.]+), .* ([\d.]+)\n", printed)[0]
    assert float(forecast) < float(repeated) / 2


def test_classify_knows_what_not_and_but_do(tmp_path):
    answers = re.findall(
        r"^ *([\d.]+)% recommend", output_of("classify.py", tmp_path), re.MULTILINE
    )
    assert [float(answer) > 50 for answer in answers] == [True, False, True, False, True]


def test_generate_writes_words_of_the_corpus(tmp_path):
    from fastrnn.cipher.grammar import generate

    _, _, written = output_of("generate.py", tmp_path).partition("\n\n")
    words = set(" ".join(generate(3_000)).split())
    known = [word in words for word in written.split()[:-1]]
    assert len(known) > 50
    assert sum(known) > 0.9 * len(known)


def test_min_char_rnn_writes_words_of_the_corpus(tmp_path):
    from fastrnn.cipher.grammar import generate

    printed = output_of("min_char_rnn.py", tmp_path)
    bits = [float(number) for number in re.findall(r"([\d.]+) bits a character", printed)]
    assert bits == sorted(bits, reverse=True)
    assert bits[-1] < 2
    words = set(" ".join(generate(400)).lower().split())
    written = printed.partition("\n\n")[2].split()[:-1]
    known = [word in words for word in written]
    assert len(known) > 30
    assert sum(known) > 0.5 * len(known)
