"""What ``Model.stream`` returns: a model that takes its input step by step, and keeps its states between calls.

Arrays are read through NumPy's C interface: ndarrays.pxd says what that saves.
"""

cimport cython
from cpython.list cimport PyList_GET_ITEM, PyList_GET_SIZE
from cpython.ref cimport PyObject
from libc.stdlib cimport free, malloc

cimport numpy as cnp

from itertools import islice

import numpy as np

from fastrnn._core.ndarrays cimport fastrnn_is_only_reference
from fastrnn._core.rows cimport Rows, copy_rows, time_major
from fastrnn._core.signals cimport MOVE, look, units_between_looks
from fastrnn._core.stage cimport Stage

cnp.import_array()

cdef object new_array = np.empty

cdef enum:
    # With fewer operations a call keeps the interpreter's lock: to get it back from a busy thread may take
    # milliseconds, and the call is over in some microseconds.
    OPERATIONS_WITH_LOCK = 200000
    # arrays of answers that are kept to be filled again, and their bytes: a larger one costs little beside its call
    MOST_ANSWERS = 4
    LARGEST_ANSWER = 65536


cdef class Stream:
    """A model that takes its input step by step, a step or a block of steps a call, and keeps its states between calls.

    Made by :meth:`fastrnn.models.Model.stream`, not by itself.

    ``y = stream(x)`` takes what follows next and returns what the model answers to it, as if the whole sequence
    since the beginning had been given to :meth:`~fastrnn.models.Model.predict`: the same bits, whatever the lengths of
    the blocks.  A layer that returns its last state only answers with the state after each step, so the answer to
    a step is what ``predict`` gives for the sequence up to there.

    Parameters of a call
    --------------------
    x : array_like
        Of one stream: (features,) for a step, (time, features) for a block; a number too, where the model takes one
        feature.  Of several: (streams, features) and (streams, time, features).  Any real type and strides; arrays
        of the model's own type pass without a conversion.  Of a model that takes tokens: integers, without the last
        axis, so that a step of one stream is an int.
    out : ndarray, optional
        Where the answer goes, of its shape and of type :attr:`dtype`; any strides.  Default: an array that nobody
        else holds.

    Returns
    -------
    ndarray
        ``out``; or (outputs,), (time, outputs), (streams, outputs), (streams, time, outputs), after `x`.

    Raises
    ------
    TypeError, ValueError
        If `x` or `out` does not fit; the stream is where it was then.
    RuntimeError
        If another thread is in the middle of a call.

    Notes
    -----
    The weights are those of the model when the stream was made; a training later does not change the stream.

    A NaN in `x` makes the answers and the states of its stream NaN from its step on, as it does in ``predict``; other
    streams keep their bits.  An infinity may do the same.  The states stay so until they are reset.  Nothing looks for
    that in a call; :meth:`isfinite` tells which streams are affected::

        stream.reset(~stream.isfinite())  # several streams
        if not stream.isfinite():         # one stream
            stream.reset()

    A stream is for one thread at a time; any number of streams of one model may run side by side.

    A call allocates nothing where the program has dropped an earlier answer of the same shape, as ``y = stream(x)`` in
    a loop does: its memory is filled again.  The stream never writes to an answer that the program still holds.
    """

    cdef list stages, reads, answers
    cdef PyObject **chain  # the stages, for code without the interpreter's lock
    cdef Py_ssize_t count, n_x, n_y, m, steps, itemsize, x_size, answers_steps
    cdef long long tokens
    cdef bint batched, busy, calls_python
    cdef int kind  # NumPy's number of the dtype
    cdef double operations
    cdef unsigned char[::1] gathered
    cdef readonly object dtype
    cdef object read  # what reads an x that is no array of the model's own type, named for errors

    def __cinit__(self, list stages, list reads, bint batched, long long tokens=0, read=None):
        """Stage i reads the stages of the numbers ``reads[i]``; the first one hands on the input and reads none."""
        cdef Stage stage, first = stages[0], last = stages[len(stages) - 1]
        cdef Py_ssize_t i, features = first.features
        self.stages, self.reads, self.batched, self.count = list(stages), reads, batched, len(stages)
        self.m, self.steps, self.n_x, self.n_y = last.streams, last.steps, features, last.features
        self.dtype, self.itemsize, self.kind = last.dtype, last.dtype.itemsize, last.dtype.num
        self.tokens, self.x_size = tokens, sizeof(long long) if tokens else self.itemsize
        self.read = read
        self.answers = []
        self.chain = <PyObject **> malloc(self.count * sizeof(PyObject *))
        if self.chain == NULL:
            raise MemoryError
        for i in range(self.count):
            stage = stages[i]
            stage.sources = [stages[place] for place in reads[i]]
            stage.source = stage.sources[0] if i else None
            if stage.streams != self.m or stage.steps != self.steps or stage.dtype != self.dtype:
                raise ValueError("the stages do not fit together")
            self.chain[i] = <PyObject *> stage
            self.operations += stage.operations
            self.calls_python |= stage.calls_python
        self.operations += <double> MOVE * self.m * (self.n_x + self.n_y)
        self.gathered = new_array(self.m * self.steps * features * self.x_size + 1, np.uint8)

    def __dealloc__(self):
        free(self.chain)

    def __call__(self, x, out=None):
        self.begin()
        try:
            return self.answered(x, out)
        finally:
            self.end()

    cdef int begin(self) except -1:
        """Take the stream for a call, or raise ``RuntimeError`` where another call has it."""
        cdef bint taken
        with cython.critical_section(self):
            taken, self.busy = self.busy, True
        if taken:
            raise RuntimeError("the stream is in the middle of a call; a stream is for one thread at a time")
        return 0

    cdef void end(self) noexcept:
        with cython.critical_section(self):
            self.busy = False

    cdef object answered(self, x, out):
        cdef Rows source, target
        cdef unsigned char[::1] _own_tokens
        cdef Py_ssize_t T = -1
        cdef bint has_features = not self.tokens
        cdef cnp.ndarray array
        cdef int axis
        array = self.take(x)
        axis = cnp.PyArray_NDIM(array) - has_features
        if ((axis != self.batched and axis != self.batched + 1)
                or (has_features and cnp.PyArray_DIM(array, axis) != self.n_x)
                or (self.batched and cnp.PyArray_DIM(array, 0) != self.m)):
            raise ValueError(self.misfit(np.shape(array)))
        if axis > self.batched:
            T = cnp.PyArray_DIM(array, axis - 1)
        if out is None:
            out = self.answer(T)
        elif not self.is_answer(out, T):
            raise self.refusal(out, T)
        elif T > self.steps and np.may_share_memory(array, out):
            array = array.copy()  # the answer to the first steps would overwrite steps that are read after it
        source, target = self.rows_in(array, T >= 0, has_features), self.rows_in(out, T >= 0, True)
        if self.tokens:
            _own_tokens = self.copy_tokens(&source, T if T >= 0 else 1)
        self.run(&source, &target, T if T >= 0 else 1)
        return out

    def reset(self, index=None):
        """Begin anew: all states become what a sequence begins with, zero unless a layer has learned another.

        Parameters
        ----------
        index : int, sequence of int, or array of bool, optional
            Which of several streams; all if left out.
        """
        if index is not None and not self.batched:
            raise ValueError(f"index is {index!r}; it should be left out, since there is one stream only")
        self.begin()
        try:
            for stage in self.stages:
                stage.begin(... if index is None else index)
        finally:
            self.end()

    def isfinite(self):
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
        >>> stream = Sequential([Input((None, 1)), GRU(4, return_sequences=True)]).stream(3)
        >>> y = stream(np.array([[0.5], [np.nan], [0.1]]))
        >>> stream.isfinite()
        array([ True, False,  True])
        >>> stream.reset(~stream.isfinite())
        >>> stream.isfinite()
        array([ True,  True,  True])
        """
        self.begin()
        try:
            found = np.ones(self.m, np.bool_)
            for view in self.views():
                found &= np.isfinite(view).all(axis=1)
        finally:
            self.end()
        return found if self.batched else bool(found[0])

    @property
    def state(self):
        """Copies of the states, to be set again later or elsewhere, where the stream then goes on from here.

        A list in the order of the layers: one array of a SimpleRNN or GRU, two of an LSTM, its state and its cell;
        each (units,), or (streams, units).
        """
        self.begin()
        try:
            return [view.copy() if self.batched else view[0].copy() for view in self.views()]
        finally:
            self.end()

    @state.setter
    def state(self, values):
        self.begin()
        try:
            self.set_state(values)
        finally:
            self.end()

    cdef int set_state(self, values) except -1:
        views = [view if self.batched else view[0] for view in self.views()]
        arrays = [self.array("state", value) for value in islice(values, len(views) + 1)]
        if [array.shape for array in arrays] != [view.shape for view in views]:
            raise ValueError(f"state holds arrays of shapes {[array.shape for array in arrays]}; "
                             f"they should be {[view.shape for view in views]}")
        for array in arrays:
            if array.dtype.kind not in "biuf":
                raise TypeError(f"state holds {array.dtype}; it should be real numbers")
        for view, array in zip(views, arrays):
            view[...] = array
        return 0

    def copy(self):
        """Return a stream in the same state that goes its own way from here; the weights are shared."""
        self.begin()
        try:
            stages = [stage.copy() for stage in self.stages]
        finally:
            self.end()
        return type(self)(stages, self.reads, self.batched, self.tokens, self.read)

    def __copy__(self):
        return self.copy()

    def __deepcopy__(self, memo):
        return self.copy()

    def __reduce__(self):
        raise TypeError("a stream cannot be pickled; save its state, and set it in a new stream of the model")

    @property
    def streams(self):
        """How many streams run side by side; None where there is one, without an axis of its own."""
        return self.m if self.batched else None

    def __repr__(self):
        return f"<Stream, a step is {self.shape_with(())} {'integers' if self.tokens else self.dtype}>"

    cdef list views(self):
        return [view for stage in self.stages for view in stage.states()]

    # Input and output ----------------------------------------------------------------------------------------------

    cdef object take(self, x):
        """Return x, or what it becomes in the model's type, as an array that :meth:`is_read`."""
        if cnp.PyArray_CheckExact(x) and self.is_read(x):
            return x
        array = self.array("x", x)
        if array.dtype.kind not in "biuf" or array.dtype.itemsize > 8 or array.dtype.char == "e":
            raise TypeError(f"x is of type {array.dtype}; it should be float32, float64 or integers")
        if array.ndim == 0 and self.n_x == 1 and not self.batched and not self.tokens:
            array = array.reshape(1)
        if self.tokens and array.dtype.kind == "f" and not (np.isfinite(array) & (array == np.floor(array))).all():
            raise ValueError("x holds numbers that are not whole; tokens should be")
        if self.tokens and array.dtype.kind in "fu" and (array > 2.0**62).any():
            raise ValueError(f"x holds the token {array.max()}; there are {self.tokens}, numbered from 0")
        with np.errstate(all="ignore"):  # what float32 cannot hold is infinite, whatever NumPy is told
            return np.require(array, np.longlong if self.tokens else self.dtype, "A")

    cdef object array(self, name, value):
        return np.asarray(value) if self.read is None else self.read(name, value)

    cdef bint is_read(self, cnp.ndarray array) noexcept:
        """Whether the stages can read an array as it is: its type is theirs, aligned and in native byte order."""
        cdef int kind = cnp.PyArray_TYPE(array)
        if self.tokens:
            return cnp.PyArray_ISBEHAVED_RO(array) and (
                kind == cnp.NPY_LONGLONG or (kind == cnp.NPY_LONG and sizeof(long) == sizeof(long long)))
        return cnp.PyArray_ISBEHAVED_RO(array) and kind == self.kind

    cdef Rows rows_in(self, cnp.ndarray array, bint block, bint has_features) noexcept:
        """Return where the rows of an array of the right shape stand."""
        cdef int axis = cnp.PyArray_NDIM(array) - has_features
        cdef Rows rows
        rows.first = <char *> cnp.PyArray_DATA(array)
        rows.stream = cnp.PyArray_STRIDE(array, 0) if self.batched else 0
        rows.step = cnp.PyArray_STRIDE(array, axis - 1) if block else 0
        rows.feature = cnp.PyArray_STRIDE(array, axis) if has_features else cnp.PyArray_ITEMSIZE(array)
        return rows

    cdef unsigned char[::1] copy_tokens(self, Rows *x, Py_ssize_t T):
        """Point x to a copy of its tokens, or raise ``ValueError`` where one is out of range.

        The copy is what is checked: another thread may write to the caller's array while the call runs.  The caller
        keeps a reference to what is returned for as long as x is read.
        """
        cdef Py_ssize_t i, count = T * self.m
        cdef unsigned char[::1] copied = self.gathered
        cdef Rows tokens
        cdef const long long *token
        if count > self.m * self.steps:
            copied = new_array(count * sizeof(long long), np.uint8)
        tokens = time_major(&copied[0], self.m, sizeof(long long), sizeof(long long))
        copy_rows(x[0], tokens, T, self.m, 1, sizeof(long long))
        token = <const long long *> tokens.first
        for i in range(count):
            if token[i] < 0 or token[i] >= self.tokens:
                raise ValueError(f"x holds the token {token[i]}; tokens should be from 0 to {self.tokens - 1}")
        x[0] = tokens
        return copied

    cdef tuple shape_with(self, tuple time):
        return ((self.m,) if self.batched else ()) + time + (() if self.tokens else (self.n_x,))

    cdef str misfit(self, tuple shape):
        block = str(self.shape_with(("time",))).replace("'", "")
        return f"x has shape {shape}; it should be {self.shape_with(())} for a step or {block} for a block"

    cdef tuple answer_shape(self, Py_ssize_t T):
        cdef list shape = [self.m] if self.batched else []
        return (*shape, T, self.n_y) if T >= 0 else (*shape, self.n_y)

    cdef object answer(self, Py_ssize_t T):
        """Return an array that nobody else refers to, for a block of T steps, or for a step where T is -1."""
        cdef Py_ssize_t i
        if T != self.answers_steps:
            self.answers.clear()
            self.answers_steps = T
        for i in range(PyList_GET_SIZE(self.answers)):
            if fastrnn_is_only_reference(PyList_GET_ITEM(self.answers, i)):
                if self.is_answer(self.answers[i], T):
                    return self.answers[i]
                del self.answers[i]  # the program has reshaped it or made it read-only
                break
        array = new_array(self.answer_shape(T), self.dtype)
        if (T if T >= 0 else 1) * self.m * self.n_y * self.itemsize <= LARGEST_ANSWER:
            if PyList_GET_SIZE(self.answers) == MOST_ANSWERS:
                del self.answers[0]
            self.answers.append(array)
        return array

    cdef bint is_answer(self, out, Py_ssize_t T) noexcept:
        """Whether an answer fits an array."""
        cdef int ndim = 1 + self.batched + (T >= 0)
        cdef cnp.ndarray array
        if not cnp.PyArray_Check(out):
            return False
        array = <cnp.ndarray> out
        return (cnp.PyArray_NDIM(array) == ndim and cnp.PyArray_TYPE(array) == self.kind
                and cnp.PyArray_ISNOTSWAPPED(array) and cnp.PyArray_ISWRITEABLE(array)
                and cnp.PyArray_DIM(array, ndim - 1) == self.n_y
                and (not self.batched or cnp.PyArray_DIM(array, 0) == self.m)
                and (T < 0 or cnp.PyArray_DIM(array, ndim - 2) == T))

    cdef object refusal(self, out, Py_ssize_t T):
        """What is wrong with `out`, as an error to raise."""
        shape = self.answer_shape(T)
        if not isinstance(out, np.ndarray):
            return TypeError(f"out is of type {type(out).__name__}; it should be an array")
        if out.shape != shape or out.dtype != self.dtype:
            return ValueError(f"out is {out.dtype} of shape {out.shape}; it should be {self.dtype} of shape {shape}")
        return ValueError("out is read-only; it should be an array that can be written to")

    # The steps ---------------------------------------------------------------------------------------------------

    cdef int run(self, Rows *x, Rows *y, Py_ssize_t T) except -1:
        """Run T steps.  After an error the states are those of before."""
        cdef Py_ssize_t segment = units_between_looks(self.operations), first, end
        cdef list before = None
        if T > segment or self.calls_python:
            before = [view.copy() for view in self.views()]
        try:
            for first in range(0, T, segment):
                end = min(first + segment, T)
                if first:
                    look(self.operations * segment)
                if self.operations * (end - first) < OPERATIONS_WITH_LOCK:
                    self.run_segment(x, y, first, end)
                else:
                    with nogil:
                        self.run_segment(x, y, first, end)
        except BaseException:
            for view, states in zip(self.views(), before):
                view[...] = states
            raise
        return 0

    cdef int run_segment(self, Rows *x, Rows *y, Py_ssize_t first, Py_ssize_t end) except -1 nogil:
        """Run some steps, as many at once as the stages have memory for."""
        cdef Py_ssize_t now, i, row
        cdef Rows target = y[0]
        cdef const void *rows
        cdef PyObject *source
        while first < end:
            now = min(end - first, self.steps)
            rows = self.gather(x, first, now, &row)
            (<Stage> self.chain[0]).run(rows, row, now)
            for i in range(1, self.count):
                source = <PyObject *> (<Stage> self.chain[i]).source
                (<Stage> self.chain[i]).run((<Stage> source).y, (<Stage> source).y_row, now)
            source = self.chain[self.count - 1]
            target.first = y.first + first * y.step
            copy_rows(time_major((<Stage> source).y, self.m, (<Stage> source).y_row * self.itemsize, self.itemsize),
                      target, now, self.m, self.n_y, self.itemsize)
            first += now
        return 0

    cdef const void *gather(self, Rows *x, Py_ssize_t first, Py_ssize_t steps, Py_ssize_t *row) noexcept nogil:
        """Rows of some steps in time-major order, features side by side: those of x itself if they stand so."""
        cdef Py_ssize_t size = self.x_size, m = self.m, distance = x.stream if m > 1 else x.step
        cdef Rows source = x[0]
        source.first += first * x.step
        if ((x.feature == size or self.n_x == 1) and distance % size == 0
                and (m == 1 or steps == 1 or x.step == m * x.stream)):
            row[0] = distance // size
            return source.first
        row[0] = self.n_x
        copy_rows(source, time_major(&self.gathered[0], m, self.n_x * size, size), steps, m, self.n_x, size)
        return &self.gathered[0]
