"""What every activation does to rows of a model's memory."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

Array = NDArray[Any]


class Kernel:
    """One activation on rows (R, n): both methods work in place and allocate nothing large.

    This one is no activation at all.

    Examples
    --------
    >>> issubclass(type(get("tanh")), object)
    True
    """

    #: The name that Keras has for it.
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
            Features that count.
        before : ndarray of shape (R, n), optional
            OUT.  What went in, where the activation ``keeps_input`` and there will be a backward.
        """

    def backward(
        self, rows: Array, drows: Array, n: int, scratch: Array, before: Array | None = None
    ) -> None:
        """Turn the gradient of the output into that of the input.

        Parameters
        ----------
        rows : ndarray of shape (R, >= n)
            IN.  What :meth:`forward` left.
        drows : ndarray of shape (R, >= n)
            IN/OUT.
        n : int
            Features that count.
        scratch : ndarray of shape (R, n)
            Holds nothing between calls.
        before : ndarray of shape (R, n), optional
            IN.  What :meth:`forward` left there.
        """
