"""Parameters and caches of Coursera's notebook as the functional API has them, and back."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, overload

import numpy as np

from fastrnn.arguments import Cache, Parameters, read_arrays

RNN = {"Wx": "Wax", "Ws": "Waa", "bs": "ba", "Wy": "Wya", "by": "by"}
#: The notebook's gates in the order of this package: i, f, g, o.
GATES = ("i", "f", "c", "o")
LSTM = ("Wf", "bf", "Wi", "bi", "Wc", "bc", "Wo", "bo")


def rnn_parameters(parameters: Parameters) -> dict[str, Any]:
    """Return the parameters by their names here."""
    check(parameters)
    return {ours: parameters[name] for ours, name in RNN.items() if name in parameters}


def lstm_parameters(parameters: Parameters) -> dict[str, Any]:
    """Return the parameters with the gates stacked, and the weights of ``[a, x]`` apart."""
    check(parameters)
    missing = [name for name in LSTM if name not in parameters]
    if missing:
        raise KeyError(f"parameters has no {missing[0]}; it needs {', '.join(LSTM)}")
    weights = read_arrays(LSTM, [parameters[name] for name in LSTM])
    found = dict(zip(LSTM, weights, strict=True))
    first = found["Wf"]
    n_a = first.shape[0] if first.ndim == 2 else 0
    for name, array in found.items():
        fits = array.shape == first.shape if name[0] == "W" else array.shape == (n_a, 1)
        if not fits or first.ndim != 2 or first.shape[1] < n_a:
            wanted = "(n_a, n_a + n_x)" if name[0] == "W" else f"(n_a, 1) = ({n_a}, 1)"
            raise ValueError(f"{name} has shape {array.shape}, expected {wanted}")
    W = np.concatenate([found[f"W{gate}"] for gate in GATES])
    stacked = {"Wx": W[:, n_a:], "Ws": W[:, :n_a]}
    stacked["bs"] = np.concatenate([found[f"b{gate}"] for gate in GATES])
    return stacked | {name: parameters[name] for name in ("Wy", "by") if name in parameters}


def check(parameters: Any) -> None:
    """Raise ``TypeError`` unless parameters are a mapping."""
    if not isinstance(parameters, Mapping):
        raise TypeError(
            "parameters must be a dictionary (a mapping) of arrays, "
            f"got {type(parameters).__name__}"
        )


def rnn_cache(cache: Cache, parameters: Any) -> Cache:
    """Return the cache of a step as the notebook has it."""
    return (*cache[:-1], parameters)


def lstm_cache(cache: Cache, parameters: Any) -> Cache:
    """Return the cache of a step as the notebook has it."""
    a_next, a_prev, c_next, c_prev, it, ft, cct, ot, xt, _ = cache
    return (a_next, c_next, a_prev, c_prev, ft, it, cct, ot, xt, parameters)


def our_lstm_cache(cache: Any, parameters: Any) -> Cache:
    """Return the cache of a step as the functional API has it."""
    names = "a_next, c_next, a_prev, c_prev, ft, it, cct, ot, xt, parameters"
    if not isinstance(cache, tuple | list) or len(cache) != 10:
        raise ValueError(f"cache must be what lstm_cell_forward returned, ({names})")
    a_next, c_next, a_prev, c_prev, ft, it, cct, ot, xt, _ = cache
    return (a_next, a_prev, c_next, c_prev, it, ft, cct, ot, xt, parameters)


def our_rnn_cache(cache: Any, parameters: Any) -> Cache:
    """Return the cache of a step as the functional API has it."""
    if not isinstance(cache, tuple | list) or len(cache) != 4:
        raise ValueError(
            "cache must be what rnn_cell_forward returned, (a_next, a_prev, xt, parameters)"
        )
    return (*cache[:-1], parameters)


class Steps(Sequence[Cache]):
    """The caches of all steps, in the notebook's order, each made when it is asked for."""

    def __init__(self, steps: Any, parameters: Parameters, theirs: Callable[..., Cache]) -> None:
        self.steps = steps
        self.parameters = parameters
        self._theirs = theirs

    def __len__(self) -> int:
        return len(self.steps)

    @overload
    def __getitem__(self, index: int) -> Cache: ...
    @overload
    def __getitem__(self, index: slice) -> list[Cache]: ...
    def __getitem__(self, index: int | slice) -> Cache | list[Cache]:
        found = self.steps[index]
        if isinstance(index, slice):
            return [self._theirs(cache, self.parameters) for cache in found]
        return self._theirs(found, self.parameters)

    def __iter__(self) -> Iterator[Cache]:
        return (self._theirs(cache, self.parameters) for cache in self.steps)


def our_caches(
    caches: Any,
    of_parameters: Callable[[Parameters], dict[str, Any]],
    ours: Callable[..., Cache],
) -> Cache:
    """Return caches of a sequence as the functional API has them."""
    if not isinstance(caches, tuple | list) or len(caches) != 2:
        raise ValueError("caches must be what the forward function returned, (caches, x)")
    steps, x = caches
    if type(steps) is Steps:
        # with the parameters as they are now
        return steps.steps.having(of_parameters(steps.parameters)), x
    read: dict[int, dict[str, Any]] = {}
    found = []
    for cache in steps:
        parameters = cache[-1]
        if id(parameters) not in read:
            read[id(parameters)] = of_parameters(parameters)
        found.append(ours(cache, read[id(parameters)]))
    return found, x
