"""The arguments of the recurrent functions: inputs, states, parameters, and caches.

``cell`` is one step and ``layer`` a sequence of steps. ``gates`` is 1 for the RNN and 3 for the
GRU; the sizes that the messages speak of are those of the contract: ``n_x`` inputs, ``n_s`` state
units, ``n_y`` outputs, ``m`` batch, ``T_x`` time steps.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from operator import itemgetter
from typing import Any

import numpy as np

from .arrays import Array, Parameters, read_arrays
from .shapes import Entry, check_shapes, rows

#: What ``parameters_dict`` must hold; with a bias of the inputs of its own, ``bx`` too.
KEYS = ("Wx", "Ws", "Wy", "bs", "by")
KEYS_WITH_INPUT_BIAS = (*KEYS, "bx")

#: What the cache of one step holds.  ``Ht`` is None in a GRU without ``reset_after``.
RNN_CACHE = ("St_next", "St_prev", "Xt", "parameters_dict")
GRU_CACHE = ("St_next", "St_prev", "Rt", "Zt", "Nt", "Ht", "Xt", "parameters_dict")
#: What the caches of a sequence hold.
RNN_CACHES = ("steps", "X")
GRU_CACHES = ("steps", "X", "reset_after")

_pick: Callable[[Any], Sequence[Any]] = itemgetter(*KEYS)
_pick_with_input_bias: Callable[[Any], Sequence[Any]] = itemgetter(*KEYS_WITH_INPUT_BIAS)
_CELL_NAMES = ("Xt", "St_prev", *KEYS_WITH_INPUT_BIAS)
_LAYER_NAMES = ("X", "S_0", *KEYS_WITH_INPUT_BIAS)


def read_parameters(parameters_dict: Parameters, keys: Sequence[str]) -> Sequence[Any]:
    """Return the values behind the keys, as they are; other keys are ignored.

    Raises
    ------
    TypeError
        If ``parameters_dict`` is not a mapping.
    KeyError
        If a key is missing.
    """
    if type(parameters_dict) is not dict and not isinstance(parameters_dict, Mapping):
        raise TypeError(
            "parameters_dict must be a dictionary (a mapping) of arrays, "
            f"got {type(parameters_dict).__name__}"
        )
    try:
        return [parameters_dict[key] for key in keys]
    except KeyError as error:
        needed = ", ".join(keys)
        raise KeyError(f"parameters_dict has no {error.args[0]}; it needs {needed}") from None


def read_cell(
    Xt: Any, St_prev: Any, parameters_dict: Parameters, gates: int, input_bias: bool = False
) -> Sequence[Array]:
    """Return ``Xt, St_prev, Wx, Ws, Wy, bs, by`` in the type of the results.

    With ``input_bias`` also ``bx``.

    Shapes: ``Xt`` (n_x, m), ``St_prev`` (n_s, m), ``Wx`` (gates n_s, n_x), ``Ws`` (gates n_s, n_s),
    ``Wy`` (n_y, n_s), ``bs`` and ``bx`` (gates n_s, 1), ``by`` (n_y, 1).
    """
    arrays = read_arrays(_CELL_NAMES, (Xt, St_prev, *_weights(parameters_dict, input_bias)))
    if not _fit(arrays, 2, gates):
        _check_forward(_CELL_NAMES, arrays, ("n_x", "m"), gates)
    return arrays


def read_layer(
    X: Any, S_0: Any, parameters_dict: Parameters, gates: int, input_bias: bool = False
) -> Sequence[Array]:
    """Return ``X, S_0, Wx, Ws, Wy, bs, by`` in the type of the results.

    With ``input_bias`` also ``bx``.

    Shapes: ``X`` (n_x, m, T_x) and ``S_0`` (n_s, m); the parameters' as in :func:`read_cell`.
    """
    arrays = read_arrays(_LAYER_NAMES, (X, S_0, *_weights(parameters_dict, input_bias)))
    if not _fit(arrays, 3, gates):
        _check_forward(_LAYER_NAMES, arrays, ("n_x", "m", "T_x"), gates)
    return arrays


def _weights(parameters_dict: Parameters, input_bias: bool) -> Sequence[Any]:
    if type(parameters_dict) is dict:
        try:
            if input_bias:
                return _pick_with_input_bias(parameters_dict)
            return _pick(parameters_dict)
        except KeyError:
            pass  # said better below
    return read_parameters(parameters_dict, KEYS_WITH_INPUT_BIAS if input_bias else KEYS)


def _fit(arrays: Sequence[Array], ndim: int, gates: int) -> bool:
    """Tell in one pass whether everything fits; what does not is looked for elsewhere."""
    inputs, state, Wx, Ws, Wy, bs, by, *bx = arrays
    shape, shape_y = inputs.shape, Wy.shape
    if len(shape) != ndim or len(shape_y) != 2:
        return False
    n_y, n_s = shape_y
    gate_rows = gates * n_s
    return (
        state.shape == (n_s, shape[1])
        and Wx.shape == (gate_rows, shape[0])
        and Ws.shape == (gate_rows, n_s)
        and bs.shape == (gate_rows, 1)
        and by.shape == (n_y, 1)
        and (not bx or bx[0].shape == (gate_rows, 1))
    )


def _check_forward(
    names: Sequence[str], arrays: Sequence[Array], inputs: tuple[str, ...], gates: int
) -> None:
    # The parameters come first: where an input and a weight disagree, the input is called wrong.
    gate_rows = rows(gates)
    symbols = (
        inputs,
        ("n_s", "m"),
        (gate_rows, "n_x"),
        (gate_rows, "n_s"),
        ("n_y", "n_s"),
        (gate_rows, "1"),
        ("n_y", "1"),
        (gate_rows, "1"),
    )
    entries: list[Entry] = [
        (name, array.shape, wanted)
        for name, array, wanted in zip(names, arrays, symbols, strict=False)
    ]
    check_shapes([*entries[2:], *entries[:2]])


def read_cell_cache(ds_next: Any, cache: Any, entries: Sequence[str], gates: int) -> list[Any]:
    """Return ``ds_next``, the arrays of the cache in their order, ``Wx`` and ``Ws``, in one type.

    Parameters
    ----------
    ds_next : array_like (n_s, m)
        Gradient of the loss with respect to ``St_next``.
    cache : tuple
        What the forward function of the cell returned.
    entries : sequence of str
        ``RNN_CACHE`` or ``GRU_CACHE``.
    gates : int
        1 or 3.

    Returns
    -------
    list
        ``[ds_next, *cache without parameters_dict, Wx, Ws]``.  ``Ht`` stays None where it is None.
    """
    values = unpack("cache", cache, entries)
    weights = read_parameters(values[-1], ("Wx", "Ws"))
    names = ["ds_next", *entries[:-1], "Wx", "Ws"]
    given = [ds_next, *values[:-1], *weights]
    without = [i for i, value in enumerate(given) if value is None and names[i] == "Ht"]
    for i in without:
        del names[i], given[i]
    arrays: list[Any] = [*read_arrays(names, given)]
    symbols = {
        "Xt": ("n_x", "m"),
        "Wx": (rows(gates), "n_x"),
        "Ws": (rows(gates), "n_s"),
    }
    shapes: list[Entry] = [
        (name, array.shape, symbols.get(name, ("n_s", "m")))
        for name, array in zip(names, arrays, strict=True)
        if array is not None
    ]
    check_shapes([*shapes[1:], shapes[0]])
    for i in without:
        arrays.insert(i, None)
    return arrays


def read_layer_caches(
    ds: Any, caches: Any, entries: Sequence[str], cell_entries: Sequence[str]
) -> tuple[Array, Any, Array, bool]:
    """Return ``ds, steps, X, reset_after``: ``ds`` and ``X`` in the type of the gradients.

    ``steps[t]`` is the cache of step t as it was made; :func:`read_cell_cache` reads it.

    Parameters
    ----------
    ds : array_like (n_s, m, T_x)
        Gradient of the loss with respect to ``S``.
    caches : tuple
        What the forward function of the sequence returned: ``(steps, X)`` of an RNN, ``(steps, X,
        reset_after)`` of a GRU.
    entries : sequence of str
        ``RNN_CACHES`` or ``GRU_CACHES``.
    cell_entries : sequence of str
        ``RNN_CACHE`` or ``GRU_CACHE``.
    """
    steps, X, *rest = unpack("caches", caches, entries)
    if not hasattr(steps, "__len__") or not hasattr(steps, "__getitem__"):
        raise TypeError(
            f"caches[0] must be a sequence of T_x caches of a step, got {type(steps).__name__}"
        )
    names, values = ["ds", "X"], [ds, X]
    shapes: dict[str, tuple[str, ...]] = {"ds": ("n_s", "m", "T_x"), "X": ("n_x", "m", "T_x")}
    if len(steps):
        # The states carry the type and the size that the forward pass computed in.
        first = dict(
            zip(cell_entries, unpack("caches[0][0]", steps[0], cell_entries), strict=True)
        )
        names += ["Xt", "St_next"]
        values += [first["Xt"], first["St_next"]]
        shapes |= {"Xt": ("n_x", "m"), "St_next": ("n_s", "m")}
    arrays = read_arrays(names, values)
    # From the last to the first: of two that disagree, the caches are believed, not ds.
    checked: list[Entry] = [
        (name, array.shape, shapes[name]) for name, array in zip(names, arrays, strict=True)
    ]
    check_shapes(checked[::-1])
    if len(steps) != arrays[1].shape[2]:
        raise ValueError(
            f"caches[0] has {len(steps)} steps, expected T_x = {arrays[1].shape[2]} "
            f"to fit X, which has shape {arrays[1].shape}"
        )
    return arrays[0], steps, arrays[1], bool(rest[0]) if rest else False


def unpack(name: str, cache: Any, entries: Sequence[str]) -> tuple[Any, ...]:
    """Return the entries of a cache as a tuple, or say what a cache should have been.

    Raises
    ------
    TypeError
        If it is nothing that unpacks.
    ValueError
        If it has another number of entries.
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
