"""What ``Model.stream`` returns: a model that takes its input step by step."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Any, NoReturn

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fastrnn._core.stream import StageRunner
from fastrnn.arguments import as_array

__all__ = ["Stream"]


class Stream(StageRunner):
    """A model that takes its input step by step, a step or a block of steps a call.

    It keeps its states between calls.  Made by :meth:`fastrnn.models.Model.stream`, not by itself.

    ``y = stream(x)`` takes what follows next and returns what the model answers to it, as if the
    whole sequence since the beginning had been given to :meth:`~fastrnn.models.Model.predict`: the
    same bits, whatever the lengths of the blocks.  A layer that returns its last state only answers
    with the state after each step, so the answer to a step is what ``predict`` gives for the
    sequence up to there.  What follows describes the call.

    Parameters
    ----------
    x : array_like
        Of one stream: (features,) for a step, (time, features) for a block; a number too, where
        the model takes one feature.  Of several: (streams, features) and
        (streams, time, features).  Any real type and strides; arrays of the model's own type pass
        without a conversion.  Of a model that takes tokens: integers, without the last axis, so
        that a step of one stream is an int.
    out : ndarray, optional
        Where the answer goes, of its shape and of type :attr:`dtype`; any strides.  Default: an
        array that nobody else holds.

    Returns
    -------
    ndarray
        ``out``; or (outputs,), (time, outputs), (streams, outputs), (streams, time, outputs),
        after `x`.

    Raises
    ------
    TypeError, ValueError
        If `x` or `out` does not fit; the stream is where it was then.
    RuntimeError
        If another thread is in the middle of a call.

    Notes
    -----
    The weights are those of the model when the stream was made; a training later does not change
    the stream.

    A NaN in `x` makes the answers and the states of its stream NaN from its step on, as it does in
    ``predict``; other streams keep their bits.  An infinity may do the same.  The states stay so
    until they are reset.  Nothing looks for that in a call; :meth:`isfinite` tells which streams
    are affected::

        stream.reset(~stream.isfinite())  # several streams
        if not stream.isfinite():         # one stream
            stream.reset()

    A stream is for one thread at a time; any number of streams of one model may run side by side.

    A call allocates nothing where the program has dropped an earlier answer of the same shape, as
    ``y = stream(x)`` in a loop does: its memory is filled again.  The stream never writes to an
    answer that the program still holds.
    """

    # The compiled base has the call, which a step of a stream has no time to leave.
    __slots__ = ()

    def reset(self, index: int | Sequence[int] | NDArray[Any] | None = None) -> None:
        """Begin anew: set all states to what a sequence begins with.

        That is zero unless a layer has learned another.

        Parameters
        ----------
        index : int, sequence of int, or array of bool, optional
            Which of several streams; all if left out.
        """
        if index is not None and not self._batched:
            raise ValueError(
                f"index is {index!r}; it should be left out, since there is one stream only"
            )
        self._alone(lambda: self._begin(... if index is None else index))

    def _begin(self, index: Any) -> None:
        for stage in self._stages:
            stage.begin(index)

    def isfinite(self) -> bool | NDArray[np.bool_]:
        """Tell which streams have no NaN and no infinity in any state.

        Returns
        -------
        bool, or ndarray of bool, shape (streams,)
            True where all states of a stream are finite.

        Examples
        --------
        >>> import numpy as np
        >>> from fastrnn.layers import GRU, Input
        >>> from fastrnn.models import Sequential
        >>> model = Sequential([Input((None, 1)), GRU(4, return_sequences=True)])
        >>> stream = model.stream(3)
        >>> y = stream(np.array([[0.5], [np.nan], [0.1]]))
        >>> stream.isfinite()
        array([ True, False,  True])
        >>> stream.reset(~stream.isfinite())
        >>> stream.isfinite()
        array([ True,  True,  True])
        """
        found = np.ones(self._m, np.bool_)
        for state in self._alone(lambda: [np.isfinite(view).all(axis=1) for view in self._views()]):
            found &= state
        return found if self._batched else bool(found[0])

    @property
    def state(self) -> list[NDArray[Any]]:
        """Copies of the states; a stream that is given them later continues from here.

        A list in the order of the layers: one array of a SimpleRNN or GRU, two of an LSTM, its
        state and its cell; each (units,), or (streams, units).
        """
        found: list[NDArray[Any]] = self._alone(
            lambda: [view.copy() if self._batched else view[0].copy() for view in self._views()]
        )
        return found

    @state.setter
    def state(self, values: Iterable[ArrayLike]) -> None:
        self._alone(lambda: self._set_state(values))

    def _set_state(self, values: Iterable[ArrayLike]) -> None:
        views = [view if self._batched else view[0] for view in self._views()]
        arrays = [as_array("state", value) for value in islice(values, len(views) + 1)]
        if [array.shape for array in arrays] != [view.shape for view in views]:
            raise ValueError(
                f"state holds arrays of shapes {[array.shape for array in arrays]}; "
                f"they should be {[view.shape for view in views]}"
            )
        for array in arrays:
            if array.dtype.kind not in "biuf":
                raise TypeError(f"state holds {array.dtype}; it should be real numbers")
        for view, array in zip(views, arrays, strict=True):
            view[...] = array

    def copy(self) -> Stream:
        """Return a stream in the same state; later calls change one of the two only.

        The weights are shared.
        """
        stages = self._alone(lambda: [stage.copy() for stage in self._stages])
        return type(self)(stages, self._reads, self._batched, self._tokens)

    def __copy__(self) -> Stream:
        return self.copy()

    def __deepcopy__(self, memo: object) -> Stream:
        return self.copy()

    def __reduce__(self) -> NoReturn:
        raise TypeError(
            "a stream cannot be pickled; save its state, and set it in a new stream of the model"
        )

    @property
    def streams(self) -> int | None:
        """How many streams run side by side; None where there is one, without its own axis."""
        return self._m if self._batched else None

    def __repr__(self) -> str:
        kind = "integers" if self._tokens else self.dtype
        return f"<Stream, a step is {self._shape()} {kind}>"

    def _shape(self, *time: Any) -> tuple[Any, ...]:
        """Return the shape of a step, or of a block with a name or number for its length."""
        streams = (self._m,) if self._batched else ()
        return (*streams, *time) if self._tokens else (*streams, *time, self._n_x)

    # What the call needs where an argument is not an array that it can read -------------------

    def _converted(self, x: Any) -> NDArray[Any]:
        array = as_array("x", x)
        kind, tokens = array.dtype.kind, self._tokens
        if kind not in "biuf" or array.dtype.itemsize > 8 or array.dtype.char == "e":
            raise TypeError(
                f"x is of type {array.dtype}; it should be float32, float64 or integers"
            )
        if array.ndim == 0 and self._n_x == 1 and not self._batched and not tokens:
            array = array.reshape(1)
        if tokens and kind == "f" and not (np.isfinite(array) & (array == np.floor(array))).all():
            raise ValueError("x holds numbers that are not whole; tokens should be")
        if tokens and kind in "fu" and (array > 2.0**62).any():
            raise ValueError(
                f"x holds the token {array.max()}; there are {tokens}, numbered from 0"
            )
        # What float32 cannot hold becomes infinite, whatever NumPy is told to do about it.
        with np.errstate(all="ignore"):
            return super()._converted(array)

    def _misfit(self, shape: tuple[int, ...]) -> Exception:
        block = str(self._shape("time")).replace("'", "")
        return ValueError(
            f"x has shape {shape}; it should be {self._shape()} for a step or {block} for a block"
        )

    def _refusal(self, out: Any, shape: tuple[int, ...]) -> Exception:
        if not isinstance(out, np.ndarray):
            return TypeError(f"out is of type {type(out).__name__}; it should be an array")
        if out.shape != shape or out.dtype != self.dtype:
            return ValueError(
                f"out is {out.dtype} of shape {out.shape}; it should be {self.dtype} "
                f"of shape {shape}"
            )
        return ValueError("out is read-only; it should be an array that can be written to")
