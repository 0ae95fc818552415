"""Custom activation functions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastrnn import activations
from fastrnn.activations import Kernel
from fastrnn.differentiation import Tape
from fastrnn.naming import custom_object

Array = NDArray[Any]


class FunctionKernel(Kernel):
    """A function on arrays, differentiated automatically.

    Parameters
    ----------
    function : callable
        Uses operations of NumPy or :mod:`fastrnn.backend`.
    """

    keeps_input = True

    def __init__(self, function: Callable[[Any], Any]) -> None:
        self.function = function
        # Not the name of an activation: a file cannot confuse it with one.
        self.name = f"<function {getattr(function, '__name__', type(function).__name__)}>"

    def __call__(self, x: Any) -> Any:
        """Return what the function returns."""
        return self.function(x)

    def forward(self, rows: Array, n: int, before: Array | None = None) -> None:
        """Apply the function to the first `n` features of every row, in place."""
        given = np.ascontiguousarray(rows[:, :n])
        if before is not None:
            np.copyto(before, given)
        with np.errstate(all="ignore"):
            made = np.asarray(self.function(given))
        if made.shape != given.shape:
            raise ValueError(
                f"the activation {self.name} made shape {made.shape} of {given.shape}; it should "
                "keep the shape"
            )
        np.copyto(rows[:, :n], made, casting="same_kind")

    def backward(
        self, rows: Array, drows: Array, n: int, scratch: Array, before: Array | None = None
    ) -> None:
        """Replace the gradient of the output by that of the input."""
        assert before is not None
        tape = Tape()
        watched = tape.watch(before)
        try:
            with np.errstate(all="ignore"), tape.recording():
                made = self.function(watched)
                tape.back([made], [drows[:, :n]])
        except TypeError as error:
            raise TypeError(
                f"the activation {self.name} has no gradient: {error}; make it of the operations "
                "of NumPy or fastrnn.backend"
            ) from error
        drows[:, :n] = 0 if watched.gradient is None else watched.gradient

    def mixes_positions(self, features: int) -> bool:
        """Return whether the function uses several steps of a sequence at once."""
        array = np.random.default_rng(0).standard_normal((2, 3, features))
        rows = array.reshape(-1, features).copy()
        with np.errstate(all="ignore"):
            whole = np.asarray(self.function(array))
            try:
                self.forward(rows, features)
            except Exception:  # it does not accept anything but sequences
                return True
        return whole.shape != array.shape or not np.allclose(whole, rows.reshape(array.shape))

    def check_positions(self, features: int) -> None:
        """Raise ``ValueError`` if the function mixes the steps of a sequence."""
        if self.mixes_positions(features):
            raise ValueError(
                f"the activation {self.name} mixes the steps of a sequence; leave it out here, and "
                "put the layer Activation(function) behind this one"
            )


def kernel_of(activation: Any) -> Kernel:
    """Return the kernel of a layer's activation: a name, a function of this package or another."""
    own = own_function(activation)
    return activations.get(activation) if own is None else FunctionKernel(own)


def own_function(activation: Any) -> Callable[[Any], Any] | None:
    """Return an activation that is a function of the user's own, also by its name in a file.

    Raises
    ------
    ValueError
        If it is the name of one that ``custom_objects`` has not.
    """
    if not isinstance(activation, str):
        return activation if is_own(activation) else None
    name = activation.removeprefix("<function ").removesuffix(">")
    found = custom_object(name)
    if is_own(found):
        return found  # type: ignore[no-any-return]
    if name != activation:
        raise ValueError(
            f"activation is {activation!r}, a function of somebody's own; give it to load_model: "
            f"custom_objects={{{name!r}: ...}}"
        )
    return None


def is_own(activation: Any) -> bool:
    """Return whether an activation is a custom function."""
    if not callable(activation) or isinstance(activation, (type, Kernel)):
        return False
    try:
        activations.get(activation)
    except ValueError:
        # Layers are callable too, but are not activation functions.
        return not hasattr(activation, "get_config")
    return False
