"""The part of a stream that runs in every call: stages one after the other, over the caller's arrays.

:class:`fastrnn.models.stream.Stream` is what users have.  Arrays are read through NumPy's C interface, since that
saves time (ndarrays.pxd).
"""

cimport cython
from cpython.list cimport PyList_GET_ITEM, PyList_GET_SIZE
from cpython.ref cimport PyObject
from libc.stdlib cimport free, malloc

cimport numpy as cnp

import numpy as np

from fastrnn._core.kernels cimport first_bad_token
from fastrnn._core.ndarrays cimport fastrnn_is_only_reference
from fastrnn._core.signals cimport MOVE, check_signals, units_between_checks
from fastrnn._core.stage cimport Stage
from fastrnn._core.strided cimport Rows, copy_rows, gather, rows_from, time_major

cnp.import_array()

cdef object new_array = np.empty

cdef enum:
    # With fewer operations a call keeps the interpreter's lock: acquiring it again may take milliseconds while other
    # threads are busy, and the call takes a few microseconds.
    OPERATIONS_WITH_LOCK = 200000
    # how many arrays are kept to be returned again, and their largest size in bytes: to allocate a larger one costs
    # little compared with its call
    MOST_ANSWERS = 4
    LARGEST_ANSWER = 65536


cdef class StageRunner:
    """Stages that run one after the other, some steps a call, and keep their states between calls.

    Parameters
    ----------
    stages : list of Stage
        The first passes on the input.
    reads : list of tuple of int
        Which stages each of them reads.
    batched : bool
        Whether the caller's arrays have an axis for several streams.
    tokens : int
        How many there are, numbered from 0, if the input is tokens; else 0.
    """

    cdef readonly list _stages, _reads
    cdef readonly bint _batched
    cdef readonly Py_ssize_t _n_x, _n_y, _m
    cdef readonly long long _tokens
    cdef readonly object dtype
    cdef list answers
    cdef PyObject **chain  # the stages, for code without the interpreter's lock
    cdef Py_ssize_t count, steps, itemsize, x_size, answers_steps
    cdef bint busy, calls_python
    cdef int kind  # NumPy's number of the dtype
    cdef double operations
    cdef unsigned char[::1] gathered

    def __cinit__(self, list stages, list reads, bint batched, long long tokens=0):
        cdef Stage stage, first = stages[0], last = stages[len(stages) - 1]
        cdef Py_ssize_t i, features = first.features
        self._stages, self._reads, self._batched, self.count = list(stages), reads, batched, len(stages)
        self._m, self.steps, self._n_x, self._n_y = last.streams, last.steps, features, last.features
        self.dtype, self.itemsize, self.kind = last.dtype, last.dtype.itemsize, last.dtype.num
        self._tokens, self.x_size = tokens, sizeof(long long) if tokens else self.itemsize
        self.answers = []
        self.chain = <PyObject **> malloc(self.count * sizeof(PyObject *))
        if self.chain == NULL:
            raise MemoryError
        for i in range(self.count):
            stage = stages[i]
            stage.sources = [stages[place] for place in reads[i]]
            stage.source = stage.sources[0] if i else None
            if stage.streams != self._m or stage.steps != self.steps or stage.dtype != self.dtype:
                raise ValueError("the stages do not fit together")
            self.chain[i] = <PyObject *> stage
            self.operations += stage.operations
            self.calls_python |= stage.function is not None
        self.operations += <double> MOVE * self._m * (self._n_x + self._n_y)
        self.gathered = new_array(self._m * self.steps * features * self.x_size + 1, np.uint8)

    def __dealloc__(self):
        free(self.chain)

    def __call__(self, x, out=None):
        self.begin()
        try:
            return self.answered(x, out)
        finally:
            self.end()

    def _alone(self, function):
        """Return ``function()``, with calls of other threads refused meanwhile."""
        self.begin()
        try:
            return function()
        finally:
            self.end()

    cdef int begin(self) except -1:
        """Mark the stream as busy, or raise ``RuntimeError`` if it is."""
        cdef bint taken
        with cython.critical_section(self):
            taken, self.busy = self.busy, True
        if taken:
            raise RuntimeError("the stream is in the middle of a call; a stream is for one thread at a time")
        return 0

    cdef void end(self) noexcept:
        with cython.critical_section(self):
            self.busy = False

    def _views(self):
        """Return views of all states, (streams, units)."""
        return [view for stage in self._stages for view in stage.states()]

    # Conversions and errors, which the subclass for users extends --------------------------------------------------

    def _converted(self, x):
        """Return an x that :meth:`is_read` refuses as an array that it takes."""
        return np.require(x, np.longlong if self._tokens else self.dtype, "A")

    def _misfit(self, tuple shape):
        """Return the error for an x of the wrong shape."""
        return ValueError(f"x has shape {shape}")

    def _refusal(self, out, tuple shape):
        """Return the error for an `out` that cannot take an answer of some shape."""
        return ValueError(f"out should be {self.dtype} of shape {shape}")

    # Input and output ----------------------------------------------------------------------------------------------

    cdef object answered(self, x, out):
        cdef Rows source, target
        cdef unsigned char[::1] _own_tokens
        cdef Py_ssize_t T = -1
        cdef bint has_features = not self._tokens
        cdef cnp.ndarray array
        cdef int axis
        array = x if cnp.PyArray_CheckExact(x) and self.is_read(x) else self._converted(x)
        axis = cnp.PyArray_NDIM(array) - has_features
        if ((axis != self._batched and axis != self._batched + 1)
                or (has_features and cnp.PyArray_DIM(array, axis) != self._n_x)
                or (self._batched and cnp.PyArray_DIM(array, 0) != self._m)):
            raise self._misfit(np.shape(array))
        if axis > self._batched:
            T = cnp.PyArray_DIM(array, axis - 1)
        if out is None:
            out = self.answer(T)
        elif not self.is_answer(out, T):
            raise self._refusal(out, self.answer_shape(T))
        elif T > self.steps and np.may_share_memory(array, out):
            array = array.copy()  # the answer to the first steps would overwrite steps that are read after it
        source, target = self.rows_in(array, T >= 0, has_features), self.rows_in(out, T >= 0, True)
        if self._tokens:
            _own_tokens = self.copy_tokens(&source, T if T >= 0 else 1)
        self.run(&source, &target, T if T >= 0 else 1)
        return out

    cdef bint is_read(self, cnp.ndarray array) noexcept:
        """Return whether the stages can read an array: its type is theirs, aligned and in native byte order."""
        cdef int kind = cnp.PyArray_TYPE(array)
        if self._tokens:
            return cnp.PyArray_ISBEHAVED_RO(array) and (
                kind == cnp.NPY_LONGLONG or (kind == cnp.NPY_LONG and sizeof(long) == sizeof(long long)))
        return cnp.PyArray_ISBEHAVED_RO(array) and kind == self.kind

    cdef Rows rows_in(self, cnp.ndarray array, bint block, bint has_features) noexcept:
        """Return the positions of the rows of an array of the right shape."""
        cdef int axis = cnp.PyArray_NDIM(array) - has_features
        cdef Rows rows
        rows.first = <char *> cnp.PyArray_DATA(array)
        rows.stream = cnp.PyArray_STRIDE(array, 0) if self._batched else 0
        rows.step = cnp.PyArray_STRIDE(array, axis - 1) if block else 0
        rows.feature = cnp.PyArray_STRIDE(array, axis) if has_features else cnp.PyArray_ITEMSIZE(array)
        return rows

    cdef unsigned char[::1] copy_tokens(self, Rows *x, Py_ssize_t T):
        """Point x to a copy of its tokens, or raise ``ValueError`` where one is out of range.

        The copy is what is checked: another thread may write to the caller's array while the call runs.  The caller
        keeps a reference to what is returned for as long as x is read.
        """
        cdef Py_ssize_t bad, count = T * self._m
        cdef unsigned char[::1] copied = self.gathered
        cdef Rows tokens
        if count > self._m * self.steps:
            copied = new_array(count * sizeof(long long), np.uint8)
        tokens = time_major(&copied[0], self._m, sizeof(long long), sizeof(long long))
        copy_rows(x[0], tokens, T, self._m, 1, sizeof(long long))
        bad = first_bad_token(count, <const long long *> tokens.first, self._tokens)
        if bad >= 0:
            raise ValueError(f"x holds the token {(<const long long *> tokens.first)[bad]}; "
                             f"tokens should be from 0 to {self._tokens - 1}")
        x[0] = tokens
        return copied

    cdef tuple answer_shape(self, Py_ssize_t T):
        cdef list shape = [self._m] if self._batched else []
        return (*shape, T, self._n_y) if T >= 0 else (*shape, self._n_y)

    cdef object answer(self, Py_ssize_t T):
        """Return an array without other references, for a block of T steps, or for a step if T is -1."""
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
        if (T if T >= 0 else 1) * self._m * self._n_y * self.itemsize <= LARGEST_ANSWER:
            if PyList_GET_SIZE(self.answers) == MOST_ANSWERS:
                del self.answers[0]
            self.answers.append(array)
        return array

    cdef bint is_answer(self, out, Py_ssize_t T) noexcept:
        """Return whether an array can take an answer."""
        cdef int ndim = 1 + self._batched + (T >= 0)
        cdef cnp.ndarray array
        if not cnp.PyArray_Check(out):
            return False
        array = <cnp.ndarray> out
        return (cnp.PyArray_NDIM(array) == ndim and cnp.PyArray_TYPE(array) == self.kind
                and cnp.PyArray_ISNOTSWAPPED(array) and cnp.PyArray_ISWRITEABLE(array)
                and cnp.PyArray_DIM(array, ndim - 1) == self._n_y
                and (not self._batched or cnp.PyArray_DIM(array, 0) == self._m)
                and (T < 0 or cnp.PyArray_DIM(array, ndim - 2) == T))

    # The steps ---------------------------------------------------------------------------------------------------

    cdef int run(self, Rows *x, Rows *y, Py_ssize_t T) except -1:
        """Run T steps.  After an error the states are as they were before."""
        cdef Py_ssize_t segment = units_between_checks(self.operations), first, end
        cdef list before = None
        if T > segment or self.calls_python:
            before = [view.copy() for view in self._views()]
        try:
            for first in range(0, T, segment):
                end = min(first + segment, T)
                if first:
                    check_signals(self.operations * segment)
                if self.operations * (end - first) < OPERATIONS_WITH_LOCK:
                    self.run_segment(x, y, first, end)
                else:
                    with nogil:
                        self.run_segment(x, y, first, end)
        except BaseException:
            for view, states in zip(self._views(), before):
                view[...] = states
            raise
        return 0

    cdef int run_segment(self, Rows *x, Rows *y, Py_ssize_t first, Py_ssize_t end) except -1 nogil:
        """Run some steps, as many at once as the stages have memory for."""
        cdef Py_ssize_t now, i, row
        cdef const void *rows
        cdef PyObject *source
        while first < end:
            now = min(end - first, self.steps)
            rows = gather(rows_from(x[0], first), now, self._m, self._n_x, self.x_size, &self.gathered[0], &row)
            (<Stage> self.chain[0]).run(rows, row, now)
            for i in range(1, self.count):
                source = <PyObject *> (<Stage> self.chain[i]).source
                (<Stage> self.chain[i]).run((<Stage> source).y, (<Stage> source).y_row, now)
            source = self.chain[self.count - 1]
            copy_rows(time_major((<Stage> source).y, self._m, (<Stage> source).y_row * self.itemsize, self.itemsize),
                      rows_from(y[0], first), now, self._m, self._n_y, self.itemsize)
            first += now
        return 0
