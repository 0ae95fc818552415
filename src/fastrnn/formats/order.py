"""The order in which Keras lists the layers of a model, and with them its weights."""

from __future__ import annotations

from collections.abc import Sequence


def listed(
    layers: Sequence[int], reads: Sequence[Sequence[int]], outputs: Sequence[int]
) -> list[int]:
    """Return the layers of a graph as ``model.layers`` lists them, each once.

    As in Keras, the layers that are farthest from the outputs come first; the distance is the
    longest path, in calls.  Equally far layers are in the order of a traversal from the outputs.
    The layers of a chain are in its order.

    Parameters
    ----------
    layers : sequence of int
        The layer of each call, in topological order.
    reads : sequence of sequence of int
        The calls that each call reads.
    outputs : sequence of int
        The calls that make the outputs.

    Examples
    --------
    >>> listed([0, 1, 2, 3], [[], [0], [], [1, 2]], [3])
    [0, 1, 2, 3]
    """
    depths = [0] * len(layers)
    of_layers: dict[int, int] = {}
    # A layer that is called twice has the depth of its deepest call, as do its calls.
    for call in reversed(range(len(layers))):
        depth = max(depths[call], of_layers.get(layers[call], 0))
        depths[call] = of_layers[layers[call]] = depth
        for before in reads[call]:
            depths[before] = max(depths[before], depth + 1)
    met = _met(layers, reads, outputs)
    # Inputs that no output depends on come first among the last.
    return sorted(of_layers, key=lambda layer: (-of_layers[layer], met.get(layer, -1)))


def _met(
    layers: Sequence[int], reads: Sequence[Sequence[int]], outputs: Sequence[int]
) -> dict[int, int]:
    """Return the position of every layer in a depth-first traversal from the outputs."""
    places: dict[int, int] = {}
    seen: set[int] = set()
    waiting = list(reversed(outputs))
    while waiting:
        call = waiting.pop()
        if call not in seen:
            seen.add(call)
            places.setdefault(layers[call], len(places))
            waiting += reversed(reads[call])
    return places
