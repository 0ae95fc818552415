"""One call of every function of the functional API, and the ways to spoil its arguments.

A call is a function's name and its arguments; the caches in it are the reference's, as plain
tuples.  An array in it is found by its path, such as ``("parameters_dict", "Wx")`` or ``("caches",
0, 2, 1)``.
"""

import copy
from dataclasses import dataclass, replace

import numpy as np

import fastrnn
from fastrnn import reference
from fastrnn.arguments import CELLS
from tests.cases import FORMS, Case

IMPLEMENTATIONS = {"reference": reference, "compiled": fastrnn}

CACHES = {cell.name: cell.cache for cell in CELLS}
#: Where the dictionary of parameters stands in them.
PARAMETERS = {len(cache) - 1 for cache in CACHES.values()}


@dataclass(frozen=True)
class Call:
    """A function's name and its keyword arguments."""

    function: str
    arguments: dict
    form: str = ""

    def __str__(self):
        return self.function + self.form

    def run(self, module):
        """Return what the function of a module returns, without the caches."""
        result = getattr(module, self.function)(**self.arguments)
        return result[:-1] if isinstance(result, tuple) else result

    def paths(self, kinds="f"):
        """Yield the path of every array that is read and whose dtype is of one of the kinds."""
        return list(_paths(self.arguments, kinds, self.read, set()))

    @property
    def read(self):
        """Return the names of the parameters that the function reads."""
        if self.function.startswith("cross_entropy"):
            return {"Wy"}
        if self.function.endswith("backward"):
            return {"Wx", "Ws"}
        return {"Wx", "Ws", "Wy", "bs", "by"} | ({"bx"} if self.form == "-after" else set())

    def get(self, path):
        """Return the array at a path."""
        tree = self.arguments
        for key in path:
            tree = tree[key]
        return tree

    def having(self, path, value):
        """Return the call with another value at a path.

        Parameters that all steps of a cache share, they go on sharing.
        """
        *above, key = path
        holder = self.get(above)
        if above and isinstance(holder, dict):
            return replace(
                self, arguments=_mapped(self.arguments, {id(holder): {**holder, key: value}})
            )
        return replace(self, arguments=_replaced(self.arguments, path, value))

    def each(self, change, kinds="fib"):
        """Return the call with ``change(array)`` for every array."""
        call = self
        for path in self.paths(kinds):
            call = call.having(path, change(self.get(path)))
        return call

    def name(self, path):
        """Return what the argument at a path is called."""
        if isinstance(path[-1], str):
            return path[-1]
        if path == ("caches", 1):
            return "X"
        return CACHES[self.function.split("_")[0]][path[-1]]

    def snapshot(self):
        """Return a copy of all arguments, to see later that nothing was written."""
        return copy.deepcopy(self.arguments)


def _paths(tree, kinds, read, seen, path=()):
    if isinstance(tree, dict):
        if id(tree) in seen:
            return
        seen.add(id(tree))
        for key, value in tree.items():
            if path and path[-1] in {"parameters_dict", *PARAMETERS} and key not in read:
                continue
            yield from _paths(value, kinds, read, seen, (*path, key))
    elif isinstance(tree, tuple | list):
        for i, value in enumerate(tree):
            yield from _paths(value, kinds, read, seen, (*path, i))
    elif isinstance(tree, np.ndarray) and tree.dtype.kind in kinds:
        yield path


def _replaced(tree, path, value):
    if not path:
        return value
    key, *rest = path
    if isinstance(tree, dict):
        return {**tree, key: _replaced(tree[key], rest, value)}
    items = list(tree)
    items[key] = _replaced(items[key], rest, value)
    return type(tree)(items)


def _mapped(tree, replacements):
    """Return a tree with the objects of these identities replaced, wherever they stand."""
    if id(tree) in replacements:
        return replacements[id(tree)]
    if isinstance(tree, dict):
        return {key: _mapped(value, replacements) for key, value in tree.items()}
    if isinstance(tree, tuple | list):
        return type(tree)(_mapped(value, replacements) for value in tree)
    return tree


def make_calls(dtype="float64", sizes=(3, 5, 2, 7, 4)):
    """Return a call of every function, and of both forms of the GRU.

    The sizes are n_x, n_s, n_y, m, T_x.
    """
    calls = []
    for cell, reset_after in FORMS:
        case = Case(cell, reset_after, *sizes, dtype)
        a = case.make()
        form = {"gru": "-after" if reset_after else "-before"}.get(cell, "")
        S, y_pred, *_, caches = getattr(reference, f"{cell}_forward")(
            a.X, a.S_0, a.parameters, **a.options
        )
        sequence = {"X": a.X, "S_0": a.S_0, "parameters_dict": a.parameters, **a.options}
        calls += [
            Call(f"{cell}_forward", sequence, form),
            Call(f"{cell}_backward", {"ds": a.ds, "caches": caches}, form),
        ]
        if cell == "rnn":
            calls.append(Call("rnn_forward", {**sequence, "lengths": a.lengths}, "-ragged"))
        if case.T_x:
            step = {"Xt": a.X[:, :, 0], "St_prev": a.S_0, "parameters_dict": a.parameters}
            back = {"ds_next": a.ds[:, :, 0], **a.cell_gradients, "cache": caches[0][0]}
            calls += [
                Call(f"{cell}_cell_forward", {**step, **a.cell_options}, form),
                Call(f"{cell}_cell_backward", back, form),
            ]
    labels = {"y_pred": y_pred, "targets": a.targets, "mask": a.mask}
    states = {"S": S, "parameters_dict": a.parameters}
    return [
        *calls,
        Call("softmax", {"x": a.X}),
        Call("cross_entropy", labels),
        Call("cross_entropy_backward", {**labels, **states}),
    ]


# Memory laid out in other ways, the numbers being the same.


def fortran(array):
    return np.asfortranarray(array)


def time_major(array):
    return np.moveaxis(np.ascontiguousarray(np.moveaxis(array, -1, 0)), 0, -1)


def backwards(array):
    turn = (slice(None, None, -1),) * array.ndim
    return np.ascontiguousarray(array[turn])[turn]


def spread(array):
    """Return a view of every other number of a larger array of numbers that ruin a result."""
    ruin = {"f": np.nan, "i": 10**6, "b": True}[array.dtype.kind]
    large = np.full([2 * extent + 1 for extent in array.shape], ruin, array.dtype)
    view = large[(slice(1, None, 2),) * array.ndim]
    view[...] = array
    return view


def swapped(array):
    return array.astype(array.dtype.newbyteorder())


def unaligned(array):
    memory = np.empty(array.nbytes + 1, np.uint8)
    moved = np.ndarray(array.shape, array.dtype, memory, offset=1)
    moved[...] = array
    return moved


def read_only(array):
    array = array.copy()
    array.flags.writeable = False
    return array


class Subclass(np.ndarray):
    """An array type of somebody else's."""


def subclass(array):
    return array.copy().view(Subclass)


def masked(array):
    return np.ma.array(array)


def wide_integers(array):
    """Return labels in another integer type; floats as they are."""
    return array.astype(np.uint64) if array.dtype.kind == "i" else array


LAYOUTS = [
    fortran,
    time_major,
    backwards,
    spread,
    swapped,
    unaligned,
    read_only,
    subclass,
    masked,
    wide_integers,
]

#: Values that no function takes for an array of real numbers.
BAD_TYPES = {
    "float16": lambda array: array.astype(np.float16),
    "longdouble": lambda array: array.astype(np.longdouble),
    "complex": lambda array: array.astype(np.complex128),
    "object": lambda array: array.astype(object),
    "strings": lambda array: array.astype(str),
    "bytes": lambda array: array.astype(bytes),
    "dates": lambda array: array.astype("datetime64[s]"),
    "list of strings": lambda array: array.astype(str).tolist(),
    "list of None": lambda array: [None],
    "None": lambda array: None,
    "a string": lambda array: "0.5",
    "a dictionary": lambda array: {},
}


#: Sizes that one argument alone decides, or that need not be those of the other arguments.
UNKNOWN_ELSEWHERE = {
    ("cross_entropy", "y_pred", 0),
    *((f"{cell.name}_forward", "X", 2) for cell in CELLS),
}


def fits(name, array, shape):
    """Tell whether another shape does as well: biases without their axis, fewer steps of ds."""
    if name in ("bs", "bx", "by"):
        return shape in ((), array.shape[:1])
    if name == "ds":
        return shape[:2] == array.shape[:2] and len(shape) == 3 and shape[2] < array.shape[2]
    initial = ("S_0", "C_0", "St_prev", "Ct_prev")
    return name in initial and shape == (len(array), 1)


def wrong_shapes(call):
    """Yield calls with one array of a shape that does not fit, its name, and that shape."""
    for path in call.paths("fib"):
        array, name = call.get(path), call.name(path)
        changed = [array[np.newaxis], array[..., np.newaxis], array[0], np.float64(1.0)]
        for axis in range(array.ndim):
            if (call.function, name, axis) in UNKNOWN_ELSEWHERE:
                continue
            changed += [np.concatenate([array, array.take([0], axis)], axis)]
            changed += [np.delete(array, 0, axis)] if array.shape[axis] > 1 else []
        for wrong in changed:
            wrong = np.asarray(wrong, array.dtype)
            if not any(key in call.arguments for key in ("cache", "y_pred")) and fits(
                name, array, wrong.shape
            ):
                continue
            yield call.having(path, wrong), name, wrong.shape
