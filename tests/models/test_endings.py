"""The endings of files: which format they choose, and which are refused."""

import os
import re

import numpy as np
import pytest

from fastrnn.callbacks import ModelCheckpoint
from fastrnn.models import load_model, save_model

from .builders import tagger


@pytest.mark.parametrize(
    ("name", "advice"),
    [
        ("net.onnx", "model.export writes them"),
        ("net.h", "model.export writes them"),
        ("net.JSON", "model.export writes them"),
        ("net.pt", "torch.save"),
        ("net.pth", "torch.save"),
        ("net.npz", "np.savez"),
        ("net.pkl", "no pickles"),
        ("net.tflite", "TensorFlow"),
        ("net.nam", "only reads"),
        ("net.cpp", "as .h files"),
    ],
)
def test_endings_of_other_formats_are_refused(tmp_path, name, advice):
    model, path = tagger(), str(tmp_path / name)
    for write in (
        model.save,
        model.save_weights,
        lambda path: save_model(model, path),
        ModelCheckpoint,
        lambda path: ModelCheckpoint(path, save_weights_only=True),
    ):
        with pytest.raises(ValueError, match=rf"{re.escape(advice)}.*\.safetensors"):
            write(path)
    assert not os.listdir(tmp_path)


def test_weights_alone_are_not_written_as_an_archive_of_a_model(tmp_path):
    path = str(tmp_path / "weights.keras")
    for write in (
        tagger().save_weights,
        lambda path: ModelCheckpoint(path, save_weights_only=True),
    ):
        with pytest.raises(ValueError, match=r"model\.save writes them.*\.safetensors, \.h5"):
            write(path)
    assert not os.listdir(tmp_path)


@pytest.mark.parametrize(
    "name", ["net", "net.ckpt", "net.weights", "net.tf", "net.onnx.safetensors"]
)
def test_unknown_endings_are_fastrnns_own_format(tmp_path, name):
    model = tagger()
    model.save(tmp_path / name)
    pairs = zip(load_model(tmp_path / name).get_weights(), model.get_weights(), strict=True)
    for a, b in pairs:
        np.testing.assert_array_equal(a, b)
