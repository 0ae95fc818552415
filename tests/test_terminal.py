"""What is written for a person: without control sequences, whatever standard output is."""

import io
import sys

import pytest

from fastrnn.layers import Dense, Input
from fastrnn.models import CheckpointError, Sequential
from fastrnn.terminal import is_terminal, printable, write_line

from .models.builders import shifted, tagger


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain\ttext\n", "plain\ttext\n"),
        ("é 漢字 🙂", "é 漢字 🙂"),
        ("\x1b[2J\x9b1m\x7f\r\0", r"\x1b[2J\x9b1m\x7f\x0d\x00"),
        ("a\u202eb\u2066c\u2028", r"a\u202eb\u2066c\u2028"),
        ("\ud800", r"\ud800"),
    ],
)
def test_control_characters_become_escapes(text, shown):
    assert printable(text) == shown


class Odd:
    """Standard output that is no file."""

    def __init__(self):
        self.text = ""

    def write(self, text):
        self.text += text


def closed():
    stream = io.StringIO()
    stream.close()
    return stream


class Unsure(io.StringIO):
    def isatty(self):
        raise ValueError("I/O operation on closed file")


@pytest.mark.parametrize("stream", [None, closed(), Odd(), Unsure()])
def test_any_standard_output_will_do(monkeypatch, stream):
    monkeypatch.setattr(sys, "stdout", stream)
    model = tagger()
    x, y = shifted()
    for verbose in (1, 2):
        model.fit(x, y, verbose=verbose)
    model.evaluate(x, y)
    model.summary()
    assert not is_terminal(stream)
    if isinstance(stream, Odd):
        assert "Total params" in stream.text


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
def test_what_an_encoding_lacks_is_escaped(encoding):
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding)
    write_line("é 漢 \x1b", stream)
    shown = {"ascii": r"\xe9 \u6f22 \x1b", "latin-1": r"é \u6f22 \x1b", "utf-8": r"é 漢 \x1b"}
    assert raw.getvalue().decode(encoding) == shown[encoding] + "\n"


def test_a_stream_without_a_reader_is_an_error():
    class Broken(io.StringIO):
        def write(self, text):
            raise BrokenPipeError

    with pytest.raises(BrokenPipeError):
        write_line("text", Broken())


def test_names_hold_no_control_characters():
    for name in ("a\x1b[2J", "a\u202eb"):
        with pytest.raises(ValueError, match="without control characters") as caught:
            Dense(2, name=name)
        assert "\x1b" not in str(caught.value)


def test_errors_about_a_file_are_printable(tmp_path):
    from safetensors.numpy import save_file

    model = Sequential([Input((None, 3)), Dense(2)])
    model.save(tmp_path / "model")
    content = {"\x1b[2Jname": model.get_weights()[0]}
    save_file(content, tmp_path / "other", {"fastrnn": "{}"})
    assert str(CheckpointError("\x1b")) == r"\x1b"
    with pytest.raises(CheckpointError) as caught:
        model.load_weights(tmp_path / "other")
    assert "\x1b" not in str(caught.value)
