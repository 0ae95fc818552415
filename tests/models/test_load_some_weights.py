"""``load_weights`` of a part: the layers that the file has by name, those whose weights fit."""

import numpy as np
import pytest

from fastrnn import formats
from fastrnn.layers import GRU, Dense, Input
from fastrnn.models import Sequential
from tests.keras_oracle import double_precision, require_keras


def model_of(units, names=("states", "answers"), start=3):
    return Sequential(
        [Input((None, start)), GRU(4, name=names[0], reset_after=True), Dense(units, name=names[1])]
    )


ENDINGS = ["", ".weights.h5", ".h5", ".keras"]
NAMED = ["", ".h5"]


def written(model, path):
    if path.suffix in (".h5", ".keras"):
        pytest.importorskip("h5py")
    if path.name.endswith(".weights.h5") or not path.suffix:
        model.save_weights(path)
    else:
        model.save(path)
    return path


@pytest.mark.parametrize("ending", NAMED)
def test_by_name_takes_what_the_file_has(ending, tmp_path):
    source = model_of(2)
    path = written(source, tmp_path / f"model{ending}")
    other = model_of(5, ("states", "others"))
    before = other.get_weights()
    other.load_weights(path, by_name=True)
    for one, two in zip(other.get_weights()[:3], source.get_weights(), strict=False):
        np.testing.assert_array_equal(one, two)
    for one, two in zip(other.get_weights()[3:], before[3:], strict=True):
        np.testing.assert_array_equal(one, two)
    alike = model_of(5)
    with pytest.raises(formats.CheckpointError, match="answers/kernel"):
        alike.load_weights(path, by_name=True)
    with pytest.warns(UserWarning, match="has none of the layers"):
        model_of(5, ("a", "b")).load_weights(path, by_name=True)


@pytest.mark.parametrize("ending", [".keras", ".weights.h5"])
def test_files_without_names_say_so(ending, tmp_path):
    path = written(model_of(2), tmp_path / f"model{ending}")
    if ending == ".weights.h5":
        import h5py

        with h5py.File(path) as file:
            if "layer_names" in file.attrs:
                pytest.skip("written as Keras 2 has it")
    with pytest.raises(formats.CheckpointError, match="by_name is True, and the file has no names"):
        model_of(2).load_weights(path, by_name=True)


@pytest.mark.parametrize("ending", ENDINGS)
def test_what_does_not_fit_is_left_with_a_warning(ending, tmp_path):
    source = model_of(2)
    path = written(source, tmp_path / f"model{ending}")
    other = model_of(5)
    before = other.get_weights()
    with pytest.raises(formats.CheckpointError):
        other.load_weights(path)
    for one, two in zip(other.get_weights(), before, strict=True):
        np.testing.assert_array_equal(one, two)
    with pytest.warns(UserWarning, match="left as they are: answers, since"):
        other.load_weights(path, skip_mismatch=True)
    for one, two in zip(other.get_weights()[:3], source.get_weights(), strict=False):
        np.testing.assert_array_equal(one, two)
    np.testing.assert_array_equal(other.get_weights()[3], before[3])
    fitting = model_of(2)
    fitting.load_weights(path, skip_mismatch=True)
    np.testing.assert_array_equal(fitting.get_weights()[3], source.get_weights()[3])


def test_more_or_fewer_arrays_do_not_fit_either(tmp_path):
    source = Sequential([Input((3,)), Dense(2, name="a"), Dense(2, name="b", use_bias=False)])
    source.save_weights(tmp_path / "weights")
    other = Sequential([Input((3,)), Dense(2, name="a", use_bias=False), Dense(2, name="b")])
    before = other.get_weights()
    with pytest.warns(UserWarning, match=r"a, since the file holds a/bias.*; b, since"):
        other.load_weights(tmp_path / "weights", skip_mismatch=True)
    for one, two in zip(other.get_weights(), before, strict=True):
        np.testing.assert_array_equal(one, two)
    third = Sequential([Input((3,)), Dense(2, name="a")])
    with pytest.raises(formats.CheckpointError, match="the file holds b/kernel"):
        third.load_weights(tmp_path / "weights", skip_mismatch=True)
    third.load_weights(tmp_path / "weights", by_name=True)
    np.testing.assert_array_equal(third.get_weights()[0], source.get_weights()[0])


@pytest.mark.slow
def test_keras_takes_the_same_layers(tmp_path):
    keras = require_keras()
    source = model_of(2)
    source.save(tmp_path / "model.h5")
    ours = model_of(5, ("states", "others"))
    with double_precision():
        keras.config.set_dtype_policy("float32")
        k = keras.layers
        parts = [keras.Input((None, 3)), k.GRU(4, name="states"), k.Dense(5, name="others")]
        theirs = keras.Sequential(parts)
        ours.set_weights(theirs.get_weights())
        theirs.load_weights(tmp_path / "model.h5", by_name=True)
        ours.load_weights(tmp_path / "model.h5", by_name=True)
        for one, two in zip(ours.get_weights(), theirs.get_weights(), strict=True):
            np.testing.assert_array_equal(one, two)
