"""Checkpoints that were changed anywhere: they load right, or raise `CheckpointError`."""

import copy
import json
import pickle
import resource
import subprocess
import sys
import tracemalloc

import numpy as np
import pytest
from safetensors.numpy import load as tensors_of

from fastrnn.formats import own
from fastrnn.layers import GRU, Dense, Input
from fastrnn.models import CheckpointError, Sequential, load_model
from fastrnn.models.state import weight_tensors
from fastrnn.optimizers import Adam
from fastrnn.optimizers.schedules import CosineDecay

from .builders import shifted

#: What a field of a header may become.
STRANGE = [None, True, -1, 10**13, 2**63, 0.5, "", "../../x", [], [[]], {}, "F64", float("nan")]


def small(units=2):
    model = Sequential([Input((6, 1)), GRU(units), Dense(5, "softmax")])
    model.compile(Adam(CosineDecay(0.1, 9)), "sparse_categorical_crossentropy", ["accuracy"])
    x, y = shifted(8)
    model.fit(x, y[:, 0], verbose=0)
    return model


@pytest.fixture(scope="module")
def content(tmp_path_factory):
    path = tmp_path_factory.mktemp("whole") / "model"
    small().save(path)
    return path.read_bytes()


def split(content):
    """Return the header of a safetensors file, and what comes after it."""
    length = int.from_bytes(content[:8], "little")
    return json.loads(content[8 : 8 + length]), content[8 + length :]


def joined(header, rest):
    text = json.dumps(header).encode("utf-8", "surrogatepass")
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text + rest


def paths(value, at=()):
    """Yield the way to everything in nested lists and dicts."""
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, part in items:
        yield (*at, key)
        if isinstance(part, dict | list):
            yield from paths(part, (*at, key))


def replaced(value, way, new):
    value = copy.deepcopy(value)
    place = value
    for key in way[:-1]:
        place = place[key]
    place[way[-1]] = new
    return value


def without(value, way):
    value = copy.deepcopy(value)
    place = value
    for key in way[:-1]:
        place = place[key]
    del place[way[-1]]
    return value


def random_bytes(content, rng):
    for cut in rng.integers(0, len(content), 700):
        yield content[:cut]
    for extra in (b"\0", b"\n", b"x" * 1000, content):
        yield content + extra
    for _ in range(6800):
        changed = bytearray(content)
        for place in rng.integers(0, len(content), rng.choice([1, 1, 1, 2, 9])):
            changed[place] = rng.integers(256)
        yield bytes(changed)


def outer_header(content, rng):
    header, rest = split(content)
    for way in paths(header):
        for new in STRANGE:
            yield joined(replaced(header, way, new), rest)
        yield joined(without(header, way), rest)
    for length in (0, 1, 7, len(content), 2**31, 10**13, 2**63, 2**64 - 1):
        yield length.to_bytes(8, "little") + content[8:]


def own_header(content, rng):
    """Change what the metadata say, with a checksum that is right for it."""
    header, rest = split(content)
    said = json.loads(header["__metadata__"]["fastrnn"])
    del said["checksum"]
    tensors = tensors_of(content)
    for way in paths(said):
        variants = [replaced(said, way, new) for new in STRANGE]
        for variant in [*variants, without(said, way)]:
            header["__metadata__"]["fastrnn"] = own._sealed(variant, tensors)
            yield joined(header, rest)


def load(path):
    """Return the model of a file, or None for one that is refused as it should be."""
    try:
        return load_model(path)
    except CheckpointError:
        return None


def test_ten_thousand_changes(content, tmp_path):
    rng, path, count, whole = np.random.default_rng(7), tmp_path / "changed", 0, 0
    expected = tensors_of(content)
    # Opened once: to empty a file and fill it again is slow on some file systems.
    with open(path, "wb", buffering=0) as file:
        for kind in (random_bytes, outer_header, own_header):
            for changed in kind(content, rng):
                file.seek(0)
                file.write(changed)
                file.truncate()
                count += 1
                model = load(path)
                if model is not None:
                    whole += 1
                    for name, value in weight_tensors(model).items():
                        np.testing.assert_array_equal(value, expected.get(name, value))
    assert count >= 10_000
    assert 0 < whole < 0.1 * count


def test_a_model_is_as_it_was_after_a_file_that_is_refused(content, tmp_path):
    rng, path, target = np.random.default_rng(8), tmp_path / "changed", small()
    before = target.get_weights()
    for kind in (random_bytes, outer_header, own_header):
        changes = list(kind(content, rng))
        for changed in rng.choice(np.array(changes, object), 20):
            path.write_bytes(changed)
            try:
                target.load_weights(path)
            except CheckpointError:
                for one, two in zip(before, target.get_weights(), strict=True):
                    np.testing.assert_array_equal(one, two)


@pytest.mark.parametrize("compiled", [False, True])
def test_loading_takes_no_more_than_twice_the_file(tmp_path, compiled):
    model = small(units=150)
    path = tmp_path / "model"
    (model.save if compiled else model.save_weights)(path)
    content, size = path.read_bytes(), path.stat().st_size
    changes = [content, content[: size // 2], content[:-4] + b"\0\0\0\1"]
    changes += [length.to_bytes(8, "little") + content[8:] for length in (10**13, 2**63, 10**6)]
    load_model(path)  # what is imported late is no part of it
    for changed in changes:
        path.write_bytes(changed)
        tracemalloc.start()
        try:
            load(path)
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        # Beside the content and the weights there are some objects: layers, names.
        assert peak < 2 * size + 2**14


LIMITED = """
import resource, sys
from safetensors.numpy import load as tensors_of
from fastrnn.models import CheckpointError, load_model
load_model(sys.argv[2])
now = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (now + 2**26, now + 2**26))
try:
    load_model(sys.argv[1])
except CheckpointError:
    print("refused")
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
@pytest.mark.parametrize("way", ["length", "shape", "offsets", "units"])
def test_a_declared_size_of_terabytes_is_refused_before_memory_is_taken(content, tmp_path, way):
    header, rest = split(content)
    name = "gru_1/kernel"
    if way == "length":
        changed = (10**13).to_bytes(8, "little") + content[8:]
    elif way == "units":
        said = json.loads(header["__metadata__"]["fastrnn"])
        del said["checksum"]
        said["model"]["layers"][1]["config"]["units"] = 10**13
        header["__metadata__"]["fastrnn"] = own._sealed(said, tensors_of(content))
        changed = joined(header, rest)
    else:
        header[name]["shape"] = [1, 10**13]
        if way == "offsets":
            header[name]["data_offsets"][1] = header[name]["data_offsets"][0] + 4 * 10**13
        changed = joined(header, rest)
    (tmp_path / "changed").write_bytes(changed)
    (tmp_path / "whole").write_bytes(content)
    command = [sys.executable, "-c", LIMITED, str(tmp_path / "changed"), str(tmp_path / "whole")]
    told = subprocess.run(command, capture_output=True, text=True, check=True)
    assert told.stdout == "refused\n"


def test_what_is_no_checkpoint_at_all_is_refused(tmp_path):
    path = tmp_path / "model"

    class Trap:
        def __reduce__(self):
            return (path.with_name("sprung").touch, ())

    contents = {
        "pickle": pickle.dumps(Trap()),
        "HDF5": b"\x89HDF\r\n\x1a\n",
        "zip": b"PK\x03\x04",
        "JSON": b"{}",
        "empty": b"",
    }
    for kind, content in contents.items():
        path.write_bytes(content)
        with pytest.raises(CheckpointError, match=f"is .*{kind}"):
            load_model(path)
    np.save(tmp_path / "array.npy", np.array([Trap()]), allow_pickle=True)
    with pytest.raises(CheckpointError):
        load_model(tmp_path / "array.npy")
    assert not path.with_name("sprung").exists()


@pytest.mark.parametrize("name", ["../../climbed", "/tmp/climbed", "gru_1/../climbed", "a\0b"])
def test_names_that_climb_out_of_the_file_are_only_names(content, tmp_path, name):
    from safetensors.numpy import save_file

    tensors = tensors_of(content)
    tensors[name] = tensors.pop("gru_1/bias")
    header, _ = split(content)
    said = json.loads(header["__metadata__"]["fastrnn"])
    del said["checksum"]
    path = tmp_path / "inner" / "model"
    path.parent.mkdir()
    save_file(tensors, path, {"fastrnn": own._sealed(said, tensors)})
    with pytest.raises(CheckpointError, match=r"gru_1/bias|climbed|a.b"):
        load_model(path)
    assert [p.name for p in tmp_path.iterdir()] == ["inner"]


def test_a_tensor_that_belongs_to_no_layer_is_refused(content, tmp_path):
    from safetensors.numpy import save_file

    header, _ = split(content)
    said = json.loads(header["__metadata__"]["fastrnn"])
    del said["checksum"]
    for name in ("more", "optimizer:x/gru_1/bias", "optimizer:m/more", "run:1"):
        tensors = {**tensors_of(content), name: np.zeros(1, np.float32)}
        save_file(tensors, tmp_path / "model", {"fastrnn": own._sealed(said, tensors)})
        with pytest.raises(CheckpointError, match=f"the file holds {name}, which .* lacks"):
            load_model(tmp_path / "model")


@pytest.mark.skipif(sys.platform == "win32", reason="has no limit of this kind")
def test_a_disk_that_is_full_at_any_byte_of_a_save_loses_nothing(tmp_path):
    path = tmp_path / "model"
    old, new = small(), small()
    new.set_weights([weight + 1 for weight in new.get_weights()])
    old.save(path)
    size = path.stat().st_size
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    for limit in [*range(0, size, 97), size - 1]:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, before[1]))
        try:
            with pytest.raises(OSError, match="File too large"):
                new.save(path)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
        assert [p.name for p in tmp_path.iterdir()] == ["model"]
    for one, two in zip(load_model(path).get_weights(), old.get_weights(), strict=True):
        np.testing.assert_array_equal(one, two)
    new.save(path)
    for one, two in zip(load_model(path).get_weights(), new.get_weights(), strict=True):
        np.testing.assert_array_equal(one, two)
