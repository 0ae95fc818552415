"""A function of NumPy arrays as a layer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastrnn.layers.lambda_functions import FunctionLayer, parameters_named
from fastrnn.layers.symbolic import SymbolicTensor

Array = NDArray[Any]


class Lambda(FunctionLayer):
    """A layer that applies a function to its input.

    Parameters
    ----------
    function : callable
        Takes an array, batch first, or a list of arrays if the layer is called on a list, and
        returns an array with the same number of samples.  It may have the parameters ``mask`` and
        ``training``.
    output_shape : tuple of int, or callable, optional
        Without the batch; or a function that returns the whole shape for that of the input.  If
        left out, the function is tried on ones.
    mask : callable or ndarray, optional
        The mask of the output, or a function of the inputs and their mask that returns it.  Without
        it, the output has no mask.
    arguments : dict, optional
        Further arguments of `function`, by name.
    gradient : callable, optional
        ``gradient(dy, x)`` returns the gradient of the loss at `x`, a list where `x` is one, by
        that at the output.  If left out, `function` is differentiated automatically; it should then
        use operations of NumPy or :mod:`fastrnn.backend`.
    **options :
        `name`, `dtype`, `input_shape` of :class:`~fastrnn.layers.Layer`.

    Notes
    -----
    The function has no weights; for those, derive a class from :class:`~fastrnn.layers.Layer`.
    Files hold names, never code: a model can be saved if its functions are NumPy's or were defined
    with ``def``; it is loaded with ``custom_objects={"name": function}``.

    Examples
    --------
    >>> import numpy as np
    >>> from fastrnn.layers import Input, Lambda
    >>> def last(x):
    ...     return x[:, -1]
    >>> def of_last(dy, x):
    ...     dx = np.zeros_like(x)
    ...     dx[:, -1] = dy
    ...     return dx
    >>> Lambda(last, gradient=of_last)(Input((None, 3))).shape
    (None, 3)
    """

    takes_open_extents = True
    gradient_advice = "give Lambda(function, gradient=...), a function of dy and x that returns dx"

    def __init__(
        self,
        function: Any,
        output_shape: Any = None,
        mask: Any = None,
        arguments: dict[str, Any] | None = None,
        gradient: Any = None,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        for argument, given in (("function", function), ("gradient", gradient)):
            if not (callable(given) or (given is None and argument == "gradient")):
                raise TypeError(f"{argument} of Lambda is {given!r}; it should be a function")
        self.function, self.gradient, self.mask = function, gradient, mask
        self.shape_said = output_shape
        self.arguments = dict(arguments or {})
        self.supports_masking = mask is not None
        self._named = parameters_named(function, "mask", "training")

    def __call__(self, inputs: Any, mask: Any = None, training: bool | None = None) -> Any:
        """Call the layer on a tensor or a list of tensors, or compute it on arrays."""
        if isinstance(inputs, (list, tuple)) and any(
            isinstance(one, (SymbolicTensor, np.ndarray)) for one in inputs
        ):
            self.takes_several = True
        return super().__call__(inputs, mask, training)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the given shape, or the one that the function returns for ones."""
        if self.shape_said is None:
            return super().compute_output_shape(input_shape)
        if callable(self.shape_said):
            return tuple(self.shape_said(input_shape))
        return (None, *self.shape_said)

    def carries_mask(self, masked: Sequence[bool]) -> bool:
        """Return whether a mask was given."""
        return self.mask is not None

    def compute_mask(self, inputs: Any, previous_mask: Any) -> Any:
        """Return the given mask, or the one that its function returns."""
        return self.mask(inputs, previous_mask) if callable(self.mask) else self.mask

    def call(self, inputs: Any, mask: Any = None, training: bool = False) -> Any:
        """Call the function."""
        given = {"mask": mask, "training": training}
        named = {name: given[name] for name in self._named}
        return self.function(inputs, **{**named, **self.arguments})

    @property
    def differentiates_itself(self) -> bool:
        """Whether a gradient was given."""
        return self.gradient is not None

    def backward(self, gradient: Any, inputs: Any) -> Any:
        """Call the gradient."""
        return self.gradient(gradient, inputs)
