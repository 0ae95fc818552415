"""Public files of weights under PyTorch's names, with the answers that they must give."""

import io
import os
import zipfile
from pathlib import Path

import numpy as np
import pytest

import fastrnn
from fastrnn.formats.state_dict import open_state_dict
from fastrnn.interop.torch import load_state_dict
from fastrnn.layers import GRU, LSTM, Dense, Embedding, Input
from fastrnn.models import CheckpointError, Sequential

DATA = Path(os.environ.get("FASTRNN_MODELS_DATA", ""))
needs_data = pytest.mark.skipif(
    not (DATA / "rtneural").is_dir(), reason="FASTRNN_MODELS_DATA names no folder of model files"
)

CELLS = {
    "gru": lambda: GRU(8, reset_after=True, return_sequences=True),
    "lstm": lambda: LSTM(8, return_sequences=True),
}


@needs_data
@pytest.mark.parametrize("cell", CELLS)
def test_rtneurals_answers_of_stacks_from_pytorch(cell):
    folder = DATA / "rtneural"
    model = Sequential([Input((None, 1)), *(CELLS[cell]() for _ in range(4)), Dense(1)])
    load_state_dict(model, folder / f"{cell}_torch.json")
    x, y = (np.loadtxt(folder / f"{cell}_torch_{which}_python.csv") for which in "xy")
    found = model.predict(x.reshape(1, -1, 1), verbose=0).ravel()
    np.testing.assert_allclose(found, y.ravel(), rtol=0, atol=1e-6)


@needs_data
def test_the_gru_of_a_numpy_package_is_replaced_by_the_functions_here():
    arrays = {
        key: value.astype(float) for key, value in np.load(DATA / "npz" / "g2p_gru.npz").items()
    }
    rng, n_s = np.random.default_rng(2), 256
    for side in ("enc", "dec"):
        w_ih, w_hh, b_ih, b_hh = (
            arrays[f"{side}_{name}"] for name in ("w_ih", "w_hh", "b_ih", "b_hh")
        )
        x = arrays[f"{side}_emb"][rng.integers(0, len(arrays[f"{side}_emb"]), (3, 20))]
        h = np.zeros((3, n_s))
        parameters = {"Wx": w_ih, "Ws": w_hh, "bx": b_ih, "bs": b_hh}
        states, _, _ = fastrnn.gru_forward(x.transpose(2, 0, 1), h.T, parameters, reset_after=True)
        for step in range(x.shape[1]):
            one, other = x[:, step] @ w_ih.T + b_ih, h @ w_hh.T + b_hh
            r, z = np.split(1 / (1 + np.exp(-(one + other)[:, : 2 * n_s])), 2, axis=1)
            n = np.tanh(one[:, 2 * n_s :] + r * other[:, 2 * n_s :])
            h = (1 - z) * n + z * h
            np.testing.assert_allclose(states[:, :, step].T, h, rtol=0, atol=1e-12)


@needs_data
def test_a_numpy_package_gives_its_weights_to_a_model_under_pytorchs_names():
    arrays = np.load(DATA / "npz" / "g2p_gru.npz")
    model = Sequential(
        [Input((None,)), Embedding(29, 256), GRU(256, reset_after=True, return_sequences=True)]
    )
    parts = {"w_ih": "weight_ih", "w_hh": "weight_hh", "b_ih": "bias_ih", "b_hh": "bias_hh"}
    names = {f"rnn.{new}_l0": arrays[f"enc_{old}"] for old, new in parts.items()}
    load_state_dict(model, {"emb.weight": arrays["enc_emb"], **names})
    np.testing.assert_array_equal(model.get_weights()[0], arrays["enc_emb"])


# Sizes that a file declares and does not have ---------------------------------------------------


def npz(header, content=b"", compression=zipfile.ZIP_STORED):
    room = io.BytesIO()
    with zipfile.ZipFile(room, "w", compression) as archive:
        part = io.BytesIO()
        np.lib.format.write_array_header_1_0(part, header)
        archive.writestr("weight.npy", part.getvalue() + content)
    return room.getvalue()


def header(shape, descr="<f4"):
    return {"descr": descr, "fortran_order": False, "shape": shape}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (npz(header((10**6, 10**7))), "cannot have"),
        (npz(header((-1, 4))), "damaged|negative|cannot have"),
        (npz(header((2,), "|O"), b"\0" * 16), "real numbers"),
        (npz(header((2,), "<c8"), b"\0" * 16), "real numbers"),
        (npz(header((3,)), b"\0" * 8), "cannot have"),
    ],
)
def test_an_npz_that_declares_what_it_has_not_is_refused(tmp_path, content, message):
    path = tmp_path / "weights.npz"
    path.write_bytes(content)
    with pytest.raises(CheckpointError, match=message):
        open_state_dict(path)


def test_a_bomb_is_not_unpacked(tmp_path):
    import tracemalloc

    path = tmp_path / "bomb.npz"
    size = 1 << 26
    path.write_bytes(npz(header((size // 4,)), bytes(size), zipfile.ZIP_DEFLATED))
    assert path.stat().st_size < 1 << 18
    tracemalloc.start()
    try:
        with pytest.raises(CheckpointError, match=r"does not fit|nothing for"):
            load_state_dict(Sequential([Input((2,)), Dense(3, use_bias=False)]), path)
        assert tracemalloc.get_traced_memory()[1] < size // 8
    finally:
        tracemalloc.stop()


def test_a_tensor_that_is_one_number_many_times_is_not_spread_out(tmp_path):
    torch = pytest.importorskip("torch", exc_type=ImportError)
    path = tmp_path / "wide.pt"
    torch.save({"weight": torch.zeros(1).expand(10**6, 10**6)}, path)
    assert open_state_dict(path)["weight"].shape == (10**6, 10**6)
    with pytest.raises(CheckpointError, match="does not fit"):
        load_state_dict(Sequential([Input((2,)), Dense(3, use_bias=False)]), path)
