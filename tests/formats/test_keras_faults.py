"""Damaged and hostile files of Keras: one error, little memory, nothing run."""

import io
import json
import os
import tracemalloc
import zipfile

import numpy as np
import pytest

from fastrnn.layers import GRU, Dense, Embedding, Input
from fastrnn.models import CheckpointError, Sequential, load_model

h5py = pytest.importorskip("h5py")

#: What a reader may take for a file of a few kilobytes.
MOST_MEMORY = 64 << 20


def model():
    layers = [Input((None,), dtype="int32"), Embedding(9, 3), GRU(4, reset_after=True), Dense(2)]
    made = Sequential(layers)
    made.compile("adam", "mse")
    made.train_on_batch(np.ones((2, 3), int), np.zeros((2, 2)))
    return made


@pytest.fixture(scope="module", params=[".h5", ".keras"])
def content(request, tmp_path_factory):
    path = tmp_path_factory.mktemp("whole") / f"model{request.param}"
    model().save(path)
    return path.read_bytes()


def loads_or_refuses(path):
    """Load a file; return whether it was refused, with the one error that there is."""
    tracemalloc.start()
    try:
        loaded = load_model(path)
        loaded.load_weights(path)
        said = None
    except CheckpointError as error:
        said = str(error)
    finally:
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert peak < MOST_MEMORY
    assert said is None or path.name in said
    return said is not None


@pytest.mark.filterwarnings("ignore:.*is left out", "ignore:.*not compiled")
def test_files_that_are_cut_short_are_refused(tmp_path, content):
    path = tmp_path / "model"
    for length in [1, 7, 8, 40, 511, 700, *range(1024, len(content), len(content) // 25)]:
        path.write_bytes(content[:length])
        assert loads_or_refuses(path)


@pytest.mark.filterwarnings("ignore:.*is left out", "ignore:.*not compiled")
def test_flipped_bits_are_refused_or_read_as_they_are(tmp_path, content):
    path = tmp_path / "model"
    rng = np.random.default_rng(0)
    refused = 0
    for _ in range(80):
        damaged = bytearray(content)
        for place in rng.integers(0, len(content), rng.integers(1, 5)):
            damaged[place] ^= 1 << int(rng.integers(8))
        path.write_bytes(damaged)
        refused += loads_or_refuses(path)
    assert refused > 5


@pytest.mark.filterwarnings("ignore:.*is left out", "ignore:.*not compiled")
def test_garbage_in_the_middle_is_refused_or_read_as_it_is(tmp_path, content):
    path = tmp_path / "model"
    rng = np.random.default_rng(1)
    for _ in range(30):
        damaged = bytearray(content)
        start = int(rng.integers(len(content) - 64))
        damaged[start : start + 64] = rng.bytes(64)
        path.write_bytes(damaged)
        loads_or_refuses(path)


def edited(tmp_path, change):
    """Return a file whose HDF5 content `change` has changed."""
    path = tmp_path / "model.h5"
    model().save(path)
    with h5py.File(path, "a") as file:
        change(file)
    return path


TABLE = "model_weights/embedding_1/embedding_1/embeddings:0"


def replaced(file, data=None, **options):
    del file[TABLE]
    file.create_dataset(TABLE, data=data, **options)


def linked(link):
    def change(file):
        del file[TABLE]
        file[TABLE] = link

    return change


def virtual(file):
    del file[TABLE]
    layout = h5py.VirtualLayout((9, 3), "f4")
    layout[:] = h5py.VirtualSource("other.h5", "x", (9, 3))
    file.create_virtual_dataset(TABLE, layout)


def renamed(attribute, value):
    return lambda file: file.attrs.__setitem__(attribute, value)


def nested(depth):
    """Return the configuration of models in one another."""
    entry = {"class_name": "Dense", "config": {"units": 2, "batch_input_shape": [None, 3]}}
    for _ in range(depth):
        entry = {"class_name": "Sequential", "config": {"layers": [entry]}}
    return entry


CHANGES = {
    "a link to another file": linked(h5py.ExternalLink("other.h5", "/x")),
    "a soft link": linked(h5py.SoftLink("/optimizer_weights")),
    "an array in another file": virtual,
    "raw numbers in another file": lambda f: replaced(
        f, shape=(9, 3), dtype="f4", external=[("/etc/hostname", 0, 108)]
    ),
    "another shape": lambda f: replaced(f, np.zeros((8, 3), "f4")),
    "complex numbers": lambda f: replaced(f, np.zeros((9, 3), "c8")),
    "texts": lambda f: replaced(f, np.full((9, 3), b"x")),
    "objects": lambda f: replaced(f, shape=(9, 3), dtype=h5py.string_dtype()),
    "a table": lambda f: replaced(f, np.zeros((9, 3), [("a", "f4"), ("b", "f4")])),
    "nothing stored": lambda f: replaced(f, shape=(10**9, 10**3), dtype="f4", chunks=(1, 1000)),
    "a wider type": lambda f: replaced(f, np.zeros((9, 3), "f8")),
    "no array": lambda f: f.__delitem__(TABLE),
    "a group for an array": lambda f: (f.__delitem__(TABLE), f.create_group(TABLE)),
    "one array more": lambda f: f["model_weights/dense_1"].create_dataset("x", data=[1.0]),
    "no layers": lambda f: f["model_weights"].attrs.__delitem__("layer_names"),
    "names that are numbers": lambda f: f["model_weights"].attrs.__setitem__("layer_names", [1, 2]),
    "no configuration": lambda f: f.attrs.__delitem__("model_config"),
    "a number for it": renamed("model_config", 3),
    "no JSON": renamed("model_config", b"{"),
    "JSON without end": renamed("model_config", b"[" * 50_000),
    "a list": renamed("model_config", b"[]"),
    "nothing in it": renamed("model_config", b"{}"),
    "layers that are text": renamed(
        "model_config", json.dumps({"class_name": "Sequential", "config": {"layers": "x"}}).encode()
    ),
    "a model in a model without end": renamed(
        "model_config",
        json.dumps(nested(200)).encode(),
    ),
}


@pytest.mark.parametrize("name", CHANGES)
def test_what_a_file_must_not_hold(tmp_path, name):
    path = edited(tmp_path, CHANGES[name])
    tracemalloc.start()
    with pytest.raises(CheckpointError, match=r"model\.h5"):
        load_model(path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < MOST_MEMORY


def test_groups_in_a_circle_are_no_trouble(tmp_path):
    def change(file):
        file["model_weights/dense_1/again"] = file["model_weights"]

    assert load_model(edited(tmp_path, change)).count_params() == model().count_params()


def archived(**parts):
    room = io.BytesIO()
    with zipfile.ZipFile(room, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in parts.items():
            archive.writestr(name, text)
    return room.getvalue()


def test_archives_that_would_unpack_to_a_flood_are_refused(tmp_path):
    path = tmp_path / "model.keras"
    zeros = b" " * (80 << 20)
    parts = {"metadata.json": b"{}", "config.json": zeros, "model.weights.h5": b"x"}
    path.write_bytes(archived(**parts))
    tracemalloc.start()
    with pytest.raises(CheckpointError, match="would unpack to 83886080"):
        load_model(path)
    assert tracemalloc.get_traced_memory()[1] < MOST_MEMORY
    tracemalloc.stop()


def test_archives_without_their_parts_are_refused(tmp_path):
    path = tmp_path / "model.keras"
    path.write_bytes(archived(**{"config.json": b"{}", "model.weights.npz": b"x"}))
    with pytest.raises(CheckpointError, match=r"has no metadata\.json"):
        load_model(path)


def test_nothing_that_a_file_holds_is_run(tmp_path):
    """A Lambda of Keras holds the bytes of a function, marshalled."""
    import base64
    import marshal

    code = compile(f"__import__('os').mkdir({str(tmp_path / 'made')!r})", "x", "exec")
    text = base64.b64encode(marshal.dumps(code)).decode()
    entry = {
        "class_name": "Lambda",
        "config": {"name": "l", "function": [text, None, None], "batch_input_shape": [None, 3]},
    }
    config = {"class_name": "Sequential", "config": {"name": "s", "layers": [entry]}}

    def change(file):
        file.attrs["model_config"] = json.dumps(config).encode()

    with pytest.raises(CheckpointError, match=r"'l' \(Lambda\).*never runs a program"):
        load_model(edited(tmp_path, change))
    assert os.listdir(tmp_path) == ["model.h5"]


def test_a_model_is_as_it_was_when_weights_do_not_fit(tmp_path):
    made, other = model(), Sequential([Input((3,)), Dense(2)])
    before = [weight.copy() for weight in other.get_weights()]
    for ending in (".weights.h5", ".h5"):
        made.save_weights(tmp_path / f"model{ending}")
        with pytest.raises(CheckpointError):
            other.load_weights(tmp_path / f"model{ending}")
    for one, kept in zip(other.get_weights(), before, strict=True):
        np.testing.assert_array_equal(one, kept)


def test_without_h5py_the_error_names_the_extra(tmp_path, monkeypatch):
    import builtins
    import sys

    made = model()
    made.save(tmp_path / "model.h5")
    real = builtins.__import__

    def without(name, *rest, **options):
        if name.partition(".")[0] == "h5py":
            raise ImportError(name)
        return real(name, *rest, **options)

    for name in [name for name in sys.modules if name.partition(".")[0] == "h5py"]:
        monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.setattr(builtins, "__import__", without)
    for call in (lambda: load_model(tmp_path / "model.h5"), lambda: made.save(tmp_path / "b.h5")):
        with pytest.raises(ImportError, match=r'pip install "fastrnn\[keras\]"'):
            call()
    from fastrnn.callbacks import ModelCheckpoint

    checkpoint = ModelCheckpoint(tmp_path / "best.hdf5", "loss")
    x, y = np.ones((2, 3), int), np.zeros((2, 2))
    before = made.get_weights()
    with pytest.raises(ImportError, match="fastrnn"):
        made.fit(x, y, verbose=0, callbacks=[checkpoint])
    for one, kept in zip(made.get_weights(), before, strict=True):
        np.testing.assert_array_equal(one, kept)  # said before anything was trained
