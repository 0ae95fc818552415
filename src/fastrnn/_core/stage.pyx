"""Layers of a stream: weights are packed once, memory is allocated once, and each call computes the next steps.

A stage reads time-major rows (t, j) and writes rows for the next stage.  stream.pyx runs the stages one after the
other.  A stage uses the same loops as a whole sequence, so that a stream gives the same bits.
"""

from libc.string cimport memcpy

import numpy as np

from fastrnn._core.memory import aligned_empty, aligned_zeros
from fastrnn._core.signals cimport EXPONENTIAL
from fastrnn._core.threads cimport LEAST_ROWS, Work, run_at_once, threads_for, work_of


cdef class Stage:
    """The base class of stages.

    Attributes
    ----------
    streams, steps : int
        How many rows a step has, and how many steps a call of `run` may compute.
    features : int
        How many elements of a row of the output count.
    dtype : numpy.dtype
    needs_output : bool
        Whether it reads its output again, so that the stages after it must not write to it.
    function : callable or None
        A function of Python that the stage calls, in place of a compiled task.
    """

    # sources      the stages that it reads, `source` the first of them; the stream sets them
    # weights      packed; copies of a stage share them, and nobody writes to them
    # memory       what a call writes to.  It begins with the states at step 0, 1, ... of all streams, rows padded; the
    #              second kind of states, the cells of an LSTM, follows the first
    # task, job    what computes the rows, and the struct that it takes, which lies at `job_start` of the memory
    # in_place     whether the rows of the output are those of the input
    # first_states  of a sequence: an array (units,) for each kind of states; None: zeros
    # kinds        how many kinds of states there are
    # state_bytes  of one step and kind
    # operations   floating-point operations of a step, by which threads are counted
    # y, y_row     OUT of `run`: the rows of the output, and the elements from one to the next

    cdef void *make(self, Py_ssize_t streams, Py_ssize_t steps, Py_ssize_t features, dtype, Py_ssize_t elements,
                    Py_ssize_t packed=0, Py_ssize_t job_bytes=0) except NULL:
        """Allocate memory of so many elements and a job, zeros, and memory for packed weights; return the latter."""
        cdef unsigned char[::1] weights
        self.streams, self.steps, self.features, self.dtype = streams, steps, features, dtype
        self.itemsize = dtype.itemsize
        self.job_start = elements * self.itemsize
        self.weights = weights = aligned_zeros(packed * self.itemsize + 1, np.uint8)
        self.memory = aligned_zeros(self.job_start + job_bytes + 1, np.uint8)
        self.job = <InOut *> &self.memory[self.job_start]
        self.y = &self.memory[0]
        return &weights[0]

    cdef void place(self, void *memory) noexcept:
        """Set pointers into new memory: by default, the output is all of it."""
        self.y = memory

    cdef int run(self, const void *x, Py_ssize_t x_row, Py_ssize_t steps) except -1 nogil:
        """Compute the next steps, at most `self.steps`: x is IN (steps, streams, >= n_x), rows `x_row` apart."""
        cdef Work work = work_of(self.job, self.task, self.operations, 1)
        cdef Py_ssize_t R = steps * self.streams
        if self.in_place:
            self.y, self.y_row = x, x_row
        self.job.x, self.job.x_row, self.job.y, self.job.y_row = x, x_row, <void *> self.y, self.y_row
        if self.kinds:
            run_at_once(&work, 0, steps, threads_for(self.operations * steps, self.streams))
            self.keep(steps)
        else:
            run_at_once(&work, 0, R, threads_for(self.operations * steps, R // LEAST_ROWS))
        return 0

    cdef void keep(self, Py_ssize_t steps) noexcept nogil:
        """Copy the states after some steps to step 0."""
        cdef int _kind
        cdef unsigned char *first = &self.memory[0]
        for _kind in range(self.kinds):
            memcpy(first, first + steps * self.state_bytes, self.state_bytes)
            first += (self.steps + 1) * self.state_bytes

    def states(self):
        """Return views of the current states, (streams, units): none, one, or two (those of an LSTM and its cells)."""
        cdef Py_ssize_t kind_bytes = (self.steps + 1) * self.state_bytes
        memory = np.asarray(self.memory)
        firsts = [memory[kind * kind_bytes:kind * kind_bytes + self.state_bytes] for kind in range(self.kinds)]
        return [first.view(self.dtype).reshape(self.streams, -1)[:, :self.features] for first in firsts]

    def begin_with(self, states):
        """Begin sequences with copies of these states, (units,) for each kind; with zeros if there are none."""
        self.first_states = [np.array(state) for state in states] or None
        self.begin(...)

    def begin(self, index):
        """Set the states of some streams, or of all (...), to those that a sequence begins with."""
        for kind, state in enumerate(self.states()):
            state[index] = 0 if self.first_states is None else self.first_states[kind]

    def copy(self):
        """Return a stage with the same weights, in the same states, and with memory of its own."""
        cdef Stage twin = type(self).__new__(type(self))
        twin.streams, twin.steps, twin.features, twin.dtype = self.streams, self.steps, self.features, self.dtype
        twin.kinds, twin.state_bytes, twin.operations = self.kinds, self.state_bytes, self.operations
        twin.needs_output, twin.in_place, twin.function = self.needs_output, self.in_place, self.function
        twin.first_states, twin.weights, twin.itemsize = self.first_states, self.weights, self.itemsize
        twin.y_row, twin.task, twin.job_start = self.y_row, self.task, self.job_start
        memory = aligned_empty(self.memory.shape[0], np.uint8)
        memory[...] = self.memory
        twin.memory = memory
        twin.job = <InOut *> &twin.memory[twin.job_start]
        twin.place(&twin.memory[0])
        return twin


cdef class InputStage(Stage):
    """The input, which is not copied: the first stage of every stream."""

    cdef int run(self, const void *x, Py_ssize_t x_row, Py_ssize_t steps) except -1 nogil:
        self.y, self.y_row = x, x_row
        return 0


cdef class MergeStage(Stage):
    """A Python function of the rows of several stages, features side by side."""

    cdef int run(self, const void *x, Py_ssize_t x_row, Py_ssize_t steps) except -1 nogil:
        with gil:
            self.compute(steps)
        return 0

    cdef int compute(self, Py_ssize_t steps) except -1:
        self.function([rows_of(source, steps) for source in self.sources], rows_of(self, steps))
        return 0


cdef object rows_of(Stage stage, Py_ssize_t steps):
    """Return the rows (R, features) that a stage has computed, as a view of its memory.

    Rows of the input may have the strides of the user's array, even negative ones; such rows are copied.
    """
    cdef Py_ssize_t R = steps * stage.streams, row = stage.y_row, size = stage.itemsize, i
    cdef const char *y = <const char *> stage.y
    cdef unsigned char[:, ::1] copied
    if R == 1:
        row = stage.features
    if row < stage.features:
        found = np.empty((R, stage.features), stage.dtype)
        copied = found.view(np.uint8)
        for i in range(R):
            memcpy(&copied[i, 0], y + i * row * size, stage.features * size)
        return found
    if size == sizeof(float):
        return np.asarray(<float[:R, :row]> <float *> y)[:, :stage.features]
    return np.asarray(<double[:R, :row]> <double *> y)[:, :stage.features]


def source(Py_ssize_t features, Py_ssize_t streams, Py_ssize_t steps, dtype):
    """Return the stage that passes on the input of a stream."""
    cdef Stage self = InputStage.__new__(InputStage)
    self.make(streams, steps, features, dtype, 0)
    self.needs_output = True
    return self


def merge(list sources, Py_ssize_t features, function, kind=MergeStage):
    """Return the stage of a function ``function(inputs, output)`` of rows (R, features), which fills the last one.

    `kind` is the class of the stage; one derived in Python may have states.
    """
    cdef MergeStage self = kind.__new__(kind)
    cdef Stage first = sources[0]
    self.function, self.y_row = function, features
    self.operations = <double> EXPONENTIAL * first.streams * features
    self.make(first.streams, first.steps, features, first.dtype, first.steps * first.streams * features)
    return self
