"""Names: where people write them, nothing but what is public, and advice on those of Keras."""

import importlib
import json
import subprocess
import sys
from pathlib import Path

import pytest

import fastrnn
from fastrnn._names import ADVICE, GENERAL_ADVICE

# What Keras 3.15 and tf_keras 2.21 show in each of their modules, and names of Keras 1 and 2.
KERAS = json.loads(Path(__file__).with_name("keras_names.json").read_text(encoding="utf-8"))
WITH_ADVICE = list(KERAS)


@pytest.mark.parametrize("module", WITH_ADVICE)
def test_every_name_of_keras_is_there_or_says_what_to_do_instead(module):
    ours = importlib.import_module(f"fastrnn.{module}" if module else "fastrnn")
    advice = tuple(words for _, words in ADVICE + GENERAL_ADVICE)
    missing = [name for name in KERAS[module] if not hasattr(ours, name)]
    for name in missing:
        with pytest.raises(AttributeError) as caught:
            getattr(ours, name)
        said = str(caught.value)
        assert said.endswith(advice) or "did you mean" in said, said


def test_an_import_says_it_too():
    with pytest.raises(ImportError, match="images are out of scope"):
        from fastrnn import applications  # noqa: F401
    with pytest.raises(ImportError, match="did you mean 'Sequential'"):
        from fastrnn import Sequental  # noqa: F401


def test_a_module_can_be_asked_whether_it_has_a_name():
    assert not hasattr(fastrnn, "applications")
    assert getattr(fastrnn.config, "set_epsilon", None) is None


def test_keras_is_what_fastrnn_is_called():
    import fastrnn as keras

    model = keras.Sequential([keras.Input((4, 2)), keras.layers.GRU(3), keras.layers.Dense(1)])
    model.compile(keras.optimizers.Adam(), keras.losses.MeanSquaredError())
    assert isinstance(model, keras.Model)
    assert keras.utils.to_categorical([1]).shape == (1, 2)


def test_the_losses_have_a_name_of_keras_1():
    from fastrnn import objectives
    from fastrnn.objectives import mse

    assert fastrnn.objectives is objectives is fastrnn.losses
    assert mse is fastrnn.losses.mean_squared_error


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("src.layers", "LSTM"),
        ("src.layers.rnn.lstm", "LSTM"),
        ("layers.recurrent_v2", "GRU"),
        ("layers.normalization.batch_normalization", "BatchNormalization"),
        ("layers.core.dense", "Dense"),
        ("layers.rnn", "Bidirectional"),
        ("layers.regularization.dropout", "Dropout"),
        ("callbacks.callbacks", "EarlyStopping"),
        ("src.callbacks.early_stopping", "EarlyStopping"),
        ("engine.topology", "Merge"),
        ("_tf_keras.keras.losses", "Huber"),
    ],
)
def test_import_lines_that_editors_wrote(path, name):
    module = importlib.import_module(f"fastrnn.{path}")
    known = (fastrnn.layers, fastrnn.callbacks, fastrnn.losses)
    assert any(getattr(module, name) is getattr(one, name, None) for one in known)
    with pytest.raises(ModuleNotFoundError):
        importlib.import_module(f"fastrnn.{path}.lstmm")


def test_no_module_takes_the_place_of_a_function():
    with pytest.raises(ModuleNotFoundError):
        importlib.import_module("fastrnn.layers.add")
    assert fastrnn.layers.add.__module__.startswith("fastrnn.layers.merging")


def test_layers_that_prepare_data_have_a_path_of_keras_2():
    from fastrnn.layers.experimental import preprocessing
    from fastrnn.layers.experimental.preprocessing import Discretization, TextVectorization

    assert TextVectorization is preprocessing.TextVectorization is fastrnn.layers.TextVectorization
    assert fastrnn.layers.experimental.preprocessing is preprocessing
    with pytest.raises(AttributeError, match="prepare the data with NumPy before the model"):
        Discretization(num_bins=3)


@pytest.mark.parametrize("module", WITH_ADVICE)
def test_completion_shows_what_is_public(module):
    ours = importlib.import_module(f"fastrnn.{module}" if module else "fastrnn")
    shown = dir(ours)
    assert {*ours.__all__} <= {*shown}
    assert all(hasattr(ours, name) for name in shown)
    assert not {"annotations", "importlib", "np", "names_of", "functional", "seeding"} & {*shown}


def test_late_names_are_not_imported_early():
    # NumPy first: what it imports is not ours.
    program = (
        "import numpy, sys; before = set(sys.modules); import fastrnn;"
        "print(*(set(sys.modules) - before))"
    )
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    modules = run.stdout.split()
    assert not {"importlib.resources", "asyncio", "safetensors", "tqdm"} & {*modules}
    early = {name.split(".")[1] for name in modules if name.startswith("fastrnn.")}
    assert not early & {"layers", "models", "utils", "datasets", "backend", "reference", "cipher"}


@pytest.mark.slow
def test_type_checkers_know_the_names(tmp_path):
    pytest.importorskip("mypy")
    good = "import fastrnn as keras\nreveal_type(keras.layers.GRU)\nkeras.Sequential\n"
    bad = "import fastrnn as keras\nkeras.layer\nkeras.Sequentiel\nkeras.backend.floats\n"
    for name, text, code in (("good.py", good, 0), ("bad.py", bad, 1)):
        (tmp_path / name).write_text(text)
        run = subprocess.run(
            [sys.executable, "-m", "mypy", "--no-incremental", name],
            capture_output=True, text=True, cwd=tmp_path,
        )  # fmt: skip
        assert run.returncode == code, run.stdout
        assert code == 0 or "Found 3 errors" in run.stdout


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("layers.recurrent", "LSTM"),
        ("layers.recurrent", "LSTMCell"),
        ("layers.core", "Dense"),
        ("layers.core", "Activation"),
        ("layers.embeddings", "Embedding"),
        ("layers.wrappers", "TimeDistributed"),
        ("layers.normalization", "BatchNormalization"),
        ("layers.convolutional", "Convolution1D"),
        ("layers.merge", "concatenate"),
        ("layers.advanced_activations", "LeakyReLU"),
        ("layers.pooling", "MaxPool1D"),
        ("utils.np_utils", "to_categorical"),
        ("utils.vis_utils", "plot_model"),
        ("optimizers.legacy", "Adam"),
    ],
)
def test_older_paths_lead_to_the_same_things(path, name):
    package = importlib.import_module(f"fastrnn.{path.split('.')[0]}")
    program = f"from fastrnn.{path} import {name}; import fastrnn; print(fastrnn.{path}.{name})"
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    expected = getattr(package, name)
    assert getattr(importlib.import_module(f"fastrnn.{path}"), name) is expected
    assert getattr(expected, "__name__", name) in run.stdout


def test_the_layers_for_graphics_cards_are_the_usual_ones():
    from fastrnn.layers import GRU, LSTM, CuDNNGRU, CuDNNLSTM

    gru, lstm = CuDNNGRU(3, return_sequences=True), CuDNNLSTM(2, name="mine")
    assert type(gru) is GRU
    assert (gru.units, gru.reset_after, gru.return_sequences) == (3, True, True)
    assert type(lstm) is LSTM
    assert (lstm.units, lstm.name) == (2, "mine")


def test_models_from_json_and_copies_without_weights():
    from fastrnn.layers import GRU, Dense, Input
    from fastrnn.models import Sequential, clone_model, model_from_json

    model = Sequential([Input((5, 2)), GRU(3), Dense(1)])
    for other in (model_from_json(model.to_json()), clone_model(model)):
        assert other.get_config() == model.get_config()
        assert (other.get_weights()[0] != model.get_weights()[0]).any()
    for wrong in ("[]", "{}", '{"layers": 1}', "text"):
        with pytest.raises(ValueError):  # noqa: PT011
            model_from_json(wrong)


@pytest.mark.parametrize(
    ("make", "nearest"),
    [
        (lambda: fastrnn.optimizers.get("adma"), "adam"),
        (lambda: fastrnn.losses.get("mean_square_error"), "mean_squared_error"),
        (lambda: fastrnn.initializers.get("orthogonl"), "orthogonal"),
        (lambda: fastrnn.layers.Dense(3, "rleu"), "relu"),
        (lambda: fastrnn.layers.deserialize({"class_name": "Gru", "config": {}}), "GRU"),
    ],
)
def test_a_misspelled_name_is_told_the_nearest_one(make, nearest):
    with pytest.raises(ValueError, match=rf"; did you mean '{nearest}'\?"):
        make()


def test_a_name_like_no_other_has_no_nearest_one():
    with pytest.raises(ValueError, match="it should be one of") as raised:
        fastrnn.optimizers.get("zzz")
    assert "did you mean" not in str(raised.value)
