"""Tensors in a file: as the package safetensors writes them, read without a map of the file."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest
from safetensors.numpy import load, save

from fastrnn.formats import own as module
from fastrnn.formats.tensor_file import TensorFile, TensorFileError, bytes_of, encoded
from fastrnn.layers import Dense, Embedding, Input
from fastrnn.models import CheckpointError, Sequential, load_model
from tests.models.builders import shifted, tagger


def some():
    rng = np.random.default_rng(0)
    return {
        "b/wide": rng.normal(size=(3, 4)),
        "a/é \n": rng.normal(size=5).astype(np.float32),
        "empty": np.zeros((0, 3), np.float32),
        "scalar": np.float32(2) * np.ones((), np.float32),
        "strided": rng.normal(size=(6, 8)).astype(np.float32)[::2, ::-1],
        "big-endian": rng.normal(size=3).astype(">f4"),
    }


def content(tensors, metadata=None):
    return b"".join(encoded(tensors, metadata or {"fastrnn": '{"a": "é"}'}))


def test_files_are_those_of_the_package_byte_by_byte():
    tensors = some()
    plain = {
        name: np.ascontiguousarray(array, array.dtype.newbyteorder("="))
        for name, array in tensors.items()
    }
    plain["scalar"] = plain["scalar"].reshape(())
    written = content(tensors)
    assert written == save(plain, {"fastrnn": '{"a": "é"}'})
    for name, array in load(written).items():
        np.testing.assert_array_equal(array, tensors[name])


def test_tensors_come_back(tmp_path):
    tensors, path = some(), tmp_path / "file"
    path.write_bytes(content(tensors))
    file = TensorFile(str(path))
    assert file.metadata == {"fastrnn": '{"a": "é"}'}
    assert sorted(file) == sorted(tensors)
    for name, array in tensors.items():
        assert file.kinds[name][1] == array.shape
        np.testing.assert_array_equal(file[name], array)
        wide = np.full(array.shape, np.nan)
        file.read_into(name, wide)
        np.testing.assert_array_equal(wide, array)
        turned = np.full(array.shape[::-1], np.nan, file.kinds[name][0]).T
        file.read_into(name, turned)
        np.testing.assert_array_equal(turned, array)
        pieces = b"".join(file.pieces(name))
        assert pieces == bytes(bytes_of(np.ascontiguousarray(file[name])))


def test_a_file_that_is_replaced_or_changed_while_it_is_read(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(content(some()))
    file = TensorFile(str(path))
    os.replace(path, tmp_path / "other")
    path.write_bytes(b"")
    np.testing.assert_array_equal(file["b/wide"], some()["b/wide"])
    changed = bytearray((tmp_path / "other").read_bytes())
    file = TensorFile(str(tmp_path / "other"))
    name = next(iter(file))
    list(file.pieces(name))
    begin = file._begin + file._places[name][0]
    changed[begin] ^= 1
    with open(tmp_path / "other", "r+b") as other:
        other.write(changed)
    with pytest.raises(TensorFileError, match="has changed while it was read"):
        file[name]


@pytest.mark.parametrize("reader", ["load_model", "load_weights", "resume"])
def test_a_file_that_is_cut_short_while_it_is_read_is_an_error(tmp_path, monkeypatch, reader):
    # Mapped into memory, it would end the process.
    path = tmp_path / "model"
    model = tagger()
    model.fit(*shifted(), verbose=0)
    model.save(path)
    before = model.get_weights()
    read = TensorFile.pieces, TensorFile.read_into

    def cut(self, *arguments):
        os.truncate(path, path.stat().st_size // 2)
        return read[len(arguments) - 1](self, *arguments)

    monkeypatch.setattr(TensorFile, "read_into", cut)
    readers = {
        "load_model": lambda: load_model(path),
        "load_weights": lambda: model.load_weights(path),
        "resume": lambda: model.fit(*shifted(), verbose=0, resume=path),
    }
    with pytest.raises(CheckpointError, match="shorter while it was read"):
        readers[reader]()
    for one, other in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(one, other)


def header(entries, length=0):
    text = json.dumps(entries).encode() if isinstance(entries, dict) else entries
    return len(text).to_bytes(8, "little") + text + b"\0" * length


def entry(shape, begin, end, kind="F32"):
    return {"dtype": kind, "shape": shape, "data_offsets": [begin, end]}


BAD = {
    "empty": (b"", "no header"),
    "short": (b"\1", "no header"),
    "a long header": ((10**13).to_bytes(8, "little") + b"{}", "no header"),
    "no JSON": (header(b"{{"), "not JSON"),
    "a list": (header(b"[]"), "not a JSON object"),
    "deep": (header(b"[" * 100_000), "not JSON"),
    "not UTF-8": (header(b'{"\xff": 1}'), "not JSON"),
    "a name twice": (header(b'{"a": {}, "a": {}}'), "stands in it twice"),
    "metadata a list": (header({"__metadata__": [1]}), "metadata is not a JSON object"),
    "metadata of a number": (header({"__metadata__": {"fastrnn": 1}}), "object of strings"),
    "an entry that is none": (header({"a": 3}), "says of a: 3"),
    "an integer type": (header({"a": entry([1], 0, 4, "I32")}, 4), "a is of type I32"),
    "no type": (header({"a": entry([1], 0, 4, [])}, 4), "a is of type"),
    "a shape of text": (header({"a": entry("1", 0, 4)}, 4), "has the shape '1'"),
    "a negative extent": (header({"a": entry([-1, -1], 0, 4)}, 4), "has the shape"),
    "a large extent": (header({"a": entry([1 << 63], 0, 4)}, 4), "has the shape"),
    "a product that overflows": (header({"a": entry([1 << 62, 4], 0, 0)}), "cannot have 0 bytes"),
    "an extent of 1e13": (header({"a": entry([10**13], 0, 4 * 10**13)}), "tensors take"),
    "many dimensions": (header({"a": entry([1] * 65, 0, 4)}, 4), "65 dimensions"),
    "a gap": (header({"a": entry([1], 4, 8)}, 8), "gap"),
    "an overlap": (header({"a": entry([1], 0, 4), "b": entry([1], 0, 4)}, 4), "overlap"),
    "trailing bytes": (header({"a": entry([1], 0, 4)}, 5), "take 4 bytes; it has 5"),
    "missing bytes": (header({"a": entry([2], 0, 8)}, 4), "take 8 bytes; it has 4"),
    "the ends exchanged": (header({"a": entry([1], 4, 0)}, 4), "cannot have -4"),
}


@pytest.mark.parametrize("case", BAD)
def test_what_a_header_must_not_say(tmp_path, case):
    data, message = BAD[case]
    (tmp_path / "file").write_bytes(data)
    with pytest.raises(TensorFileError, match=message):
        TensorFile(str(tmp_path / "file"))
    with pytest.raises(CheckpointError):
        module.read(tmp_path / "file")


PEAK = """
import sys
from fastrnn.models import load_model

def peak():
    # Not getrusage, whose peak may be that of the process which started this one.
    lines = open("/proc/self/status").read().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM"))

before = peak()
model = load_model(sys.argv[1])
loaded = peak()
model.save(sys.argv[1])
print(loaded - before, peak() - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="peaks are told by /proc")
def test_neither_way_holds_the_model_twice(tmp_path):
    rows, size = 200_000, 200_000 * 400  # float32
    model = Sequential([Input((None,), dtype="int32"), Embedding(rows, 100, "zeros"), Dense(100)])
    model.save(tmp_path / "model")
    found = subprocess.run(
        [sys.executable, "-c", PEAK, str(tmp_path / "model")],
        capture_output=True,
        text=True,
        check=True,
    )
    loading, saving = map(int, found.stdout.split())
    assert size / 2 < loading < 1.3 * size
    assert saving < 1.3 * size
