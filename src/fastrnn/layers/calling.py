"""Calls of layers written in NumPy, in workspaces and streams, and of any layer on arrays."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastrnn._core import activation
from fastrnn._core.stage import Stage, merge
from fastrnn.activations import Kernel
from fastrnn.arguments import as_array
from fastrnn.differentiation import Tape, plain
from fastrnn.layers.contract import Contract
from fastrnn.layers.shapes import Shape, one_or_all
from fastrnn.workspace import Applied, InputWorkspace, Signal, Workspace, empty, time_major, zeros

Array = NDArray[Any]


class CallWorkspace(Workspace):
    """The buffers of a layer that has `call` and `backward` on batch-first arrays.

    Parameters
    ----------
    layer : Contract
    sources : sequence of Signal
    training : bool
    kernel : fastrnn.activations.Kernel, optional
        Activation applied to the result of `call`; `backward` gets its output as `output`, and the
        gradient before the activation.
    """

    def __init__(
        self,
        layer: Contract,
        sources: Sequence[Signal],
        training: bool,
        kernel: Kernel | None = None,
    ) -> None:
        self._layer, self._sources = layer, sources
        self._inputs = [_read_only(source.values) for source in sources]
        shapes = layer.output_shapes([array.shape for array in self._inputs])
        self.further = tuple(Signal() for _ in shapes[1:])
        for shape, signal in zip(shapes, self.outputs, strict=True):
            # Shapes have None for the batch.
            stored = time_major((len(self._inputs[0]), *(extent or 0 for extent in shape[1:])))
            signal.features = stored[-1]
            signal.output = empty(stored, layer.dtype)
            if training:
                signal.doutput = zeros(stored, layer.dtype)
        if kernel is not None:
            self.applied = Applied(kernel, self.rows, self.drows, self.features)
        masks = [source.mask for source in sources]
        if layer.carries_mask([mask is not None for mask in masks]):
            for signal in self.outputs:
                if signal.output.ndim > 2:
                    signal.mask = np.ones(signal.output.shape[:2], np.uint8)
        self._masks = [None if mask is None else mask.T.view(np.bool_) for mask in masks]
        self._kept: dict[str, Any] = {}
        #: The recorded operations of a layer without `backward`.
        self._tape: Tape | None = None
        self._watched: list[Any] = []
        self._made: list[Any] = []
        wanted = any(source.dvalues is not None for source in sources) or layer.parameters
        self._is_recorded = bool(training and wanted and not layer.differentiates_itself)
        #: Where the training that owns this workspace wants the gradients of the weights.
        self._room = [parameter.gradient for parameter in layer.parameters] if training else []

    def forward(self, training: bool) -> None:
        """Compute the outputs of the layer, and their masks."""
        layer, self._kept = self._layer, {}
        known = {"mask": self._mask(), "training": training, "kept": self._kept}
        arguments = asked_for(type(layer).call, known)
        # What saturates does so in silence, as in the compiled core.
        with np.errstate(all="ignore"):
            made = (
                self._record(arguments)
                if self._is_recorded
                else layer.call(self._given(), **arguments)
            )
        found = list(made) if isinstance(made, (list, tuple)) else [made]
        _write(found, [signal.values for signal in self.outputs], f"call of {layer.name}")
        if self.applied is not None:
            self.applied.forward(training)
        if any(signal.mask is not None for signal in self.outputs):
            given = layer.compute_mask(self._given(), self._mask())
            masks = list(given) if isinstance(given, (list, tuple)) else [given]
            for signal, mask in zip(self.outputs, masks, strict=False):
                if signal.mask is not None and mask is not None:
                    _write([mask], [signal.mask.T], f"compute_mask of {layer.name}")

    def _record(self, arguments: dict[str, Any]) -> Any:
        """Call the layer, and record its operations."""
        layer, self._tape = self._layer, Tape()
        self._watched = [self._tape.watch(array) for array in self._inputs]
        given: Any = self._watched if layer.takes_several else self._watched[0]
        try:
            with self._tape.recording():
                made = layer.call(given, **arguments)
        except TypeError as error:
            raise TypeError(
                f"{layer.name} has no gradient, and what lies before it is trained: {error}; "
                f"{layer.gradient_advice}"
            ) from error
        self._made = list(made) if isinstance(made, (list, tuple)) else [made]
        return plain(self._made)

    def _play_back(self, gradients: Sequence[Array]) -> list[Array]:
        """Return the gradients of the inputs, and compute those of the weights."""
        assert self._tape is not None
        with np.errstate(all="ignore"):
            self._tape.back(self._made, gradients)
        for parameter in self._layer.parameters:
            found = self._tape.gradient_of_weight(parameter)
            if found is not None:
                parameter.gradient[...] = found
        return [
            np.zeros_like(one.value) if one.gradient is None else one.gradient
            for one in self._watched
        ]

    def backward(self) -> None:
        """Compute the gradients of the layer's weights and inputs."""
        layer = self._layer
        wanted = [source.dvalues for source in self._sources]
        if all(array is None for array in wanted) and not layer.parameters:
            return
        if self.applied is not None:
            self.applied.backward()
        gradients = [_read_only(signal.dvalues) for signal in self.outputs]  # type: ignore[arg-type]
        known = {
            "inputs": self._given(),
            "output": one_or_all([_read_only(signal.values) for signal in self.outputs]),
            "mask": self._mask(),
            "kept": self._kept,
        }
        for parameter, room in zip(layer.parameters, self._room, strict=True):
            # Another training that shares the layer may have set another place.
            parameter.offer(room)
            room.fill(0)
        if self._is_recorded:
            _write(self._play_back(gradients), wanted, f"backward of {layer.name}")
            return
        with np.errstate(all="ignore"):
            asked = asked_for(type(layer).backward, known)
            made = layer.backward(one_or_all(gradients), **asked)
        found = list(made) if isinstance(made, (list, tuple)) else [made]
        _write(found, wanted, f"backward of {layer.name}")

    def settle(self) -> None:
        """Call `update` of the layer at the end of a step."""
        self._layer.update(self._kept)

    def _given(self) -> Any:
        return list(self._inputs) if self._layer.takes_several else self._inputs[0]

    def _mask(self) -> Any:
        return list(self._masks) if self._layer.takes_several else self._masks[0]


def _read_only(array: Array) -> Array:
    view = array.view()
    view.flags.writeable = False
    return view


def _write(found: Sequence[Any], targets: Sequence[Array | None], what: str) -> None:
    """Copy the returned arrays to their targets; an error says which does not fit."""
    if len(found) != len(targets):
        raise ValueError(f"{what} returned {len(found)} arrays; it should return {len(targets)}")
    for array, target in zip(found, targets, strict=True):
        if target is None:
            continue
        if array is None:
            raise ValueError(f"{what} returned None; it should return an array {target.shape}")
        if np.shape(array) != target.shape:
            raise ValueError(
                f"{what} returned an array of shape {np.shape(array)}; it should be {target.shape}"
            )
        np.copyto(target, array, casting="unsafe" if target.dtype == np.uint8 else "same_kind")


def asked_for(function: Any, known: dict[str, Any]) -> dict[str, Any]:
    """Return those of some arguments that a function names."""
    return {name: known[name] for name in _parameters(function) if name in known}


@cache
def _parameters(function: Any) -> tuple[str, ...]:
    # Without `self` and the inputs.
    return tuple(inspect.signature(function).parameters)[2:]


def stage(layer: Contract, source: Stage) -> Stage:
    """Return a stage that calls a layer on the features of each step."""

    def compute(rows: Array, features: int) -> None:
        known: dict[str, Any] = {"mask": None, "training": False, "kept": {}}
        inputs = _read_only(rows[:, :features])
        with np.errstate(all="ignore"):
            made = layer.call(inputs, **asked_for(type(layer).call, known))
        np.copyto(rows[:, :features], made)

    sizes = source.features, source.streams, source.steps, source.dtype
    return activation.stage(type(layer).__name__, compute, not source.needs_output, *sizes)


def merging_stage(layer: Contract, sources: list[Stage]) -> Stage:
    """Return a stage that calls a layer with several inputs on the features of each step."""
    known: dict[str, Any] = {"mask": [None] * len(sources), "training": False, "kept": {}}
    asked = asked_for(type(layer).call, known)

    def compute(inputs: Sequence[Array], output: Array) -> None:
        with np.errstate(all="ignore"):
            np.copyto(output, layer.call([_read_only(rows) for rows in inputs], **asked))

    shape = layer.output_shapes([(None, None, stage.features) for stage in sources])[0]
    assert shape[-1] is not None
    return merge(sources, shape[-1], compute)


#: Values for unknown extents when shapes are probed; both are unlikely to occur otherwise.
PROBES = (3, 7)


def probed_shapes(layer: Contract, shapes: Sequence[Shape]) -> list[Shape]:
    """Return the output shapes of `call` for inputs of these shapes, by calling it on ones.

    An output extent is unknown if it differs for two values of the unknown input extents.
    """
    masks = [None] * len(shapes) if layer.takes_several else None
    known: dict[str, Any] = {"mask": masks, "training": False, "kept": {}}
    found: list[list[tuple[int, ...]]] = []
    for guess in PROBES:
        arrays = [np.ones([guess if n is None else n for n in s], layer.dtype) for s in shapes]
        given: Any = arrays if layer.takes_several else arrays[0]
        with np.errstate(all="ignore"):
            made = layer.call(given, **asked_for(type(layer).call, known))
        several = list(made) if isinstance(made, (list, tuple)) else [made]
        found.append([np.shape(array) for array in several])
        if all(None not in shape for shape in shapes):
            found *= 2
            break
    return [
        tuple(n if n == other else None for n, other in zip(one, two, strict=True))
        for one, two in zip(*found, strict=True)
    ]


def run(
    layer: Contract, arrays: Sequence[Any], mask: Any = None, training: bool = False
) -> list[Array]:
    """Compute a layer on arrays, in newly allocated memory.

    Parameters
    ----------
    layer : Contract
        It is built for the arrays if necessary.
    arrays : sequence of array_like
        Batch first.
    mask : array_like of shape (batch, time), optional
        Mask of the first array.
    training : bool, default False
        Whether to compute as in training, for instance with dropout.
    """
    given = []
    for place, values in enumerate(arrays):
        array = as_array(f"the input of {layer.name}", values)
        if array.dtype.kind not in "biuf" or array.dtype == np.float16:
            raise TypeError(
                f"{layer.name} was called on {_described(values)}; it should be called on an array "
                "of real numbers, on the result of Input(...) or of another layer"
            )
        if place in layer.token_inputs:
            layer.check_tokens_at(place, array, "inputs")
        given.append(array)
    shapes = [array.shape for array in given]
    layer.check_inputs(shapes)
    layer.prepare([(None, *shape[1:]) for shape in shapes])
    signals: list[InputWorkspace] = []
    for place, array in enumerate(given):
        kind = np.dtype(np.int64) if place in layer.token_inputs else layer.dtype
        signals.append(InputWorkspace(array.shape, kind))
        np.copyto(signals[-1].values, array, casting="unsafe")
    if mask is not None:
        counts = as_array("mask", mask)
        if counts.shape != shapes[0][:2]:
            raise ValueError(f"mask has shape {counts.shape}; it should be {shapes[0][:2]}")
        signals[0].mask = np.ascontiguousarray((counts != 0).T).view(np.uint8)
    workspace = layer.workspace(signals[0], training, *signals[1:])
    workspace.forward(training)
    return [np.array(signal.values, order="C") for signal in workspace.outputs]


def _described(values: object) -> str:
    if isinstance(values, np.ndarray):
        return f"an array of {values.dtype}"
    return f"a {type(values).__name__}"
