"""The arguments of the recurrent functions: inputs, states, parameters, and caches.

A form (:mod:`.shapes`) lists the arrays of a call; :func:`read` converts them to one type and
checks them.  The parameters of a call follow its inputs as ``Wx, Ws, bs, bx, Wy, by``, with None
for those that it does without.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from operator import itemgetter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .arrays import Array, Parameters, in_type, read_arrays, read_arrays_or_none, result_type
from .cells import GRU, Cell
from .lengths import lengths_of
from .shapes import AXES, Form, check_shapes, fits, form

_pick: Callable[[Any], tuple[Any, ...]] = itemgetter("Wx", "Ws", "bs", "Wy", "by")
_WEIGHTS = ("Wx", "Ws")
_BIASES = ("bs", "bx", "by")
#: The initial state and cell, of which a single column is broadcast over the batch.
_INITIAL = ("S_0", "C_0", "St_prev", "Ct_prev")


def pick_parameters(parameters_dict: Parameters, input_bias: bool = False) -> tuple[Any, ...]:
    """Return ``Wx, Ws, bs, bx, Wy, by`` unchanged; other keys are ignored.

    ``bx`` is None without `input_bias`; ``Wy`` and ``by`` are None where ``parameters_dict`` has
    neither: then there is no output layer.

    Raises
    ------
    TypeError
        If ``parameters_dict`` is not a mapping, or an entry is None.
    KeyError
        If a key is missing.
    """
    if not input_bias and type(parameters_dict) is dict:
        try:
            Wx, Ws, bs, Wy, by = _pick(parameters_dict)
        except KeyError:
            pass  # the code below raises a clearer error
        else:
            if Wy is not None and by is not None:
                return Wx, Ws, bs, None, Wy, by
    keys = ["Wx", "Ws", "Wy", "bs", "by"] + ["bx"] * input_bias
    if {"Wy", "by"}.isdisjoint(parameters_dict if _is_mapping(parameters_dict) else keys):
        keys = [key for key in keys if key not in ("Wy", "by")]
    found = dict(zip(keys, read_parameters(parameters_dict, keys), strict=True))
    for key, value in found.items():
        if value is None:  # from here on, None means left out
            read_arrays((key,), (value,))
    return tuple(map(found.get, ("Wx", "Ws", "bs", "bx", "Wy", "by")))


def read_parameters(parameters_dict: Parameters, keys: Sequence[str]) -> Sequence[Any]:
    """Return the values of the keys unchanged; other keys are ignored.

    Raises
    ------
    TypeError
        If ``parameters_dict`` is not a mapping.
    KeyError
        If a key is missing.
    """
    if not _is_mapping(parameters_dict):
        raise TypeError(
            "parameters_dict must be a dictionary (a mapping) of arrays, "
            f"got {type(parameters_dict).__name__}"
        )
    try:
        return [*map(parameters_dict.__getitem__, keys)]
    except KeyError as error:
        needed = ", ".join(keys)
        raise KeyError(f"parameters_dict has no {error.args[0]}; it needs {needed}") from None


def _is_mapping(value: Any) -> bool:
    return type(value) is dict or isinstance(value, Mapping)


def read(of: Form, values: Sequence[Any]) -> Sequence[Any]:
    """Return the arrays of a call in the type of its results, with checked shapes; None stays None.

    A bias may be (n,) or a scalar, and is returned as (n, 1).  Initial states with one column are
    broadcast over the batch.

    Raises
    ------
    TypeError, ValueError
        If an array has the wrong type or shape.
    """
    for name, value in zip(of.names, values, strict=True):
        if value is None and AXES[name][0] != "?":
            read_arrays((name,), (value,))  # raises
    arrays = read_arrays_or_none(of.names, values)
    if not fits(of, [None if array is None else array.shape for array in arrays]):
        _broadcast(of.names, arrays)
        check_shapes(of, [None if array is None else array.shape for array in arrays])
    return arrays


def _broadcast(names: Sequence[str], arrays: list[Any]) -> None:
    """Expand biases and initial states in a short form to their full shape.

    Nothing else is broadcast: a bias (1, n) or (m,), a state of one unit or an input of one column
    are not changed, and refused later.
    """
    for i, name in enumerate(names):
        array = arrays[i]
        if array is None:
            continue
        if name in _BIASES:
            rows = arrays[names.index("Wy" if name == "by" else "Ws")].shape[:1]
            if array.ndim == 1 and array.shape == rows:
                arrays[i] = array[:, np.newaxis]
            elif array.ndim == 0 and rows:
                arrays[i] = np.broadcast_to(array, (*rows, 1))
        elif name in _INITIAL and array.ndim == 2 and array.shape[1] == 1 and arrays[0].ndim > 1:
            arrays[i] = np.repeat(array, arrays[0].shape[1], axis=1)


def read_cell_cache(cell: Cell, gradients: tuple[Any, ...], cache: Any) -> Sequence[Any]:
    """Return the gradients, the arrays of the cache in their order, ``Wx`` and ``Ws``, in one type.

    Parameters
    ----------
    cell : Cell
    gradients : tuple of array_like (n_s, m)
        Those of the loss with respect to ``St_next`` and, in an LSTM, ``Ct_next``.
    cache : tuple
        The cache that the forward function of the cell returned.
    """
    *values, parameters_dict = unpack("cache", cache, cell.cache)
    weights = read_parameters(parameters_dict, _WEIGHTS)
    return read(cell.step_back, (*gradients, *values, *weights))


def read_layer_caches(
    cell: Cell, ds: Any, caches: Any, dc_last: Any = None
) -> tuple[Array, Array | None, list[Any], int, NDArray[np.int64] | None, bool]:
    """Return ``ds, dc_last, steps, n_x, lengths, reset_after``, in the type of the gradients.

    The steps are those of ``ds``, with their lengths, or None if no sequence ends earlier.
    ``steps[t]`` is the original cache of step t; :func:`read_cell_cache` reads it.

    Parameters
    ----------
    cell : Cell
    ds : array_like (n_s, m, <= T_x)
        Gradient of the loss with respect to ``S``.
    caches : tuple
        The caches that the forward function of the sequence returned: ``(steps, X)`` of an RNN or
        an LSTM, ``(steps, X, reset_after)`` of a GRU.
    dc_last : array_like (n_s, m), optional
        Gradient of the loss with respect to the cell after the last step.
    """
    steps, X, *rest = unpack("caches", caches, cell.caches)
    if not hasattr(steps, "__len__") or not hasattr(steps, "__getitem__"):
        raise TypeError(
            f"caches[0] must be a sequence of T_x caches of a step, got {type(steps).__name__}"
        )
    reset_after = bool(rest[0]) if rest else False
    cells = [unpack(f"caches[0][{t}]", steps[t], cell.cache) for t in range(len(steps))]
    if cell is GRU:
        _check_forms(cells, reset_after)
    # One array of float64 anywhere makes float64 of all gradients.
    given = [("ds", ds), ("X", X)] + ([] if dc_last is None else [("dc_last", dc_last)])
    read_from = [*given, *_arrays_of(cells, cell.cache)]
    dtype = result_type([name for name, _ in read_from], [value for _, value in read_from])
    ds, X, *dc = (
        in_type(array, dtype) for array in read_arrays(*map(list, zip(*given, strict=True)))
    )
    dc_last = dc[0] if dc else None
    others = {"X": X.shape}
    if cells:
        others = {"St_next": np.shape(cells[0][0]), "Xt": np.shape(cells[0][-2]), **others}
    if X.ndim == ds.ndim == 3 and X.shape[2] != len(steps) == ds.shape[2]:
        fitting = (*X.shape[:2], len(steps))
        raise ValueError(
            f"X has shape {X.shape}, expected (n_x, m, T_x) = {fitting} "
            f"to fit caches[0], which has {len(steps)} steps"
        )
    check_steps(ds, dc_last, others)
    if len(steps) != X.shape[2]:
        raise ValueError(
            f"caches[0] has {len(steps)} steps, expected T_x = {X.shape[2]} "
            f"to fit X, which has shape {X.shape}"
        )
    lengths = lengths_of(steps, X.shape)
    T = ds.shape[2]
    lengths = None if lengths is None else np.minimum(lengths, T)
    return ds, dc_last, [steps[t] for t in range(T)], X.shape[0], lengths, reset_after


def check_steps(
    ds: Array, dc_last: Array | None, others: dict[str, tuple[int, ...]], gates: int = 1
) -> None:
    """Raise unless ``ds`` has as many steps as the forward pass had, or fewer.

    Parameters
    ----------
    ds : ndarray (n_s, m, <= T_x)
    dc_last : ndarray (n_s, m), optional
    others : dict
        The shapes of the arrays of the forward pass by name, including ``X``.  If they contradict
        ``ds``, the error is about ``ds``.
    gates : int
    """
    shape, of_X = ds.shape, others["X"]
    if len(shape) == len(of_X) == 3 and shape[2] < of_X[2]:
        of_states = others.get("St_next")
        if shape[:2] == of_states:
            shape = (*shape[:2], of_X[2])
    of_dc = None if dc_last is None else dc_last.shape
    check_shapes(form(("ds", "dc_last", *others), gates, 2), (shape, of_dc, *others.values()))


def _check_forms(cells: Sequence[tuple[Any, ...]], reset_after: bool) -> None:
    """Raise unless all steps have the form of the GRU that the caches state."""
    place = GRU.cache.index("Ht")
    for t, cell in enumerate(cells):
        if (cell[place] is not None) != reset_after:
            had = "None" if reset_after else "an array"
            raise ValueError(
                f"caches[0][{t}] has {had} for Ht, which does not fit caches[2], "
                f"reset_after = {reset_after}"
            )


def _arrays_of(
    cells: Sequence[tuple[Any, ...]], entries: Sequence[str]
) -> Iterator[tuple[str, Any]]:
    """Yield names and values of the entries of the caches of steps that are used."""
    parameters = None
    for *values, of_step in cells:
        for name, value in zip(entries, values, strict=False):
            if value is not None or name != "Ht":
                yield name, value
        if of_step is not parameters:
            parameters = of_step
            yield from zip(_WEIGHTS, read_parameters(of_step, _WEIGHTS), strict=True)


def unpack(name: str, cache: Any, entries: Sequence[str]) -> tuple[Any, ...]:
    """Return the entries of a cache as a tuple, after checking their number.

    Raises
    ------
    TypeError
        If it cannot be unpacked.
    ValueError
        If the number of entries differs.
    """
    written = f"({', '.join(entries)})"
    if isinstance(cache, str | bytes | Mapping | np.ndarray) or not hasattr(cache, "__iter__"):
        raise TypeError(
            f"{name} must be what the forward function returned, {written}, "
            f"got {type(cache).__name__}"
        )
    values = tuple(cache)
    if len(values) != len(entries):
        raise ValueError(f"{name} has {len(values)} entries, expected {len(entries)}: {written}")
    return values
