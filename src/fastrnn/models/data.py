"""Users' arrays: read, and checked against the model."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fastrnn.arguments import as_array
from fastrnn.layers import SymbolicTensor
from fastrnn.layers.shapes import Shape
from fastrnn.losses import Loss
from fastrnn.models.tracing import Graph
from fastrnn.scanning import find
from fastrnn.settings import integer, number
from fastrnn.splitting import held_out_from

Array = NDArray[Any]


def read_inputs(x: Any, graph: Graph, argument: str = "x") -> list[Array]:
    """Return `x` as arrays that fit a model's inputs.

    Parameters
    ----------
    x : array_like, or sequence or dict by name of several
    graph : Graph
    argument : str
        What errors call `x`.

    Raises
    ------
    TypeError
        If one does not hold real numbers of a type that the package takes.
    ValueError
        If their number is not that of the inputs, or one does not fit.
    """
    names = [layer.name for layer in graph.input_layers]
    given = one_each(x, names, argument, "input")
    arrays = []
    for tensor, (array, title) in zip(graph.inputs, given, strict=True):
        if graph.takes_tokens(tensor):
            arrays.append(_read_tokens(array, graph, tensor, title))
        else:
            arrays.append(_read_input(array, tensor.shape, title))
        size = tensor.shape[0]
        if size is not None and len(arrays[-1]) % size:
            raise ValueError(
                f"{title} has {len(arrays[-1])} samples; the model's batches have {size}, "
                "so it should be a multiple"
            )
    lengths = [len(array) for array in arrays]
    if len(set(lengths)) > 1:
        raise ValueError(f"{argument} holds {lengths} samples; they should be equally many")
    return arrays


def one_each(given: Any, names: Sequence[str], argument: str, what: str) -> list[tuple[Any, str]]:
    """Return the value for each name, with the name that error messages use.

    Parameters
    ----------
    given : array_like for one name, else a sequence of them, or a dict by name
    names : sequence of str
    argument : str
    what : str
        What the names refer to, in error messages.
    """
    if isinstance(given, Mapping):
        if set(given) != set(names):
            raise ValueError(
                f"{argument} has the names {sorted(given)}; it should have {sorted(names)}, "
                f"one for each {what}"
            )
        return [(given[name], f"{argument}[{name!r}]") for name in names]
    if len(names) == 1:
        # As in Keras, a list of arrays holds one array for each input or output; a list of lists is
        # one array.
        if isinstance(given, (list, tuple)) and any(map(_is_array, given)):
            if len(given) > 1:
                raise ValueError(
                    f"{argument} is a {type(given).__name__} of {len(given)} arrays; the model has "
                    f"one {what}, so it should be one array: numpy.stack({argument}) makes one of "
                    "samples"
                )
            return [(given[0], f"{argument}[0]")]
        return [(given, argument)]
    if not isinstance(given, (list, tuple)) or len(given) != len(names):
        count = len(given) if isinstance(given, (list, tuple)) else 1
        raise ValueError(
            f"{argument} holds {count} array{'s' * (count != 1)}; it should be a list of "
            f"{len(names)}, one for each {what}: {', '.join(names)}"
        )
    return [(array, f"{argument}[{index}]") for index, array in enumerate(given)]


def _is_array(value: Any) -> bool:
    """Return whether a value is an array of NumPy or another package, but not a scalar."""
    return hasattr(type(value), "__array__") and np.ndim(value) > 0


def _read_input(x: ArrayLike, shape: Shape, argument: str) -> Array:
    """Return `x` as an array of shape (samples, time, features) or (samples, features)."""
    given = read_numbers(x, argument)
    array = _ranked(given, shape)
    if not _fits(array, shape):
        raise ValueError(f"{argument} has shape {given.shape}; it should be {_should(shape)}")
    if 0 in array.shape[1:]:
        raise ValueError(f"{argument} has shape {array.shape}; it should have one step or more")
    return array


def _read_tokens(x: ArrayLike, graph: Graph, tensor: SymbolicTensor, argument: str) -> Array:
    """Return `x` as an array of integers of shape (samples, time), all in the layers' vocabulary.

    They may be floats with integer values.
    """
    given = read_numbers(x, argument)
    array = _ranked(given, tensor.shape)
    if not _fits(array, tensor.shape):
        raise ValueError(
            f"{argument} has shape {given.shape}; it should be {_should(tensor.shape)}: "
            "an integer for every step"
        )
    if 0 in array.shape[1:]:
        raise ValueError(f"{argument} has shape {array.shape}; it should have one step or more")
    if array.dtype.kind == "f":
        place = find(array, lambda part: ~(np.isfinite(part) & (part == np.floor(part))))
        if place is not None:
            raise ValueError(
                f"{argument} holds {array[place]} at {list(place)}; tokens should be whole numbers"
            )
    for layer, position in graph.readers(tensor):
        layer.check_tokens_at(position, array, argument)
    return array


def _ranked(array: Array, shape: Shape) -> Array:
    """Return an array with a last axis of size one added or removed, if that is all it lacks."""
    if array.ndim == len(shape) - 1 and shape[-1] == 1:
        return array[..., np.newaxis]
    return array[..., 0] if array.ndim == len(shape) + 1 and array.shape[-1] == 1 else array


def _fits(array: Array, shape: Shape) -> bool:
    return array.ndim == len(shape) and all(
        wanted in (None, extent) for extent, wanted in zip(array.shape[1:], shape[1:], strict=True)
    )


def _should(shape: Shape) -> str:
    return _written(("samples", *("time" if extent is None else extent for extent in shape[1:])))


def read_numbers(values: ArrayLike, argument: str) -> Array:
    """Return `values` as an array of integers, booleans, float32 or float64."""
    if values is None:
        raise TypeError(f"{argument} is None; it should be an array")
    try:
        array = as_array(argument, values)
    except ValueError as error:
        if "inhomogeneous" not in str(error):
            raise
        raise ValueError(
            f"{argument} is no array: {error}; fastrnn.preprocessing.sequence.pad_sequences brings "
            "sequences to one length"
        ) from None
    if array.dtype.kind not in "biuf" or array.dtype.itemsize > 8 or array.dtype == np.float16:
        raise TypeError(
            f"{argument} is of type {array.dtype}; it should be float32, float64 or integers"
        )
    return array


def read_targets(
    y: ArrayLike, loss: Loss, output_shape: tuple[int, ...], argument: str, x: tuple[str, Array]
) -> Array:
    """Return `y` in the form that the loss needs, one target for each sample of `x`.

    Parameters
    ----------
    y : array_like
    loss : Loss
    output_shape : tuple of int
        Shape of the model's output for `x`, samples included.
    argument : str
        What errors call `y`.
    x : (str, ndarray)
        The name of the data in error messages, and the data.

    Raises
    ------
    TypeError, ValueError
        If it does not fit; see :meth:`fastrnn.losses.Loss.check_targets`.
    """
    array = read_numbers(y, argument)
    if not array.ndim or len(array) != output_shape[0]:
        raise ValueError(
            f"{argument} has shape {array.shape}, {x[0]} has shape {x[1].shape}; "
            "they should hold equally many samples"
        )
    return loss.check_targets(array, output_shape, argument)


def read_weights(weights: ArrayLike, output_shape: tuple[int, ...], argument: str) -> Array:
    """Return `sample_weight` as an array of shape (samples,) or (samples, time)."""
    array = read_numbers(weights, argument)
    if array.shape == (output_shape[0], 1):
        array = array[:, 0]
    allowed = [output_shape[:count] for count in range(1, len(output_shape))]
    if array.shape not in allowed:
        should = " or ".join(map(_written, allowed))
        raise ValueError(f"{argument} has shape {array.shape}; it should be {should}")
    if find(array, lambda part: ~np.isfinite(part)) is not None:
        raise ValueError(f"{argument} holds a number that is not finite")
    return array


def read_class_weight(class_weight: Any, loss: Loss, y: Array) -> Array:
    """Return the weight of each position by its class; 1 for classes that are not listed.

    Parameters
    ----------
    class_weight : dict of int to float
    loss : Loss
    y : ndarray
        Targets, as the loss checked them.
    """
    if not isinstance(class_weight, Mapping):
        raise TypeError(
            f"class_weight is of type {type(class_weight).__name__}; "
            "it should be a dict of class to weight"
        )
    classes = loss.classes_of(y)
    weights = np.ones(classes.shape, np.float64)
    for label, weight in class_weight.items():
        if isinstance(label, bool) or not isinstance(label, (int, np.integer)):
            raise TypeError(f"class_weight has the class {label!r}; it should be an integer")
        is_number = isinstance(weight, (int, float, np.integer, np.floating))
        if not is_number or not np.isfinite(weight):
            raise ValueError(f"class_weight[{label}] is {weight!r}; it should be a finite number")
        weights[classes == label] = float(weight)
    return weights


def validation_parts(validation_data: Any) -> tuple[Any, Any, Any]:
    """Return `validation_data` as x, y and weights or None; refuse anything else."""
    if not isinstance(validation_data, (tuple, list)) or len(validation_data) not in (2, 3):
        raise TypeError(
            f"validation_data is of type {type(validation_data).__name__}; "
            "it should be a pair (x, y), or (x, y, sample_weight)"
        )
    x, y, *weights = validation_data
    return x, y, weights[0] if weights else None


def refuse_nan(x: Array, argument: str) -> None:
    """Raise ``ValueError`` if `x` holds a NaN, since one NaN makes every weight NaN."""
    place = find(x, np.isnan) if x.dtype.kind == "f" else None
    if place is not None:
        index = ", ".join(map(str, place))
        raise ValueError(f"{argument}[{index}] is NaN; training on it would spoil every weight")


def split_off(fraction: float, samples: int) -> int:
    """Return the index of the first sample of the last `fraction`, rounded down as in Keras.

    Raises
    ------
    ValueError
        If one of the two parts would be empty.
    """
    fraction = number("validation_split", fraction, least=0, below=1)
    at = held_out_from(samples, fraction)
    if at in (0, samples):
        raise ValueError(
            f"validation_split of {fraction} splits {samples} samples into {at} and "
            f"{samples - at}; both parts should have some"
        )
    return at


def positive_integer(argument: str, value: int, least: int = 1) -> int:
    """Return `value` as an int of at least `least`, or say what it should be."""
    return integer(argument, value, least)


def step_count(argument: str, value: Any) -> int | None:
    """Return a number of steps; None for None.

    A float is rounded up, as in Keras 2, because scripts divide the samples by the batch size.
    """
    if isinstance(value, (float, np.floating)) and math.isfinite(value):
        value = math.ceil(value)
    return None if value is None else positive_integer(argument, value)


def _written(shape: tuple[object, ...]) -> str:
    return "(" + ", ".join(map(str, shape)) + ("," if len(shape) == 1 else "") + ")"
