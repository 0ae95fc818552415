"""``fastrnn inspect`` and ``fastrnn convert``."""

import json
import zipfile

import numpy as np
import pytest

from fastrnn.interop import checking
from fastrnn.layers import GRU, LSTM, Add, Dense, Embedding, Input, Reshape
from fastrnn.models import CheckpointError, Model, Sequential, load_model


@pytest.fixture
def model():
    return Sequential(
        [Input((None, 2)), LSTM(3, return_sequences=True, name="memory"), Dense(1, "tanh")]
    )


@pytest.fixture
def file(model, tmp_path):
    model.compile("adam", "mse")
    model.save(tmp_path / "model.safetensors")
    return tmp_path / "model.safetensors"


def test_inspect_tells_what_a_model_holds(fastrnn, file):
    code, out, err = fastrnn("inspect", file)
    assert (code, err) == (0, "")
    for words in (
        "safetensors",
        "LSTM i, f, g, o",
        "memory                  LSTM(3)",
        "recurrent_kernel      (3, 12) float32",
        "activation=tanh",
        "76 in 5 arrays of float32",
        "Adam",
        "loads      yes",
    ):
        assert words in out, words


def test_inspect_tells_what_a_state_dictionary_holds(fastrnn, tmp_path):
    path = tmp_path / "weights.npz"
    np.savez(path, **{"rnn.weight_ih_l0": np.zeros((6, 3)), "rnn.weight_hh_l0": np.zeros((6, 2))})
    code, out, _ = fastrnn("inspect", path)
    assert code == 0
    assert "rnn layer 0             GRU" in out
    assert "weight_ih             (6, 3) float64" in out
    assert "load_state_dict" in out


def test_inspect_tells_what_it_can_of_files_that_do_not_load(fastrnn, tmp_path):
    path = tmp_path / "amp.nam"
    path.write_text(json.dumps({"architecture": "WaveNet", "weights": [1, 2], "config": {}}))
    code, out, err = fastrnn("inspect", path)
    assert code == 1
    assert "architecture            WaveNet" in out
    assert "weights                 list of 2" in out
    assert err.count("\n") == 1
    assert "'WaveNet'" in err
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("thing", "content")
    code, out, err = fastrnn("inspect", tmp_path / "a.zip")
    assert (code, "thing" in out, err.count("\n")) == (1, True, 1)


@pytest.mark.parametrize(
    "content", [b"", b"\x80\x02}.", b"{", b"\0" * 100, b"PK\3\4rest", b"<html>"]
)
@pytest.mark.parametrize("command", ["inspect", "convert"])
def test_bad_files_give_one_line(refused, tmp_path, command, content):
    path = tmp_path / "bad"
    path.write_bytes(content)
    words = [command, path, *([tmp_path / "out.json"] if command == "convert" else [])]
    assert "bad" in refused(*words)
    refused(command, tmp_path / "missing", *words[2:])
    refused(command, tmp_path, *words[2:])
    assert not (tmp_path / "out.json").exists()


def test_convert_writes_and_says_how_far_the_two_are_apart(fastrnn, file, model, tmp_path):
    code, out, err = fastrnn("convert", file, tmp_path / "new" / "net.json")
    assert (code, err) == (0, "")
    assert out.count("largest difference") + out.count("compared with nothing") >= 2
    again = load_model(tmp_path / "new" / "net.json")
    x = np.random.default_rng(1).normal(size=(2, 5, 2))
    np.testing.assert_array_equal(again.predict(x, verbose=0), model.predict(x, verbose=0))
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["net.json"]


def test_convert_replaces_only_what_it_was_told_to(fastrnn, refused, file, tmp_path):
    out = tmp_path / "net.json"
    out.write_text("mine")
    assert "--force replaces it" in refused("convert", file, out)
    assert out.read_text() == "mine"
    assert fastrnn("convert", "--force", file, out).code == 0
    load_model(out)
    assert "is the input itself" in refused("convert", "--force", file, file)


def test_convert_refuses_what_cannot_be_written(refused, tmp_path):
    path = tmp_path / "model.safetensors"
    Sequential([Input((None, 1)), GRU(2, return_sequences=True)]).save(path)
    assert "reset_after of gru_1 is False" in refused("convert", path, tmp_path / "net.json")
    assert ".safetensors" in refused("convert", path, tmp_path / "net.xyz")
    assert [one.name for one in tmp_path.iterdir()] == ["model.safetensors"]


def test_a_model_that_answers_otherwise_is_not_written(refused, file, tmp_path, monkeypatch):
    def other(path, model, x):
        return "another program", [answer + 1 for answer in checking.answers(model, x)]

    monkeypatch.setattr(checking, "_runners", lambda module: [other])
    assert "does not answer as it should" in refused("convert", file, tmp_path / "net.json")
    assert not (tmp_path / "net.json").exists()
    with pytest.raises(CheckpointError, match=r"largest difference 1, compared with another pro"):
        load_model(file, check=True)


def test_check_says_if_there_is_nothing_to_compare_with(file, monkeypatch):
    monkeypatch.setattr(checking, "_runners", lambda module: [])
    with pytest.warns(UserWarning, match="was not checked"):
        load_model(file, check=True)


def test_check_compares_with_pytorch(tmp_path):
    pytest.importorskip("torch", exc_type=ImportError)
    path = tmp_path / "model.safetensors"
    tokens = Sequential(
        [Input((None,)), Embedding(5, 3), LSTM(4, learn_initial_state=True), Dense(2)]
    )
    tokens.save(path)
    found = checking.compare(str(path), load_model(path, check=True))
    assert found.framework.startswith("PyTorch")
    assert found.agrees


def test_inputs_of_every_kind_are_drawn():
    one, other = Input((4, 2), "float64"), Input((None, 2), "float64")
    both = Model([one, other], [Add()([GRU(2)(one), GRU(2)(other)])])
    x = checking.random_inputs(both)
    assert [array.shape for array in x] == [(3, 4, 2), (3, checking.STEPS, 2)]
    assert [array.dtype for array in x] == [np.float64] * 2
    stateful = Sequential([Input((None, 1), batch_size=2), LSTM(2, stateful=True)])
    stateful.predict(np.ones((2, 3, 1)), verbose=0)
    before = stateful.layers[-1].get_state()["states"]
    checking.answers(stateful, checking.random_inputs(stateful))
    for a, b in zip(before, stateful.layers[-1].get_state()["states"], strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.filterwarnings("ignore:.*in the file; that of the model is")
@pytest.mark.parametrize("axes", [(0, 1, 2), (1, 0, 2)])
def test_graphs_of_onnx_are_fed_in_their_own_order_of_axes(tmp_path, axes):
    onnx = pytest.importorskip("onnx")
    helper, kind = onnx.helper, onnx.TensorProto.FLOAT
    rng, units = np.random.default_rng(2), 4
    tensors = {
        "W": rng.normal(size=(1, 4 * units, 3)),
        "R": rng.normal(size=(1, 4 * units, units)),
    }
    x_shape, y_shape = (["batch", "time", 3], ["batch", "time", units])
    nodes = [
        helper.make_node("Transpose", ["x"], ["turned"], perm=[1, 0, 2]),
        helper.make_node(
            "LSTM", ["turned" if axes[0] == 0 else "x", "W", "R"], ["all"], hidden_size=units
        ),
        helper.make_node("Squeeze", ["all", "one"], ["states"]),
        helper.make_node("Transpose", ["states"], ["back"], perm=[1, 0, 2]),
    ]
    if axes[0] == 0:
        output = "back"
    else:
        nodes, output = [nodes[1], nodes[2]], "states"
    held = [onnx.numpy_helper.from_array(a.astype("f"), name) for name, a in tensors.items()]
    held.append(onnx.numpy_helper.from_array(np.array([1]), "one"))
    graph = helper.make_graph(
        nodes,
        "net",
        [helper.make_tensor_value_info("x", kind, [x_shape[axis] for axis in axes])],
        [helper.make_tensor_value_info(output, kind, [y_shape[axis] for axis in axes])],
        held,
    )
    path = str(tmp_path / "net.onnx")
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)]), path)
    found = checking.compare(path, load_model(path, check=True))
    assert found.framework.startswith("onnx.reference")
    assert found.agrees
    wrong = load_model(path)
    wrong.set_weights([1.1 * weight for weight in wrong.get_weights()])
    assert not checking.compare(path, wrong).agrees


def test_files_of_keras_are_compared_with_keras(fastrnn, model, tmp_path):
    pytest.importorskip("keras")
    for ending in (".keras", ".h5"):
        model.save(tmp_path / f"model{ending}")
        out = fastrnn("inspect", tmp_path / f"model{ending}").out
        assert "GRU z, r, h; LSTM i, f, c, o" in out
        code, out, _ = fastrnn("convert", tmp_path / f"model{ending}", tmp_path / f"b{ending}")
        assert code == 0
        assert out.count("compared with Keras ") == 2


def test_a_graph_that_is_no_row_of_layers_is_compared_by_onnx(fastrnn, tmp_path):
    pytest.importorskip("onnx")
    folded = Sequential([Input((12,)), Reshape((3, 4)), LSTM(2), Dense(1)])
    folded.save(tmp_path / "model.safetensors")
    code, out, _ = fastrnn("convert", tmp_path / "model.safetensors", tmp_path / "net.onnx")
    assert code == 0
    assert "not read again, since net.onnx" in out
    assert out.count("onnx.reference") >= 1
    assert (
        "in C       no: the input of the model"
        in fastrnn("inspect", tmp_path / "model.safetensors").out
    )


def test_convert_takes_the_options_of_c_files(fastrnn, refused, file, tmp_path):
    data, target = tmp_path / "data.npy", tmp_path / "c" / "net.h"
    np.save(data, np.ones((20, 2), np.float32))
    words = ["--dtype", "double", "--no-math", "--weights-file", "--name", "foo", "--streams", 2]
    words += ["--int8", "--data", data, "--self-test"]
    code, out, _ = fastrnn("convert", file, target, *words)
    assert code == 0
    assert sorted(one.name for one in target.parent.iterdir()) == [
        "foo_weights.h",
        "net.h",
        "net_test.c",
    ]
    assert "int8: on 20 steps of data" in out
    text = target.read_text()
    assert "foo_step" in text
    assert "double" in text
    assert "#include <math.h>" not in text
    target.unlink()
    assert "net_test.c exists" in refused("convert", file, target, "--self-test")
    assert not target.exists()
    assert "--no-math is for C files" in refused("convert", file, tmp_path / "a.onnx", "--no-math")
    assert "give both, or neither" in refused("convert", file, target, "--data", data)
    np.save(data, np.full((20, 2), np.nan, np.float32))
    assert "finite" in refused("convert", file, target, "--int8", "--data", data)
    data.write_text("none")
    assert "no array of NumPy" in refused("convert", file, target, "--int8", "--data", data)
    assert not target.exists()


def test_an_export_is_compared_when_asked(model, tmp_path, monkeypatch):
    model.export(tmp_path / "net.json", check=True)
    monkeypatch.setattr(
        checking, "difference", lambda one, other: checking.Comparison("fastrnn", 1.0)
    )
    with pytest.raises(CheckpointError, match="does not answer as the model"):
        model.export(tmp_path / "net.json", check=True)
    with pytest.raises(ValueError, match="self_test"):
        model.export(tmp_path / "net.h", check=True)
