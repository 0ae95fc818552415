"""Export of models to other programs, with a self-test or a check of the file."""

from __future__ import annotations

import importlib
import os
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastrnn.arguments import as_array
from fastrnn.callbacks.console import say
from fastrnn.formats import Description, Format, format_for
from fastrnn.formats.registry import FORMATS
from fastrnn.models.nested import ModelLayer
from fastrnn.models.network import Network
from fastrnn.models.streaming import stream
from fastrnn.settings import boolean

Array = NDArray[Any]

#: Number of steps in the inputs of a self-test.
TEST_STEPS = 200


def export(model: Network, path: str, description: Description, options: dict[str, Any]) -> None:
    """Write a model for another program; see :meth:`fastrnn.models.Model.export`.

    Raises
    ------
    ValueError
        If no format with this file extension can be exported.
    """
    options = dict(options)
    found = format_for(path, "export")
    if found is None:
        endings = [ending for one in FORMATS if "export" in one.ways for ending in one.endings]
        raise ValueError(
            f"filepath is {path!r}; the ending of a file that is exported should be one of "
            f"{', '.join(endings)}; Model.save writes files to load again"
        )
    if "write_test" in found.ways:
        _export_with_proof(found, model, path, description, options)
        return
    check = boolean("check", options.pop("check", False))
    found.export(path, description, **options)
    if check:
        # Imported by name, because interop itself imports this package.
        importlib.import_module("fastrnn.interop.checking").check_written(path, model)


def _export_with_proof(
    found: Format, model: Network, path: str, description: Description, options: dict[str, Any]
) -> None:
    self_test = boolean("self_test", options.pop("self_test", False))
    if "check" in options:
        raise ValueError("check is of files that can be read again; self_test=True checks programs")
    data = options.pop("data", None)
    if data is not None and not options.get("int8"):
        raise ValueError("data is what int8=True is measured on; it should be left out without it")
    found.export(path, description, **options)
    answering = model
    if options.get("int8"):
        answering = _requantized(found, path, description)
        _say_loss(model, answering, data)
    if self_test:
        streams = int(options.get("streams", 1))
        x = sample(model, streams)
        y = stream(answering._graph, streams)(x)
        is_double = options.get("dtype", "double") == "double" and y.dtype == np.float64
        tolerance = 1e-12 if is_double else 1e-6
        by_step = [np.swapaxes(array, 0, 1) for array in (x, y)]
        beside = found.write_test(path, description, *by_step, tolerance, **options)
        names = [os.path.basename(one) for one in (beside, path)]
        say(f"{names[0]} compares {names[1]} with the model over {TEST_STEPS} steps")


def sample(model: Network, streams: int = 1) -> Array:
    """Return random inputs for streams of a model, (streams, steps, features) or (streams, steps).

    Every call returns the same values.
    """
    rng = np.random.default_rng(0)
    graph = model._graph
    start = graph.inputs[0]
    if graph.takes_tokens(start):
        count = graph.readers(start)[0][0].token_count
        return rng.integers(0, count, (streams, TEST_STEPS))
    features = start.shape[-1] or 1
    return rng.standard_normal((streams, TEST_STEPS, features)).astype(start.dtype)


def _requantized(found: Format, path: str, description: Description) -> Network:
    rounded = found.quantized(path, description)
    made: Network = ModelLayer.read(rounded.model, lambda name, _: rounded.tensors[name])
    return made


def _say_loss(model: Network, rounded: Network, data: Any) -> None:
    """Print how far the outputs of a model with 8-bit weights differ from the original's."""
    what = "data" if data is not None else "random inputs"
    x = sample(model)[0] if data is None else as_array("data", data)
    if not x.size or (x.dtype.kind == "f" and not np.isfinite(x).all()):
        raise ValueError(f"data has shape {x.shape}; it should hold numbers, all of them finite")
    is_batch = x.ndim > (1 if model._graph.takes_tokens(model._graph.inputs[0]) else 2)
    streams = len(x) if is_batch else None
    y, other = (stream(one._graph, streams)(x) for one in (model, rounded))
    off = np.abs(other.astype(np.float64) - y)
    say(
        f"int8: on {y[..., 0].size} steps of {what} answers differ by {off.max():.3g} at most and "
        f"{np.sqrt(np.mean(off**2)):.3g} on average (root mean square); they go from "
        f"{y.min():.3g} to {y.max():.3g}"
    )
