"""Activations of rows, in place.

Arrays are (R, ld): rows padded to `ld` elements (layout.pxd), of which the first `n` count.
"""

from libc.string cimport memcpy

import numpy as np

from fastrnn._core.kernels cimport (ACTIVATIONS, GELU, GELU_BACK, activation_name, activation_rows, bind_kernels,
                                    floating)
from fastrnn._core.layout cimport padded_to_line
from fastrnn._core.signals cimport EXPONENTIAL
from fastrnn._core.stage cimport Stage
from fastrnn._core.threads cimport Part, Work, run_at_once, run_parts, threads_for, unit_start, work_of

cdef extern from "simd/gelu.h" nogil:
    void gelu_rows "fastrnn_gelu_rows"(...)
    void gelu_rows_back "fastrnn_gelu_rows_back"(...)

bind_kernels()

cdef dict _numbers = {activation_name(i).decode(): i for i in range(ACTIVATIONS)}

cdef struct Job:
    int activation
    Py_ssize_t n, ld
    void *x              # (R, ld), float or double
    const void *before   # (R, n), of GELU_BACK: what went in


def activate(str name, floating[:, ::1] x not None, Py_ssize_t n, const floating[:, ::1] before=None):
    """Apply an activation to the first `n` of each row.

    Parameters
    ----------
    name : "tanh", "sigmoid" and "exponential" are at most 3 ulp off; "softmax", over the row, sets the padding of its
        last vector to zero; "gelu" is x Phi(x), and "gelu_backward" multiplies a gradient by its derivative
    x : IN/OUT (R, ld)
    before : IN (R, n), what went into GELU; for "gelu_backward" alone
    """
    cdef Py_ssize_t R = x.shape[0], ld = x.shape[1], size = sizeof(floating)
    cdef double operations
    cdef Work work
    cdef Job job
    job.activation, job.before = _numbers[name], NULL
    if job.activation == GELU_BACK:
        if before is None or before.shape[0] != R or before.shape[1] != n:
            raise ValueError("x and before do not fit together")
        job.before = &before[0, 0] if n and R else NULL
    if R == 0 or n == 0:
        return
    if ld < n or (job.activation < GELU and ld * size % 64):
        raise ValueError(f"rows of {ld} elements are not padded for n = {n}")
    # GELU calls two functions of the C library for each element
    operations = (4.0 if job.activation >= GELU else 1.0) * EXPONENTIAL * n
    job.n, job.ld, job.x = n, ld, &x[0, 0]
    work = work_of(&job, activate_rows[float], activate_rows[double], size, operations,
                   threads_for(operations * R, R // 8))
    run_parts(&work, 0, R)


cdef void activate_rows(void *data, const Part *part, floating *_) noexcept nogil:
    cdef Job *job = <Job *> data
    cdef Py_ssize_t first = unit_start(part), rows = unit_start(part, 1) - first
    cdef floating *x = <floating *> job.x + first * job.ld
    if job.activation < GELU:
        activation_rows(rows, job.n, x, job.ld, job.activation)
    elif job.activation == GELU:
        gelu_rows(rows, job.n, x, job.ld)
    else:
        gelu_rows_back(rows, job.n, <const floating *> job.before + first * job.n, x, job.ld)


cdef class ActivationStage(Stage):
    """An activation in a stream."""

    cdef Job job
    cdef bint in_place
    cdef object function

    cdef int share(self, Stage other) except -1:
        cdef ActivationStage same = other
        self.job, self.in_place, self.function = same.job, same.in_place, same.function
        return 0

    cdef int run(self, const void *x, Py_ssize_t x_row, Py_ssize_t steps) except -1 nogil:
        cdef Job *job = &self.job
        cdef Py_ssize_t size = self.itemsize, R = steps * self.streams, row
        cdef Work work
        if self.in_place:
            self.y, self.y_row = x, x_row
        else:
            for row in range(R):
                memcpy(<char *> self.y + row * self.y_row * size, <const char *> x + row * x_row * size, job.n * size)
        job.x, job.ld = <void *> self.y, self.y_row
        if self.function is not None:
            with gil:
                rows = np.asarray(self.memory)[:R * job.ld * size].view(self.dtype)
                self.function(rows.reshape(R, job.ld), job.n)
            return 0
        work = work_of(job, activate_rows[float], activate_rows[double], size, self.operations, 1)
        run_at_once(&work, 0, R, threads_for(self.operations * steps, R // 8))
        return 0


def stage(str name, function, bint in_place, Py_ssize_t n, Py_ssize_t streams, Py_ssize_t steps, dtype):
    """Return the stage of a stream (stage.pyx).

    Parameters
    ----------
    name : str
        Of the activation.
    function : callable
        Applies the activation to rows (R, ld), in place; called unless the activation is compiled.
    in_place : bool
        Whether the stage before does not read its output again, so that its memory may be overwritten.
    n : int
        Features.
    """
    cdef ActivationStage self = ActivationStage.__new__(ActivationStage)
    if n < 1:
        raise ValueError("there are no features")
    if name in ("tanh", "sigmoid", "softmax"):
        self.in_place, self.job.activation = in_place, _numbers[name]
    else:
        self.function, self.calls_python = function, True
    self.job.n, self.y_row, self.operations = n, padded_to_line(n, dtype.itemsize), <double> EXPONENTIAL * streams * n
    self.make(streams, steps, n, dtype, 0, 0 if self.in_place else steps * streams * self.y_row)
    return self
