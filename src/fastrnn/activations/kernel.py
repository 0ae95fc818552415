"""The interface of activations on rows of a model's memory."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

Array = NDArray[Any]


class Kernel:
    """An activation on rows (R, n); both methods work in place and allocate no large arrays.

    This base class is the identity.

    Examples
    --------
    >>> issubclass(type(get("tanh")), object)
    True
    """

    #: Keras's name of it.
    name: str = "linear"
    #: Whether the derivative needs the input, and not only the output.
    keeps_input: bool = False

    def forward(self, rows: Array, n: int, before: Array | None = None) -> None:
        """Replace the first `n` features of every row by their activation.

        Parameters
        ----------
        rows : ndarray of shape (R, >= n)
            IN/OUT.
        n : int
            Number of features; columns after them are left alone.
        before : ndarray of shape (R, n), optional
            OUT.  The input, if the activation ``keeps_input`` and a backward pass follows.
        """

    def backward(
        self, rows: Array, drows: Array, n: int, scratch: Array, before: Array | None = None
    ) -> None:
        """Replace the gradient of the output by that of the input.

        Parameters
        ----------
        rows : ndarray of shape (R, >= n)
            IN.  The output of :meth:`forward`.
        drows : ndarray of shape (R, >= n)
            IN/OUT.
        n : int
            Number of features; columns after them are left alone.
        scratch : ndarray of shape (R, n)
            Scratch memory.
        before : ndarray of shape (R, n), optional
            IN.  The input that :meth:`forward` stored.
        """
