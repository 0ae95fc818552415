"""The base of all metrics, and means."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fastrnn.arguments import as_array
from fastrnn.arithmetic import quietly
from fastrnn.construction import Constructible
from fastrnn.naming import snake_case, unique_name
from fastrnn.representation import constructor_like

Array = NDArray[Any]
Function = Callable[..., Any]


class Variable(np.ndarray):
    """An array of sums of a metric: a NumPy array with the methods of Keras's variables."""

    def assign(self, value: ArrayLike) -> Variable:
        """Replace the content."""
        self[...] = value
        return self

    def assign_add(self, value: ArrayLike) -> Variable:
        """Add to the content."""
        self[...] += value
        return self


class Metric(metaclass=Constructible):
    """A function of sums over batches.

    A subclass creates its sums with :meth:`add_variable` in its constructor, adds a batch to them
    in :meth:`update_state`, and computes the metric in :meth:`result`, all in NumPy.  The sums of
    parts of the data must add up to those of the whole, as needed for training with several
    processes and for resuming.

    Parameters
    ----------
    dtype : str, optional
        Accepted for compatibility with Keras; the sums are float64.
    name : str, optional
        Its name in logs.  If left out, the name of the class, such as ``recall``, and ``recall_1``
        for the next one; :func:`fastrnn.backend.clear_session` resets the counts.

    Examples
    --------
    >>> class Bias(Metric):
    ...     def __init__(self, name="bias"):
    ...         super().__init__(name=name)
    ...         self.total = self.add_variable(())
    ...         self.count = self.add_variable(())
    ...
    ...     def update_state(self, y_true, y_pred, sample_weight=None):
    ...         self.total += np.sum(y_pred - y_true)
    ...         self.count += np.size(y_true)
    ...
    ...     def result(self):
    ...         return self.total / self.count
    >>> bias = Bias()
    >>> bias.update_state(np.zeros(4), np.array([0.5, 0.0, 0.0, 1.5]))
    >>> float(bias.result())
    0.5
    """

    #: Whether positions are independent, so that batch and time can be one axis.
    by_position: ClassVar[bool] = False

    def __init__(self, dtype: Any = None, name: str | None = None) -> None:
        if name is not None and not isinstance(name, str):
            raise TypeError(f"name is {name!r}; it should be a string")
        self.dtype = None if dtype is None else np.dtype(dtype).name
        self.name = unique_name(snake_case(type(self).__name__)) if name is None else name
        self.variables: list[Variable] = []

    def __setattr__(self, name: str, value: Any) -> None:
        known = self.__dict__.get(name)
        if isinstance(known, Variable) and value is not known:
            known.assign(value)  # `self.total = self.total + x`
        else:
            object.__setattr__(self, name, value)

    def add_variable(
        self,
        shape: Any = (),
        initializer: Any = "zeros",
        dtype: Any = None,
        name: str | None = None,
        **options: Any,
    ) -> Variable:
        """Return a new array of sums, float64, initially zero.

        Parameters
        ----------
        shape : tuple of int
        initializer, dtype, name, **options :
            Accepted for compatibility with Keras; only zeros are allowed as an initializer.
        """
        if isinstance(shape, str):  # in older versions, the name is the first argument
            shape = ()
        start = getattr(initializer, "__name__", initializer)
        start = start if start is None or isinstance(start, str) else type(start).__name__
        if start is not None and start.lower() not in ("zeros", "zero"):
            raise ValueError(
                f"initializer of a variable of {self.name} is {initializer!r}; it should be "
                "'zeros', since the sums of parts are added"
            )
        variable = np.zeros(shape).view(Variable)
        self.variables.append(variable)
        return variable

    add_weight = add_variable

    def build(self, features: int) -> None:
        """Create variables whose shape depends on the number of outputs."""

    def update_state(self, *arguments: Any, **options: Any) -> None:
        """Add a batch: ``y_true, y_pred, sample_weight=None``, batch first."""
        raise NotImplementedError

    def result(self) -> Any:
        """Return the metric of all batches."""
        raise NotImplementedError

    def reset_state(self) -> None:
        """Reset the sums."""
        for variable in self.variables:
            variable.fill(0)

    def reset_states(self) -> None:
        """Reset the sums; an older name."""
        self.reset_state()

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        """Add a batch and return the metric so far."""
        self.update_state(*arguments, **options)
        return self.result()

    @property
    def state(self) -> Array:
        """The sums in one vector."""
        return np.concatenate([np.zeros(0), *(np.ravel(v) for v in self.variables)])

    @state.setter
    def state(self, sums: ArrayLike) -> None:
        left = np.asarray(sums)
        for variable in self.variables:
            variable[...] = left[: variable.size].reshape(variable.shape)
            left = left[variable.size :]

    @quietly
    def result_of(self, sums: Sequence[float]) -> Any:
        """Return the metric for other sums: a number, or an array."""
        twin = copy.deepcopy(self)
        twin.state = np.array(sums)
        found = np.array(twin.result())
        if found.dtype.kind not in "biuf":
            raise TypeError(
                f"result of {self.name} is {found!r}; it should be a number or an array"
            )
        return float(found) if found.ndim == 0 else found

    def get_config(self) -> dict[str, Any]:
        """Return the constructor arguments of this metric."""
        return {"name": self.name, "dtype": self.dtype}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Metric:
        """Return a new metric from what :meth:`get_config` returned."""
        return cls(**config)

    def __repr__(self) -> str:
        config = self.get_config()
        is_own_name = config.get("name") != snake_case(type(self).__name__)
        return constructor_like(self, config, without=() if is_own_name else ("name",))


class _Reduction(Metric):
    def __init__(self, name: str | None = None, dtype: Any = None) -> None:
        super().__init__(dtype, snake_case(type(self).__name__) if name is None else name)
        self.total = self.add_variable()


class Sum(_Reduction):
    """The weighted sum of all values.

    Examples
    --------
    >>> total = Sum()
    >>> float(total([1, 3, 5, 7], sample_weight=[1, 1, 0, 0]))
    4.0
    """

    @quietly
    def update_state(self, values: ArrayLike, sample_weight: Any = None) -> None:
        """Take in values and, optionally, a weight for each, or for each of the first axis."""
        array, weights = _weighed(values, sample_weight)
        self.total += weighted_sum(array, weights)

    def result(self) -> Any:
        """Return the sum."""
        return self.total[()]


class Mean(_Reduction):
    """The weighted mean of all values.

    As in Keras, values with several axes are first averaged for each sample.

    Examples
    --------
    >>> mean = Mean()
    >>> mean.update_state([1, 3, 5, 7])
    >>> float(mean.result())
    4.0
    """

    def __init__(self, name: str | None = None, dtype: Any = None) -> None:
        super().__init__(name, dtype)
        self.count = self.add_variable()

    @quietly
    def update_state(self, values: ArrayLike, sample_weight: Any = None) -> None:
        """Take in values and, optionally, a weight for each, or for each of the first axis."""
        array, weights = _weighed(values, sample_weight)
        each = array.size / len(array) if array.ndim and len(array) else 1  # of a sample
        self.total += weighted_sum(array, weights) / each
        self.count += (array.size if weights is None else weights.sum()) / each

    def result(self) -> Any:
        """Return the mean, 0 without values."""
        return divided(self.total, self.count)[()]


class MeanMetricWrapper(Mean):
    """The mean of a function of targets and predictions.

    Parameters
    ----------
    fn : callable
        Takes both, batch first, and returns a value per position, or their mean.
    name : str, optional
        That of the function if left out.
    dtype : str, optional
    **options :
        Further arguments of the function.

    Examples
    --------
    >>> metric = MeanMetricWrapper(lambda y, p: np.abs(y - p), name="distance")
    >>> float(metric([[0.0], [2.0]], [[1.0], [5.0]]))
    2.0
    """

    takes_any = True

    def __init__(
        self, fn: Function, name: str | None = None, dtype: Any = None, **options: Any
    ) -> None:
        super().__init__(name or str(getattr(fn, "__name__", type(fn).__name__)), dtype)
        self._fn, self._options = fn, options

    def values(self, y_true: Any, y_pred: Any) -> Array:
        """Return the values of the function."""
        return np.asarray(self._fn(y_true, y_pred, **self._options), np.float64)

    @quietly
    def update_state(  # type: ignore[override]
        self, y_true: Any, y_pred: Any, sample_weight: Any = None
    ) -> None:
        """Add targets, predictions and, optionally, weights of samples or positions."""
        y_true, y_pred = as_array("y_true", y_true), as_array("y_pred", y_pred)
        super().update_state(self.values(y_true, y_pred), sample_weight)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor arguments of this metric, except for the function."""
        return {**super().get_config(), **self._options}


def _weighed(values: ArrayLike, sample_weight: Any) -> tuple[Array, Array | None]:
    """Return values as float64, and a weight for each of them."""
    array = as_array("values", values).astype(np.float64)
    if sample_weight is None:
        return array, None
    weights = as_array("sample_weight", sample_weight).astype(np.float64)
    return array, spread(weights, array.shape)


def spread(weights: Array, shape: tuple[int, ...]) -> Array:
    """Return weights of the first axes, broadcast to a shape.

    Raises
    ------
    ValueError
        If they do not fit.
    """
    while weights.ndim > len(shape) and weights.shape[-1] == 1:
        weights = weights[..., 0]
    by_axis = weights.reshape(weights.shape + (1,) * (len(shape) - weights.ndim))
    try:
        return np.broadcast_to(by_axis, shape)
    except ValueError:
        raise ValueError(
            f"sample_weight has shape {weights.shape}; it should fit the first axes of {shape}"
        ) from None


def weighted_sum(values: Array, weights: Array | None) -> float:
    """Return the weighted sum of values; those with weight 0 may be NaN."""
    if weights is None:
        return float(values.sum(dtype=np.float64))
    return float(np.where(weights != 0, values * weights, 0).sum(dtype=np.float64))


def divided(total: Any, count: Any) -> Array:
    """Return the quotient, 0 where the divisor is 0."""
    count = np.asarray(count)
    is_empty = count == 0
    return np.where(is_empty, 0.0, np.asarray(total) / np.where(is_empty, 1.0, count))
