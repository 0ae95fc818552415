"""The public modules, for the reference and for the test of its examples."""

from importlib import import_module

#: Every module that users import from, with a title for it, in the order of the reference.
MODULES = {
    "fastrnn": "Functions on arrays, threads, seeds",
    "fastrnn.reference": "The same functions in plain NumPy",
    "fastrnn.layers": "Layers",
    "fastrnn.models": "Models: build, train, predict, save, load",
    "fastrnn.optimizers": "Optimizers",
    "fastrnn.optimizers.schedules": "Learning-rate schedules",
    "fastrnn.losses": "Losses",
    "fastrnn.metrics": "Metrics",
    "fastrnn.callbacks": "Callbacks",
    "fastrnn.initializers": "Initial weights",
    "fastrnn.regularizers": "Penalties on weights",
    "fastrnn.activations": "Activations",
    "fastrnn.preprocessing.text": "Text to tokens",
    "fastrnn.preprocessing.sequence": "Padding and windows",
    "fastrnn.utils": "Utilities",
    "fastrnn.datasets": "Data sets",
    "fastrnn.backend": "Functions on arrays and tensors, as in Keras's backend",
    "fastrnn.ops": "Operations on arrays and tensors, with the names of NumPy",
    "fastrnn.sklearn": "Estimators for scikit-learn",
    "fastrnn.interop.torch": "Weights and modules of PyTorch",
    "fastrnn.interop.onnx": "Graphs of ONNX",
    "fastrnn.distributed": "Several processes, one model",
    "fastrnn.distributed.cost": "What several machines would gain",
    "fastrnn.notebooks.coursera": "Functions of Coursera's notebook",
    "fastrnn.notebooks.cs231n": "Functions of CS231n's assignment",
    "fastrnn.cipher": "The decipher task: corpus, ciphers, training runs",
    "fastrnn.config": "Settings",
    "fastrnn.seeding": "Random numbers",
}


def names_of(module):
    """Return the public names of a module, in its own order."""
    return [name for name in import_module(module).__all__ if name != "__version__"]


def documented():
    """Return the names of each module that have a page; a class has one, in its first module."""
    found, seen = {}, set()
    for module in MODULES:
        for name in names_of(module):
            thing = getattr(import_module(module), name)
            if isinstance(thing, type) and (name, thing) in seen:
                continue
            seen.add((name, thing) if isinstance(thing, type) else name)
            found.setdefault(module, []).append(name)
    return found
