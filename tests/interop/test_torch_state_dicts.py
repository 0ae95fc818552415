"""Weights of PyTorch in files of every kind, with PyTorch and without."""

import io
import json
import pickle
import subprocess
import sys
import zipfile

import numpy as np
import pytest

from fastrnn.formats.state_dict import open_state_dict
from fastrnn.interop.torch import load_state_dict, to_state_dict
from fastrnn.layers import (
    GRU,
    LSTM,
    Activation,
    BatchNormalization,
    Bidirectional,
    Conv1D,
    Dense,
    Embedding,
    Input,
    LayerNormalization,
    SimpleRNN,
    TimeDistributed,
    concatenate,
)
from fastrnn.models import CheckpointError, Model, Sequential

torch = pytest.importorskip("torch", exc_type=ImportError)


def module():
    torch.manual_seed(3)
    names = {
        "gru": torch.nn.GRU(3, 4, 2, bidirectional=True),
        "lstm": torch.nn.LSTM(8, 5),
        "cell": torch.nn.RNNCell(5, 6),
        "fc": torch.nn.Linear(6, 2),
    }
    return torch.nn.ModuleDict(names)


def model(dtype="float32"):
    sequences = {"return_sequences": True}
    return Sequential(
        [
            Input((None, 3), dtype),
            Bidirectional(GRU(4, reset_after=True, **sequences)),
            Bidirectional(GRU(4, reset_after=True, **sequences)),
            LSTM(5, **sequences),
            SimpleRNN(6, **sequences),
            Activation("tanh"),
            TimeDistributed(Dense(2)),
        ]
    )


def script(state):
    torch.manual_seed(3)

    class Net(torch.nn.Module):
        def __init__(self):
            super().__init__()
            for name, part in module().items():
                setattr(self, name, part)
            self.load_state_dict(state)

        def forward(self, x):
            y, _ = self.gru(x)
            y, _ = self.lstm(y)
            return self.fc(self.cell(y[0]))

    return torch.jit.trace(Net(), torch.zeros(2, 3, 3), check_trace=False)


def _save(state, path, kind):
    if kind == "zip":
        torch.save(state, path)
    elif kind == "legacy":
        torch.save(state, path, _use_new_zipfile_serialization=False)
    elif kind == "checkpoint":
        optimizer = torch.optim.Adam(module().parameters()).state_dict()
        torch.save({"epoch": 3, "state_dict": state, "optimizer": optimizer}, path)
    elif kind == "parameters":
        torch.save({name: torch.nn.Parameter(tensor) for name, tensor in state.items()}, path)
    elif kind == "script":
        torch.jit.save(script(state), path)
    elif kind == "safetensors":
        pytest.importorskip("safetensors.torch").save_file(state, path)
    elif kind in ("npz", "npz compressed"):
        save = np.savez if kind == "npz" else np.savez_compressed
        with open(path, "wb") as file:
            save(file, **{name: tensor.numpy() for name, tensor in state.items()})
    else:
        lists = {name: tensor.tolist() for name, tensor in state.items()}
        content = {"state_dict": lists, "model_data": {}} if kind == "json within" else lists
        path.write_text(json.dumps(content))


KINDS = ["zip", "legacy", "checkpoint", "parameters", "script", "safetensors", "npz"]
KINDS += ["npz compressed", "json", "json within"]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", KINDS)
def test_files_of_every_kind_hold_the_same_weights(tmp_path, kind):
    state, path = module().state_dict(), tmp_path / "weights"
    _save(state, path, kind)
    found = model()
    load_state_dict(found, path)
    wanted = model()
    load_state_dict(wanted, state)
    for a, b in zip(found.get_weights(), wanted.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    kernel = wanted.get_layer("bidirectional_2").forward_layer.parameter("kernel").value
    np.testing.assert_array_equal(kernel, state["gru.weight_ih_l1"].numpy().T)
    both = state["lstm.bias_ih_l0"].double() + state["lstm.bias_hh_l0"].double()
    np.testing.assert_array_equal(wanted.get_layer("lstm_1").get_weights()[2], both.float().numpy())


def test_pytorch_is_not_needed(tmp_path):
    for kind in ("zip", "legacy"):
        _save(module().state_dict(), tmp_path / kind, kind)
    program = (
        "import sys; sys.modules['torch'] = None\n"
        "from fastrnn.formats.state_dict import open_state_dict\n"
        "one, other = (open_state_dict(path) for path in sys.argv[1:])\n"
        "assert list(one) == list(other)\n"
        "assert all((one[k].read() == other[k].read()).all() for k in one)\n"
        "print(len(one))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "zip"), str(tmp_path / "legacy")],
        check=True,
        capture_output=True,
        text=True,
    )
    assert int(done.stdout) == len(module().state_dict())


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16", "bfloat16", "int64", "uint8"])
@pytest.mark.parametrize("legacy", [False, True])
def test_tensors_of_every_type_and_layout(tmp_path, dtype, legacy):
    whole = (torch.arange(60).reshape(3, 4, 5) % 7).to(getattr(torch, dtype))
    tensors = {
        "whole": whole,
        "turned": whole.permute(2, 0, 1),
        "part": whole[1:, ::2, 3],
        "same row": whole[0, 0].expand(6, 5),
        "number": whole[1, 1, 1],
        "empty": whole[:0],
    }
    torch.save(tensors, tmp_path / "a.pt", _use_new_zipfile_serialization=not legacy)
    for name, stored in open_state_dict(tmp_path / "a.pt").items():
        assert stored.kind == dtype
        assert stored.shape == tuple(tensors[name].shape)
        np.testing.assert_array_equal(stored.read(), tensors[name].double().numpy())


def test_layers_of_other_kinds():
    parts = [
        torch.nn.Embedding(7, 3),
        torch.nn.Conv1d(3, 4, 5, groups=1),
        torch.nn.BatchNorm1d(4),
        torch.nn.LayerNorm(4),
    ]
    source = torch.nn.Sequential(*parts)
    with torch.no_grad():
        for tensor in source.state_dict().values():
            if tensor.is_floating_point():
                tensor.uniform_(0.1, 1)
    found = Sequential(
        [Input((None,)), Embedding(7, 3), Conv1D(4, 5), BatchNormalization(), LayerNormalization()]
    )
    load_state_dict(found, source.state_dict())
    by_name = dict(zip([p.name for p in found.weights], found.get_weights(), strict=True))
    state = {name: tensor.numpy() for name, tensor in source.state_dict().items()}
    np.testing.assert_array_equal(by_name["embeddings"], state["0.weight"])
    np.testing.assert_array_equal(by_name["kernel"], state["1.weight"].T)
    np.testing.assert_array_equal(by_name["moving_variance"], state["2.running_var"])
    again = to_state_dict(found)
    wanted = {name: array for name, array in state.items() if "tracked" not in name}
    for given, array in zip(again.values(), wanted.values(), strict=True):
        np.testing.assert_array_equal(given, array)


def two_alike(reset_after=True):
    def rnn(name):
        return GRU(4, reset_after=reset_after, name=name)

    one, other = Input((None, 3)), Input((None, 3))
    return Model([one, other], Dense(2)(concatenate([rnn("reader")(one), rnn("writer")(other)])))


def alike():
    torch.manual_seed(4)
    names = {
        "writer": torch.nn.GRU(3, 4),
        "reader": torch.nn.GRU(3, 4),
        "fc": torch.nn.Linear(8, 2),
    }
    return torch.nn.ModuleDict(names).state_dict()


def test_names_say_which_module_goes_where():
    found, state = two_alike(), alike()
    load_state_dict(found, state, names={"reader": "reader", "writer": "writer"})
    for name in ("reader", "writer"):
        kernel = found.get_layer(name).parameter("kernel").value
        np.testing.assert_array_equal(kernel, state[f"{name}.weight_ih_l0"].numpy().T)
    load_state_dict(found, state)  # in order
    kernel = found.get_layer("reader").parameter("kernel").value
    np.testing.assert_array_equal(kernel, state["writer.weight_ih_l0"].numpy().T)


def test_modules_of_a_source_without_order_are_not_guessed():
    state = alike()
    with pytest.raises(CheckpointError, match=r"alphabet.*reader, writer; say by names="):
        load_state_dict(two_alike(), dict(sorted(state.items())))
    load_state_dict(two_alike(), dict(sorted(state.items())), {"reader": "reader"})
    numbered = torch.nn.Sequential(*(torch.nn.Linear(3, 3) for _ in range(11)))
    found = Sequential([Input((3,)), *(Dense(3) for _ in range(11))])
    load_state_dict(found, dict(sorted(numbered.state_dict().items())))
    for layer, part in zip(found.layers, numbered, strict=False):
        np.testing.assert_array_equal(layer.get_weights()[0], part.weight.detach().numpy().T)


WRONG = {
    "another number of units": (
        lambda s: s | {"lstm.weight_hh_l0": torch.zeros(24, 6)},
        r"lstm layer 0 .* does not fit lstm_1 \(LSTM: .*weight_hh has shape \(24, 6\); it should",
    ),
    "a module too many": (
        lambda s: s | {"more.weight": torch.zeros(2, 2)},
        r"it has more \(Linear or Embedding: .*for which the model has no layer",
    ),
    "a module too few": (
        lambda s: {k: v for k, v in s.items() if not k.startswith("fc")},
        r"nothing for time_distributed_1 \(Dense: weight \(2, 6\), bias \(2,\)\)",
    ),
    "a bias missing": (
        lambda s: {k: v for k, v in s.items() if k != "gru.bias_hh_l1"},
        r"gru layer 1 .*bidirectional_2.*lacks bias_hh; use_bias=False has none",
    ),
    "a tensor too many": (
        lambda s: s | {"fc.scale": torch.zeros(2)},
        r"the layer has nothing for fc.scale",
    ),
    "modules in another order": (
        lambda s: dict(reversed(s.items())),
        r"fc \(Linear: .*\) does not fit bidirectional_1",
    ),
    "a projection": (
        lambda s: s | {"lstm.weight_hr_l0": torch.zeros(2, 5)},
        "proj_size",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_does_not_fit_is_named_and_changes_nothing(case):
    change, message = WRONG[case]
    found = model()
    before = found.get_weights()
    with pytest.raises(CheckpointError, match=message):
        load_state_dict(found, change(dict(module().state_dict())))
    for a, b in zip(before, found.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_arguments_that_are_wrong():
    state = module().state_dict()
    with pytest.raises(ValueError, match=r"names has 'lstm', .*did you mean 'lstm_1'"):
        load_state_dict(model(), state, {"lstm": "lstm"})
    with pytest.raises(CheckpointError, match="no module 'rnn' for lstm_1"):
        load_state_dict(model(), state, {"lstm_1": "rnn"})
    with pytest.raises(ValueError, match=r"reset_after=False.*GRU\(..., reset_after=True\)"):
        load_state_dict(two_alike(reset_after=False), alike())
    with pytest.raises(TypeError, match="source is of type int"):
        load_state_dict(model(), 3)
    with pytest.raises(TypeError, match="model is of type dict"):
        load_state_dict({}, state)
    with pytest.raises(FileNotFoundError):
        load_state_dict(model(), "no such file")


def test_a_number_that_becomes_infinite_is_refused():
    big = {"weight": np.full((1, 1), 1e300), "bias": np.zeros(1)}
    found = Sequential([Input((1,)), Dense(1)])
    with pytest.raises(ValueError, match="dense_1/kernel"):
        load_state_dict(found, big)


def test_there_and_back():
    found = model("float64")
    state = to_state_dict(found)
    assert list(state)[:2] == ["bidirectional_1.weight_ih_l0", "bidirectional_1.weight_hh_l0"]
    other = model("float64")
    load_state_dict(other, state)
    for a, b in zip(found.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


# Files that mean harm ------------------------------------------------------------------------


class Evil:
    """Runs a function when pickle reads it."""

    def __init__(self, function, *arguments):
        self.called = function, arguments

    def __reduce__(self):
        return self.called


def as_archive(content):
    room = io.BytesIO()
    with zipfile.ZipFile(room, "w") as archive:
        archive.writestr("archive/data.pkl", content)
        archive.writestr("archive/version", "3")
    return room.getvalue()


HARM = {
    "a command": pickle.dumps({"a": Evil(print, "run")}, 2),
    "a method": pickle.dumps({"a": Evil(getattr, "a", "upper")}, 4),
    "a class": pickle.dumps({"a": io.StringIO}, 2),
    "an extension": b"\x80\x02\x82\x01.",
    "an old instance": b"\x80\x02(ios\nsystem\n.",
    "an integer without end": b"\x80\x02\x8b\xff\xff\xff\x7f" + b"1" * 100 + b".",
    "a text longer than the file": b"\x80\x02X\xff\xff\xff\x7fabc.",
    "a place in the memo far away": b"\x80\x02Nr\xff\xff\xff\x7f.",
    "a key nested without end": b"\x80\x02}" + b")" + b"\x85" * 100_000 + b"Ns.",
    "no end": b"\x80\x02}",
    "nothing on the stack": b"\x80\x02a.",
    "a mark that is missing": b"\x80\x02}u.",
    "a persistent id of another kind": b"\x80\x02X\x01\0\0\0aQ.",
    "a tensor beyond its storage": (
        b"\x80\x02}X\x01\0\0\0actorch._utils\n_rebuild_tensor_v2\n((X\x07\0\0\0storage"
        b"ctorch\nFloatStorage\nX\x01\0\0\x000X\x03\0\0\0cpuK\x02tQK\x01K\x02\x85K\x01\x85\x89NtRs."
    ),
}


@pytest.mark.parametrize("case", HARM)
def test_a_pickle_that_is_no_dict_of_tensors_is_refused(tmp_path, case, capsys):
    for place, content in enumerate((as_archive(HARM[case]), HARM[case])):
        path = tmp_path / f"{place}.pt"
        path.write_bytes(content)
        with pytest.raises(CheckpointError, match=str(path.name)):
            load_state_dict(model(), path)
    assert capsys.readouterr().out == ""


def test_a_whole_module_is_refused_with_advice(tmp_path):
    torch.save(torch.nn.Linear(2, 2), tmp_path / "module.pt")
    with pytest.raises(CheckpointError, match=r"torch.nn.modules.linear.Linear.*state_dict\(\)"):
        load_state_dict(model(), tmp_path / "module.pt")


def test_compressed_and_overlapping_parts_are_refused(tmp_path):
    path = tmp_path / "a.pt"
    torch.save({"weight": torch.zeros(1000)}, path)
    with (
        zipfile.ZipFile(path) as archive,
        zipfile.ZipFile(tmp_path / "b.pt", "w", zipfile.ZIP_DEFLATED) as other,
    ):
        for name in archive.namelist():
            other.writestr(name, archive.read(name))
    with pytest.raises(CheckpointError, match="compressed"):
        open_state_dict(tmp_path / "b.pt")


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", KINDS)
def test_damaged_files_give_one_kind_of_error(tmp_path, kind):
    whole_path, path = tmp_path / "whole", tmp_path / "damaged"
    _save(module().state_dict(), whole_path, kind)
    whole = whole_path.read_bytes()
    rng = np.random.default_rng(7)
    refused = 0
    for round_ in range(60):
        content = bytearray(whole)
        if round_ % 3 == 0:
            del content[rng.integers(len(content)) :]
        elif round_ % 3 == 1:
            content[rng.integers(len(content))] ^= 1 << rng.integers(8)
        else:
            at = int(rng.integers(len(content)))
            content[at : at + 8] = rng.bytes(8)
        path.write_bytes(content)
        found = model()
        before = found.get_weights()
        try:
            load_state_dict(found, path)
        except CheckpointError:
            refused += 1
            for a, b in zip(before, found.get_weights(), strict=True):
                np.testing.assert_array_equal(a, b)
    assert refused > 20
