"""Activations of rows, in place.

Arrays are (R, ld): rows padded to `ld` elements (layout.pxd), of which the first `n` count.
"""

import numpy as np

from fastrnn._core.kernels cimport ACTIVATIONS, GELU, GELU_BACK, InOut, activation_name, bind_kernels, floating
from fastrnn._core.layout cimport padded_to_line
from fastrnn._core.signals cimport EXPONENTIAL
from fastrnn._core.stage cimport Stage
from fastrnn._core.strided cimport copy_rows, time_major
from fastrnn._core.threads cimport LEAST_ROWS, Task, Work, run_parts, threads_for, work_of

cdef extern from "simd/bind.h" nogil:
    ctypedef struct Activation "fastrnn_activation":
        InOut io
        int activation
        Py_ssize_t n
        const void *before

    Task activate_rows "fastrnn_activate_rows"(Py_ssize_t size)

bind_kernels()

cdef dict _numbers = {activation_name(i).decode(): i for i in range(ACTIVATIONS)}


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
    cdef Activation job
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
    job.n, job.io.x_row, job.io.y_row = n, ld, ld
    job.io.x = job.io.y = &x[0, 0]
    work = work_of(&job, activate_rows(size), operations, threads_for(operations * R, R // LEAST_ROWS))
    run_parts(&work, 0, R)


cdef class FunctionStage(Stage):
    """An activation in a stream that a function of Python applies."""

    cdef int run(self, const void *x, Py_ssize_t x_row, Py_ssize_t steps) except -1 nogil:
        cdef Py_ssize_t size = self.itemsize, m = self.streams, R = steps * m
        copy_rows(time_major(x, m, x_row * size, size), time_major(self.y, m, self.y_row * size, size), steps, m,
                  self.features, size)
        with gil:
            rows = np.asarray(self.memory)[:R * self.y_row * size].view(self.dtype)
            self.function(rows.reshape(R, self.y_row), self.features)
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
    cdef bint is_compiled = name in ("tanh", "sigmoid", "softmax")
    cdef type kind = Stage if is_compiled else FunctionStage
    cdef Stage self = kind.__new__(kind)
    cdef Activation *job
    if n < 1:
        raise ValueError("there are no features")
    self.y_row, self.operations = padded_to_line(n, dtype.itemsize), <double> EXPONENTIAL * streams * n
    self.in_place = in_place and is_compiled
    self.make(streams, steps, n, dtype, 0 if self.in_place else steps * streams * self.y_row, 0, sizeof(Activation))
    if is_compiled:
        job = <Activation *> self.job
        self.task, job.activation, job.n = activate_rows(dtype.itemsize), _numbers[name], n
    else:
        self.function = function
    return self
