"""Comparison of a model's outputs with those of another framework.

Only installed frameworks are used.  Keras files are run in Keras, ONNX files in ``onnx.reference``.
For other files, a framework computes the layers with the weights that were read: PyTorch, or
``onnx.reference`` with the exported model.
"""

from __future__ import annotations

import importlib.util
import itertools
import os
import tempfile
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastrnn.formats import CheckpointError, format_for, format_of_file
from fastrnn.interop.onnx_feeds import as_ours, feeds_of
from fastrnn.models import Model, load_model

Array = NDArray[Any]

#: Numbers of samples and, if it is unknown, of steps of the random inputs.
SAMPLES, STEPS = 3, 29
#: Orders of axes to try for the inputs of a graph.
MOST_ORDERS = 12
#: Tolerances of differences relative to the largest output, by dtype.
TOLERANCES = {"float32": 1e-5, "float64": 1e-10}


@dataclass(frozen=True)
class Comparison:
    """The result of running a model and its file on the same random inputs.

    Attributes
    ----------
    framework : str
        Its name and version; empty if none could be used.
    difference : float
        The largest difference.
    scale : float
        The largest output, at least 1.
    reasons : tuple of str
        Why other frameworks were not used.
    dtype : str
        The dtype of the model.
    """

    framework: str
    difference: float = 0.0
    scale: float = 1.0
    reasons: tuple[str, ...] = ()
    dtype: str = "float32"

    @property
    def agrees(self) -> bool:
        """Whether the difference is within rounding errors, or nothing was compared."""
        return bool(self.difference <= TOLERANCES[self.dtype] * self.scale)

    def __str__(self) -> str:
        if not self.framework:
            return "compared with nothing: " + "; ".join(self.reasons)
        instead = f" (not with others: {'; '.join(self.reasons)})" if self.reasons else ""
        return f"largest difference {self.difference:.2g}, compared with {self.framework}{instead}"


def _package(module: str) -> str:
    """Return the package of a format: ``keras`` for ``keras.archive`` and ``keras.hdf5``."""
    return module.partition(".")[0]


def compare(path: str, model: Model, module: str | None = None) -> Comparison:
    """Run a model and the file that it was read from, or written to, on random inputs.

    Parameters
    ----------
    path : str
    model : Model
    module : str, optional
        Module of the file's format; determined from the file if left out.

    Returns
    -------
    Comparison
    """
    module = module or format_of_file(path).module
    x = random_inputs(model, samples=1 if _package(module) == "onnx" else SAMPLES)
    ours = answers(model, x)
    reasons: list[str] = []
    for run in _runners(module):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                framework, theirs = run(path, model, x)
            except Exception as error:  # any exception of a framework
                reasons.append(_one_line(error))
                continue
        return _compared(framework, ours, theirs, tuple(reasons), model.dtype.name)
    return Comparison("", reasons=tuple(reasons), dtype=model.dtype.name)


def difference(one: Model, other: Model) -> Comparison:
    """Run two models of fastrnn on the same random inputs."""
    x = random_inputs(one)
    return _compared("fastrnn", answers(one, x), answers(other, x), (), one.dtype.name)


def check(path: str, model: Model) -> None:
    """Raise an error if a model's outputs differ from those of another framework.

    Warns
    -----
    UserWarning
        If no framework could be used.

    Raises
    ------
    CheckpointError
        If they differ.
    """
    found = compare(path, model)
    if not found.framework:
        warnings.warn(f"{path} was not checked: {found}", stacklevel=3)
    elif not found.agrees:
        raise CheckpointError(f"{path} does not answer as it should: {found}")


def check_written(path: str, model: Model) -> str:
    """Compare a written file with its model, and return the result.

    It is read by fastrnn and, if installed, by the framework of the format.

    Raises
    ------
    CheckpointError
        If their outputs differ.
    """
    found = format_for(path, "write") or format_for(path, "export")
    if found is None:
        raise ValueError(f"{path} is of no format that is written")
    elsewhere = _package(found.module) in ("keras", "onnx")
    said: list[str] = []
    if "read" in found.ways:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # warnings about the file do not matter here
                again = load_model(path, compile=False)
        except CheckpointError as error:
            # ONNX graphs that fastrnn cannot read as layers are compared only in onnx.reference.
            if "write" in found.ways or not elsewhere:
                raise
            said.append(f"not read again, since {str(error).replace(path, os.path.basename(path))}")
        else:
            _must_agree(other := difference(model, again))
            said.append(f"largest difference {other.difference:.2g}, read again")
    if elsewhere:
        _must_agree(other := compare(path, model, found.module))
        said.append(str(other))
    return "; ".join(said) or "not compared: it is a C program (self_test writes a test for it)"


def _must_agree(found: Comparison) -> None:
    if not found.agrees:
        raise CheckpointError(f"what was written does not answer as the model: {found}")


def random_inputs(model: Model, seed: int = 0, samples: int = SAMPLES) -> list[Array]:
    """Return a batch of random inputs, of tokens for token inputs."""
    rng = np.random.default_rng(seed)
    found: list[Array] = []
    for tensor in model.inputs:
        batch, *shape = tensor.shape
        sizes = [batch or samples, *(STEPS if extent is None else extent for extent in shape)]
        if model._graph.takes_tokens(tensor):
            count = max(layer.token_count for layer, _ in model._graph.readers(tensor))
            found.append(rng.integers(0, max(count, 1), sizes))
        else:
            kind = tensor.dtype if tensor.dtype.kind == "f" else np.dtype(np.float32)
            found.append(rng.normal(size=sizes).astype(kind))
    return found


def answers(model: Model, x: Sequence[Array]) -> list[Array]:
    """Return the outputs of a model for one batch, without changing its states."""
    states = [(layer, layer.get_state()) for layer in model._graph.layers if layer.stateful]
    model.reset_states()
    found = model.predict(list(x) if len(x) > 1 else x[0], batch_size=len(x[0]), verbose=0)
    for layer, state in states:
        layer.set_state(state)
    return list(found) if isinstance(found, list) else [found]


def _compared(
    framework: str, ours: list[Array], theirs: list[Array], reasons: tuple[str, ...], dtype: str
) -> Comparison:
    if [a.shape for a in ours] != [a.shape for a in theirs]:
        shapes = [a.shape for a in theirs], [a.shape for a in ours]
        raise CheckpointError(f"{framework} answers with shapes {shapes[0]}, fastrnn {shapes[1]}")
    pairs = [
        (np.asarray(a, float), np.asarray(b, float)) for a, b in zip(ours, theirs, strict=True)
    ]
    scale = max([1.0, *(float(np.abs(b).max(initial=0)) for _, b in pairs)])
    # Two NaNs agree, and so do equal infinities.
    with np.errstate(invalid="ignore"):
        apart = [
            np.where((a == b) | (np.isnan(a) & np.isnan(b)), 0, np.abs(a - b)) for a, b in pairs
        ]
    largest = max(float(np.nan_to_num(d, nan=np.inf).max(initial=0)) for d in apart)
    return Comparison(framework, largest, scale if np.isfinite(scale) else 1.0, reasons, dtype)


Runner = Callable[[str, Model, list[Array]], tuple[str, list[Array]]]


def _runners(module: str) -> Iterator[Runner]:
    """Yield functions that compute outputs in another framework, that of the file first."""
    if _package(module) == "keras":
        yield _keras
    if _package(module) == "onnx":
        yield _onnx
        return
    yield _torch
    yield _exported


def _keras(path: str, model: Model, x: list[Array]) -> tuple[str, list[Array]]:
    _choose_backend()
    import keras

    theirs = keras.models.load_model(path, compile=False)
    found = theirs.predict(x if len(x) > 1 else x[0], batch_size=len(x[0]), verbose=0)
    return f"Keras {keras.__version__}", list(found) if isinstance(found, list) else [found]


def _choose_backend() -> None:
    """Set an installed backend for Keras, unless KERAS_BACKEND is set."""
    if "KERAS_BACKEND" not in os.environ and importlib.util.find_spec("tensorflow") is None:
        for name in ("jax", "torch"):
            if importlib.util.find_spec(name) is not None:
                os.environ["KERAS_BACKEND"] = name
                return


def _onnx(path: str, model: Model, x: list[Array]) -> tuple[str, list[Array]]:
    import onnx
    from onnx.reference import ReferenceEvaluator

    evaluator = ReferenceEvaluator(path)
    inputs = []
    for one in evaluator.proto_.graph.input:
        kind = one.type.tensor_type
        extents = [extent.dim_value for extent in kind.shape.dim]
        inputs.append((one.name, extents, onnx.helper.tensor_dtype_to_np_dtype(kind.elem_type)))
    names = [tensor.layer.name for tensor in model.inputs]
    ours = answers(model, x)
    # The order of the graph's axes is unknown: the one with the smallest difference is used.
    found: list[tuple[float, list[Array]]] = []
    problem: Exception = ValueError("no order of axes fits the inputs of the graph")
    for feeds in itertools.islice(feeds_of(inputs, names, x), MOST_ORDERS):
        try:
            theirs = as_ours(evaluator.run(None, feeds), ours)
        except Exception as error:  # an order that the graph does not accept
            problem = error
            continue
        apart = _compared("", ours, theirs, (), model.dtype.name).difference
        found.append((apart, theirs))
    if not found:
        raise problem
    return f"onnx.reference {onnx.__version__}", min(found, key=lambda pair: pair[0])[1]


def _torch(path: str, model: Model, x: list[Array]) -> tuple[str, list[Array]]:
    from fastrnn.interop.torch import to_module

    module = to_module(model)
    import torch

    with torch.no_grad():
        found = module(torch.from_numpy(x[0]))
    return f"PyTorch {torch.__version__}, with the weights that were read", [found.numpy()]


def _exported(path: str, model: Model, x: list[Array]) -> tuple[str, list[Array]]:
    with tempfile.TemporaryDirectory() as folder:
        beside = os.path.join(folder, "model.onnx")
        model.export(beside)
        name, found = _exported_onnx(beside, x)
    return f"{name}, with the model as it is exported", found


def _exported_onnx(path: str, x: list[Array]) -> tuple[str, list[Array]]:
    """Run a graph that fastrnn exported, with the model's inputs."""
    import onnx
    from onnx.reference import ReferenceEvaluator

    evaluator = ReferenceEvaluator(path)
    feeds = {}
    for one, array in zip(evaluator.proto_.graph.input, x, strict=True):
        kind = onnx.helper.tensor_dtype_to_np_dtype(one.type.tensor_type.elem_type)
        feeds[one.name] = array.astype(kind)
    found = [np.asarray(one) for one in evaluator.run(None, feeds)]
    return f"onnx.reference {onnx.__version__}", found


def _one_line(error: Exception) -> str:
    words = " ".join(str(error).split())[:200]
    return words or type(error).__name__
