"""Files of other programs where a model is expected: the error says what they are."""

import gzip
import io
import os
import pickle
import tarfile
import zipfile

import numpy as np
import pytest

from fastrnn.models import CheckpointError, load_model, training_position

from .builders import shifted, tagger


def zipped(*names):
    room = io.BytesIO()
    with zipfile.ZipFile(room, "w") as archive:
        for name in names:
            archive.writestr(name, "content")
    return room.getvalue()


def tar():
    room = io.BytesIO()
    with tarfile.open(fileobj=room, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("name"))
    return room.getvalue()


def npz():
    room = io.BytesIO()
    np.savez(room, a=np.zeros(3))
    return room.getvalue()


def npy():
    room = io.BytesIO()
    np.save(room, np.zeros(3))
    return room.getvalue()


HDF5 = b"\x89HDF\r\n\x1a\n"
FORMATS = {
    "empty": (b"", "is empty"),
    "HDF5": (HDF5 + b"\0" * 100, "is not a whole HDF5 file"),
    "HDF5 behind a block": (b"\0" * 2048 + HDF5 + b"\0" * 100, "is not a whole HDF5 file"),
    ".keras": (zipped("metadata.json", "config.json", "model.weights.h5"), "JSON|HDF5"),
    ".pt": (zipped("archive/data.pkl", "archive/data/0"), "is a file of PyTorch"),
    ".npz": (npz(), "is an .npz file of NumPy"),
    ".npy": (npy(), "is an array of NumPy"),
    "zip": (zipped("readme"), "is a zip archive"),
    "zip cut short": (zipped("readme")[:-5], "is a zip archive"),
    "pickle": (pickle.dumps({"a": 1}), r"is a pickle.*never opened"),
    "pickle as text": (pickle.dumps({"a": 1}, 0), "is a pickle"),
    "TensorFlow Lite": (b"\x1c\0\0\0TFL3" + b"\0" * 50, "is a model of TensorFlow Lite"),
    "gzip": (gzip.compress(b"content"), "is compressed with gzip"),
    "tar": (tar(), "is a tar archive"),
    "HTML": (b"\n<!DOCTYPE html><html><body>Sign in</body></html>", "is a web page"),
    "XML": (b"<?xml version='1.0'?><a/>", "is an XML or HTML document"),
    "JSON": (b'{"class_name": "Sequential"}', r"is JSON text.*from_config"),
    "JSON with a mark": (b'\xef\xbb\xbf[{"a": 1}]', "is JSON text"),
    "Git LFS": (b"version https://git-lfs.github.com/spec/v1\noid sha256:1\n", "git lfs pull"),
    "text": ("épochs,loss\n".encode(), "is a text file"),
    "noise": (b"\xff\xfe\0\1" * 10, "is not a whole safetensors file"),
}


@pytest.mark.parametrize("name", FORMATS)
def test_a_file_of_another_format_is_named(tmp_path, name):
    content, message = FORMATS[name]
    path = tmp_path / "model.bin"
    path.write_bytes(content)
    model = tagger()
    readers = [
        lambda: load_model(path),
        lambda: model.load_weights(path),
        lambda: training_position(path),
        lambda: model.fit(*shifted(), resume=path, verbose=0),
    ]
    for reader in readers:
        with pytest.raises(CheckpointError, match=message) as caught:
            reader()
        assert "model.bin" in str(caught.value)


def test_nothing_in_a_pickle_is_run(tmp_path):
    class Run:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "made"),)

    (tmp_path / "model").write_bytes(pickle.dumps(Run()))
    with pytest.raises(CheckpointError, match="is a pickle"):
        load_model(tmp_path / "model")
    assert os.listdir(tmp_path) == ["model"]


def test_folders_are_named(tmp_path):
    with pytest.raises(IsADirectoryError, match="it is a folder; a model is a file in it"):
        load_model(tmp_path)
    (tmp_path / "saved_model.pb").touch()
    with pytest.raises(IsADirectoryError, match="SavedModel of TensorFlow"):
        load_model(tmp_path)
    tagger().save(tmp_path / "best.safetensors")
    with pytest.raises(IsADirectoryError, match=r"its model is .*best\.safetensors"):
        load_model(tmp_path)


@pytest.mark.skipif(os.name != "posix", reason="pipes are another thing there")
def test_what_could_be_read_without_end_is_refused(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to("/dev/zero")
    for name, kind in (("pipe", "pipe"), ("link", "device")):
        with pytest.raises(CheckpointError, match=f"{name} is a {kind}; a model is a file"):
            load_model(tmp_path / name)


def test_bytes_are_a_path_everywhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    model = tagger()
    model.save(b"model")
    model.save_weights(b"weights")
    model.load_weights(b"weights")
    assert load_model(b"model").count_params() == model.count_params()
    assert training_position(b"model") is None
    assert sorted(os.listdir(tmp_path)) == ["model", "weights"]
    for bad in (3, None):
        for call in (model.save, model.save_weights, model.load_weights, load_model):
            with pytest.raises(TypeError, match="filepath is of type"):
                call(bad)
