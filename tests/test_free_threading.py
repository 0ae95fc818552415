"""The interpreter lock stays off in the free-threaded build; what modules share is known."""

import sysconfig

import pytest

from tests.core.child import attempt, run

free_threaded = pytest.mark.skipif(
    not sysconfig.get_config_var("Py_GIL_DISABLED"), reason="this Python always has its lock"
)

#: Uses about every part of the package.  `stays_off` is called in between.
EVERYTHING = """
import importlib, pkgutil, sys, tempfile
from pathlib import Path
import numpy as np
import fastrnn
stays_off("import fastrnn")
for found in pkgutil.walk_packages(fastrnn.__path__, "fastrnn."):
    if not found.name.startswith(OTHERS):
        try:
            importlib.import_module(found.name)
        except ImportError as error:
            if (error.name or "").startswith("fastrnn"):
                raise
        stays_off(found.name)

from fastrnn import layers, models, reference, losses, metrics, callbacks
from fastrnn.preprocessing.text import Tokenizer
def squashed(x):
    return np.tanh(x)
folder = Path(tempfile.mkdtemp())
rng = np.random.default_rng(0)
x = rng.standard_normal((40, 12, 3)).astype(np.float32)
y = rng.integers(0, 4, (40, 12))
for cell in (layers.SimpleRNN, layers.GRU, layers.LSTM, layers.MGU):
    model = models.Sequential([
        layers.Input((None, 3)), layers.Masking(), cell(6, return_sequences=True, dropout=0.2),
        layers.Bidirectional(cell(5, return_sequences=True)), layers.LayerNormalization(),
        layers.Lambda(squashed), layers.Dense(4, "softmax", kernel_regularizer="l2"),
    ])
    model.compile("adam", "sparse_categorical_crossentropy", ["accuracy"])
    model.fit(x, y, epochs=2, validation_split=0.2, verbose=0,
              callbacks=[callbacks.ModelCheckpoint(folder / "best", save_best_only=True)])
    model.evaluate(x, y, verbose=0)
    model.save(folder / "model")
    again = models.load_model(folder / "model", {"squashed": squashed})
    assert (again.predict(x) == model.predict(x)).all()
    plain = models.Sequential(
        [layers.Input((None, 3)), cell(6, return_sequences=True), layers.Dense(2)]
    )
    stream = plain.stream()
    for step in x[0]:
        stream(step)
    plain.export(folder / "net.h")
    stays_off(cell.__name__)
Tokenizer().fit_on_texts(["some words"])
metrics.Precision(), metrics.Recall()
parameters = {"Wx": np.ones((5, 3)), "Ws": np.eye(5), "bs": np.zeros((5, 1))}
states, _, caches = fastrnn.rnn_forward(np.ones((3, 2, 4)), np.zeros((5, 2)), parameters)
fastrnn.rnn_backward(states, caches)
reference.rnn_forward(np.ones((3, 2, 4)), np.zeros((5, 2)), parameters)
stays_off("everything")
"""

#: What imports packages of others, or makes their files.
OTHERS = ("fastrnn.benchmark", "fastrnn.interop", "fastrnn.sklearn", "fastrnn.cli")

WATCH = """
def stays_off(what):
    import sys
    assert not sys._is_gil_enabled(), f"{what} has turned the interpreter lock on"
"""


@free_threaded
def test_the_lock_stays_off():
    program = f"OTHERS = {OTHERS!r}\n" + WATCH + EVERYTHING
    run(program, PYTHON_GIL="")


#: What of the packages of others is used by extras, and what uses it.
EXTRAS = {
    "h5py": "model.save(folder / 'model.h5'); load_model(folder / 'model.h5')",
    "onnx": "model.export(folder / 'model.onnx', check=True)",
    "sklearn": "import fastrnn.sklearn",
    "joblib": "import fastrnn.cipher.sweeps.running",
    "matplotlib": "import fastrnn.cipher.plot",
}


@free_threaded
@pytest.mark.parametrize("package", EXTRAS)
def test_the_lock_stays_off_with_the_extras_that_allow_it(package):
    pytest.importorskip(package)
    alone = f"import warnings; warnings.simplefilter('ignore'); import {package}, sys\n"
    if package == "onnx":
        alone += "import onnx.reference\n"
    program = alone + "print(sys._is_gil_enabled())"
    if run(program, PYTHON_GIL="").strip() == "True":
        pytest.skip(f"{package} itself turns the lock on")
    program = f"""
import tempfile
from pathlib import Path
from fastrnn.layers import GRU, Input
from fastrnn.models import Sequential, load_model
folder, model = Path(tempfile.mkdtemp()), Sequential([Input((None, 2)), GRU(3)])
{EXTRAS[package]}
stays_off({package!r})
"""
    run(WATCH + program, PYTHON_GIL="")


@free_threaded
def test_a_warning_would_be_seen():
    """Python warns where a module turns the lock on; `import fastrnn` makes no warning."""
    done = attempt("import fastrnn, fastrnn.models", PYTHON_GIL="", PYTHONWARNINGS="error")
    assert done.returncode == 0, done.stderr
    assert not done.stderr


TOPS = """
import sys
def tops():
    found = {}
    for name, module in sorted(sys.modules.items()):
        if name.split(".")[0] == "fastrnn":
            for key, value in vars(module).items():
                kind = type(value).__mro__
                if any(base in (dict, list, set, bytearray) for base in kind) and key[:2] != "__":
                    found[f"{name}.{key}"] = repr(value)
    return found
"""


def test_collections_that_modules_share_do_not_change():
    """A cache at the top of a module is shared by all threads: one that is new wants a guard."""
    program = "def stays_off(what): pass\n" + f"OTHERS = {OTHERS!r}\n" + TOPS
    cut = EVERYTHING.index("from fastrnn import layers")
    use = EVERYTHING[cut:]
    program += EVERYTHING[:cut] + "before = tops()\n" + use + "after = tops()\n"
    program += "print(*[name for name in after if before.get(name, after[name]) != after[name]])"
    changed = run(program).splitlines()[-1]
    assert changed == "fastrnn.naming._counts"  # which has a lock
