"""A model that runs on as its input comes, with its states kept from call to call: what ``Model.stream`` returns."""

from cpython.buffer cimport PyBUF_FORMAT, PyBUF_STRIDES, PyBUF_WRITABLE, PyBuffer_Release, PyObject_GetBuffer
from cpython.list cimport PyList_GET_ITEM, PyList_GET_SIZE
from cpython.ref cimport PyObject
from libc.stdlib cimport free, malloc
from libc.string cimport memcpy

from itertools import islice

import numpy as np

from fastrnn._core.signals cimport MOVE, look, units_between_looks
from fastrnn._core.stage cimport MergeStage, Stage

cdef extern from "Python.h":
    Py_ssize_t Py_REFCNT(PyObject *)

cdef object ndarray = np.ndarray, new_array = np.empty

cdef enum:
    # With fewer operations a call keeps the interpreter's lock: to get it back from a busy thread may take
    # milliseconds, and the call is over in some microseconds.
    OPERATIONS_WITH_LOCK = 200000
    # arrays of answers that are kept to be filled again, and their bytes: a larger one costs little beside its call
    MOST_ANSWERS = 4
    LARGEST_ANSWER = 65536


cdef struct Rows:
    # rows (stream, step) of features in a user's array; distances in bytes
    char *first
    Py_ssize_t stream, step, feature


cdef class Stream:
    """A model that runs on as its input comes, a step or a block of steps a call.

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

    Nothing is allocated as long as answers are let go: the memory of an answer is filled again as soon as nobody
    refers to it any more, as in ``y = stream(x)`` in a loop.  Answers that are kept stay as they are.
    """

    cdef list stages, reads
    cdef PyObject **chain
    cdef Py_ssize_t *first_reads
    cdef Py_ssize_t count, n_x, n_y, m, steps, itemsize, x_size
    cdef long long tokens
    cdef bint batched, busy
    cdef char kind
    cdef double operations
    cdef unsigned char[::1] gathered
    cdef list answers
    cdef Py_ssize_t answers_steps
    cdef readonly object dtype
    cdef object read  # what reads an x that is no array of the model's own type, named for errors

    def __cinit__(self, list stages, list reads, bint batched, long long tokens=0, read=None):
        """Stage i reads the stages of the numbers ``reads[i]``; the first one hands on the input and reads none."""
        cdef Stage stage, first = stages[0], last = stages[len(stages) - 1]
        cdef Py_ssize_t i, features = first.features
        self.stages, self.reads, self.batched, self.count = list(stages), reads, batched, len(stages)
        self.m, self.steps, self.n_x, self.n_y = last.streams, last.steps, features, last.features
        self.dtype, self.itemsize, self.kind = last.dtype, last.dtype.itemsize, ord(last.dtype.char)
        self.tokens, self.x_size = tokens, sizeof(long long) if tokens else self.itemsize
        self.read = read
        self.answers = []
        self.chain = <PyObject **> malloc(self.count * sizeof(PyObject *))
        self.first_reads = <Py_ssize_t *> malloc(self.count * sizeof(Py_ssize_t))
        if self.chain == NULL or self.first_reads == NULL:
            raise MemoryError
        for i in range(self.count):
            stage = stages[i]
            if len(reads[i]) > 1:
                (<MergeStage> stage).sources = [stages[place] for place in reads[i]]
            self.first_reads[i] = reads[i][0] if i else 0
            if stage.streams != self.m or stage.steps != self.steps or stage.dtype != self.dtype:
                raise ValueError("the stages do not fit together")
            self.chain[i] = <PyObject *> stage
            self.operations += stage.operations
        self.operations += <double> MOVE * self.m * (self.n_x + self.n_y)
        self.gathered = new_array(self.m * self.steps * features * self.x_size + 1, np.uint8)

    def __dealloc__(self):
        free(self.chain)
        free(self.first_reads)

    def __call__(self, x, out=None):
        cdef Py_buffer x_view, y_view
        cdef Rows source, target
        cdef unsigned char[::1] _own_tokens
        cdef Py_ssize_t T = -1
        cdef bint has_features = not self.tokens
        cdef int axis
        if self.busy:
            raise RuntimeError("the stream is in the middle of a call; a stream is for one thread at a time")
        x = self.take(x, &x_view)
        try:
            axis = x_view.ndim - has_features
            if ((axis != self.batched and axis != self.batched + 1)
                    or (has_features and x_view.shape[axis] != self.n_x)
                    or (self.batched and x_view.shape[0] != self.m)):
                raise ValueError(self.misfit(x.shape))
            if axis > self.batched:
                T = x_view.shape[axis - 1]
            set_rows(&source, &x_view, self.batched, T >= 0, has_features)
            if out is None:
                out = self.answer(T, &y_view)
            elif not self.is_answer(out, T, &y_view):
                raise self.refusal(out, T)
            elif overlap(&x_view, &y_view):
                PyBuffer_Release(&y_view)
                return self(np.array(x), out)  # an answer would overwrite what is read after it
            set_rows(&target, &y_view, self.batched, T >= 0, True)
            self.busy = True
            try:
                if self.tokens:
                    _own_tokens = self.copy_tokens(&source, T if T >= 0 else 1)
                self.run(&source, &target, T if T >= 0 else 1)
            finally:
                self.busy = False
                PyBuffer_Release(&y_view)
        finally:
            PyBuffer_Release(&x_view)
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
        self.require_idle()
        for stage in self.stages:
            stage.begin(... if index is None else index)

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
        self.require_idle()
        found = np.ones(self.m, np.bool_)
        for view in self.views():
            found &= np.isfinite(view).all(axis=1)
        return found if self.batched else bool(found[0])

    @property
    def state(self):
        """Copies of the states, to be set again later or elsewhere, where the stream then goes on from here.

        A list in the order of the layers: one array of a SimpleRNN or GRU, two of an LSTM, its state and its cell;
        each (units,), or (streams, units).
        """
        self.require_idle()
        return [view.copy() if self.batched else view[0].copy() for view in self.views()]

    @state.setter
    def state(self, values):
        self.require_idle()
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

    def copy(self):
        """Return a stream in the same state that goes its own way from here; the weights are shared."""
        self.require_idle()
        return type(self)([stage.copy() for stage in self.stages], self.reads, self.batched, self.tokens, self.read)

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
        return f"<Stream, a step is {self.step_shape()} {'integers' if self.tokens else self.dtype}>"

    cdef list views(self):
        return [view for stage in self.stages for view in stage.states()]

    cdef int require_idle(self) except -1:
        if self.busy:
            raise RuntimeError("the stream is in the middle of a call; a stream is for one thread at a time")
        return 0

    # What comes and goes -----------------------------------------------------------------------------------------

    cdef object take(self, x, Py_buffer *view):
        """Open x, or what it becomes in the model's type, as an array."""
        if type(x) is ndarray:
            try:
                PyObject_GetBuffer(x, view, PyBUF_STRIDES | PyBUF_FORMAT)
            except (BufferError, ValueError):
                pass  # dates, say
            else:
                if self.is_read(view):
                    return x
                PyBuffer_Release(view)
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
            array = np.require(array, np.longlong if self.tokens else self.dtype, "A")
        PyObject_GetBuffer(array, view, PyBUF_STRIDES | PyBUF_FORMAT)
        return array

    cdef object array(self, name, value):
        return np.asarray(value) if self.read is None else self.read(name, value)

    cdef bint is_read(self, const Py_buffer *view) noexcept:
        """Whether an array is of the type that the stages read, and lies as that type should."""
        cdef bint kind = view.format[0] == self.kind
        if self.tokens:
            kind = (view.format[0] == c'l' or view.format[0] == c'q') and view.itemsize == sizeof(long long)
        return kind and view.format[1] == 0 and <size_t> view.buf % view.itemsize == 0

    cdef unsigned char[::1] copy_tokens(self, Rows *x, Py_ssize_t T):
        """Point x to a copy of its tokens, or raise ``ValueError`` where one is out of range.

        The copy is what is checked: another thread may write to the caller's array while the call runs.  Who calls
        holds what is returned as long as x is read.
        """
        cdef Py_ssize_t t, j, count = T * self.m
        cdef unsigned char[::1] copied = self.gathered
        cdef long long *token
        if count > self.m * self.steps:
            copied = new_array(count * sizeof(long long), np.uint8)
        token = <long long *> &copied[0]
        for t in range(T):
            for j in range(self.m):
                memcpy(&token[t * self.m + j], x.first + t * x.step + j * x.stream, sizeof(long long))
        for t in range(count):
            if token[t] < 0 or token[t] >= self.tokens:
                raise ValueError(f"x holds the token {token[t]}; tokens should be from 0 to {self.tokens - 1}")
        x.first, x.stream, x.step = <char *> token, sizeof(long long), self.m * sizeof(long long)
        return copied

    cdef str step_shape(self):
        return str(self.shape_with(()))

    cdef tuple shape_with(self, tuple time):
        return ((self.m,) if self.batched else ()) + time + (() if self.tokens else (self.n_x,))

    cdef str misfit(self, tuple shape):
        block = str(self.shape_with(("time",))).replace("'", "")
        return f"x has shape {shape}; it should be {self.step_shape()} for a step or {block} for a block"

    cdef tuple answer_shape(self, Py_ssize_t T):
        cdef list shape = [self.m] if self.batched else []
        return (*shape, T, self.n_y) if T >= 0 else (*shape, self.n_y)

    cdef object answer(self, Py_ssize_t T, Py_buffer *view):
        """Open an array that nobody else refers to, for a block of T steps, or for a step where T is -1."""
        cdef Py_ssize_t i
        if T != self.answers_steps:
            self.answers.clear()
            self.answers_steps = T
        for i in range(PyList_GET_SIZE(self.answers)):
            if Py_REFCNT(PyList_GET_ITEM(self.answers, i)) == 1:
                array = self.answers[i]
                if self.is_answer(array, T, view):
                    return array
                del self.answers[i]  # somebody has reshaped it or closed it to writing
                break
        array = new_array(self.answer_shape(T), self.dtype)
        if (T if T >= 0 else 1) * self.m * self.n_y * self.itemsize <= LARGEST_ANSWER:
            if PyList_GET_SIZE(self.answers) == MOST_ANSWERS:
                del self.answers[0]
            self.answers.append(array)
        PyObject_GetBuffer(array, view, PyBUF_STRIDES | PyBUF_WRITABLE)
        return array

    cdef bint is_answer(self, array, Py_ssize_t T, Py_buffer *view) except -1:
        """Open an array if an answer fits it."""
        cdef int ndim = 1 + self.batched + (T >= 0)
        if not isinstance(array, ndarray):
            return False
        try:
            PyObject_GetBuffer(array, view, PyBUF_STRIDES | PyBUF_FORMAT | PyBUF_WRITABLE)
        except (BufferError, ValueError):
            return False
        if (view.ndim == ndim and view.format[0] == self.kind and view.format[1] == 0
                and view.shape[ndim - 1] == self.n_y and (not self.batched or view.shape[0] == self.m)
                and (T < 0 or view.shape[ndim - 2] == T)):
            return True
        PyBuffer_Release(view)
        return False

    cdef object refusal(self, out, Py_ssize_t T):
        """What is wrong with `out`, as an error to raise."""
        shape = self.answer_shape(T)
        if not isinstance(out, ndarray):
            return TypeError(f"out is of type {type(out).__name__}; it should be an array")
        if out.shape != shape or out.dtype != self.dtype:
            return ValueError(f"out is {out.dtype} of shape {out.shape}; it should be {self.dtype} of shape {shape}")
        return ValueError("out is read-only; it should be an array that can be written to")

    # The steps ---------------------------------------------------------------------------------------------------

    cdef int run(self, Rows *x, Rows *y, Py_ssize_t T) except -1:
        cdef Py_ssize_t segment = units_between_looks(self.operations), first, end
        cdef list before = None
        if T > segment:
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

    cdef void run_segment(self, Rows *x, Rows *y, Py_ssize_t first, Py_ssize_t end) noexcept nogil:
        """Some steps, as many at once as the stages have memory for."""
        cdef Py_ssize_t now, i, row
        cdef const void *rows
        cdef PyObject *stage
        while first < end:
            now = min(end - first, self.steps)
            rows = self.gather(x, first, now, &row)
            (<Stage> self.chain[0]).run(rows, row, now)
            for i in range(1, self.count):
                stage = self.chain[self.first_reads[i]]
                (<Stage> self.chain[i]).run((<Stage> stage).y, (<Stage> stage).y_row, now)
            stage = self.chain[self.count - 1]
            self.scatter(<const char *> (<Stage> stage).y, (<Stage> stage).y_row * self.itemsize, y, first, now)
            first += now

    cdef const void *gather(self, Rows *x, Py_ssize_t first, Py_ssize_t steps, Py_ssize_t *row) noexcept nogil:
        """Rows of some steps in time-major order, features side by side: those of x itself if they stand so."""
        cdef Py_ssize_t size = self.x_size, m = self.m, t, j, i, distance
        cdef const char *source = x.first + first * x.step
        cdef char *target
        distance = x.stream if m > 1 else x.step
        if ((x.feature == size or self.n_x == 1) and distance % size == 0
                and (m == 1 or steps == 1 or x.step == m * x.stream)):
            row[0] = distance // size
            return source
        target, row[0] = <char *> &self.gathered[0], self.n_x
        for t in range(steps):
            for j in range(m):
                for i in range(self.n_x):
                    memcpy(target, source + t * x.step + j * x.stream + i * x.feature, size)
                    target += size
        return &self.gathered[0]

    cdef void scatter(self, const char *rows, Py_ssize_t row_bytes, Rows *y, Py_ssize_t first,
                      Py_ssize_t steps) noexcept nogil:
        """Copy the rows of some steps to where the answer goes."""
        cdef Py_ssize_t size = self.itemsize, t, j, i
        cdef char *target
        for t in range(steps):
            for j in range(self.m):
                target = y.first + (first + t) * y.step + j * y.stream
                if y.feature == size:
                    memcpy(target, rows, self.n_y * size)
                else:
                    for i in range(self.n_y):
                        memcpy(target + i * y.feature, rows + i * size, size)
                rows += row_bytes


cdef void set_rows(Rows *rows, const Py_buffer *view, bint batched, bint block, bint has_features) noexcept:
    cdef int axis = view.ndim - has_features
    rows.first, rows.feature = <char *> view.buf, view.strides[axis] if has_features else view.itemsize
    rows.stream = view.strides[0] if batched else 0
    rows.step = view.strides[axis - 1] if block else 0


cdef bint overlap(const Py_buffer *left, const Py_buffer *right) noexcept:
    """Whether the memory of two arrays, from their first to their last byte, has some in common."""
    cdef size_t left_first, left_end, right_first, right_end
    extent(left, &left_first, &left_end)
    extent(right, &right_first, &right_end)
    return left_first < right_end and right_first < left_end


cdef void extent(const Py_buffer *view, size_t *first, size_t *end) noexcept:
    cdef Py_ssize_t reach
    cdef int axis
    first[0] = end[0] = <size_t> view.buf
    for axis in range(view.ndim):
        if view.shape[axis] == 0:
            return
        reach = (view.shape[axis] - 1) * view.strides[axis]
        if reach < 0:
            first[0] += reach
        else:
            end[0] += reach
    end[0] += view.itemsize
