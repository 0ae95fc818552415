"""Activations of rows, in place.

Arrays are (R, ld): rows padded to `ld` elements (layout.pxd), of which the first `n` count.
"""

from libc.math cimport erfc, erfcf, exp as c_exp, expf
from libc.string cimport memcpy

import numpy as np

from fastrnn._core.kernels cimport bind_kernels, exp_rows, floating, sigmoid_rows, softmax_rows, tanh_rows
from fastrnn._core.layout cimport padded_to_line
from fastrnn._core.signals cimport EXPONENTIAL
from fastrnn._core.stage cimport Stage
from fastrnn._core.threads cimport Part, Work, run_parts, run_at_once, threads_for, unit_start, work_of

bind_kernels()

cdef double SQRT_HALF = 0.70710678118654752440
cdef double DENSITY_AT_ZERO = 0.39894228040143267794


cdef enum:
    TANH
    SIGMOID
    EXP
    SOFTMAX
    GELU
    GELU_BACK

cdef struct Job:
    int activation
    Py_ssize_t n, ld
    void *x              # (R, ld), float or double
    const void *before   # (R, n), of GELU_BACK: what went in


def tanh(floating[:, ::1] x not None, Py_ssize_t n):
    """IN/OUT x (R, ld): hyperbolic tangent of the first `n` of each row, at most 3 ulp off."""
    activate(x, n, TANH, NULL)


def sigmoid(floating[:, ::1] x not None, Py_ssize_t n):
    """IN/OUT x (R, ld): 1 / (1 + exp(-x)) of the first `n` of each row, at most 3 ulp off."""
    activate(x, n, SIGMOID, NULL)


def exp(floating[:, ::1] x not None, Py_ssize_t n):
    """IN/OUT x (R, ld): exponential of the first `n` of each row, at most 3 ulp off."""
    activate(x, n, EXP, NULL)


def softmax(floating[:, ::1] x not None, Py_ssize_t n):
    """IN/OUT x (R, ld): softmax over the first `n` of each row; the padding of its last vector becomes zero."""
    activate(x, n, SOFTMAX, NULL)


def gelu(floating[:, ::1] x not None, Py_ssize_t n):
    """IN/OUT x (R, ld): x Phi(x) of the first `n` of each row, with the distribution Phi of standard normal numbers."""
    activate(x, n, GELU, NULL)


def gelu_backward(const floating[:, ::1] x not None, floating[:, ::1] dy not None, Py_ssize_t n):
    """IN x (R, n), what went in; IN/OUT dy (R, ld): its first `n` of each row times Phi(x) + x phi(x)."""
    if x.shape[0] != dy.shape[0] or x.shape[1] != n:
        raise ValueError("x and dy do not fit together")
    activate(dy, n, GELU_BACK, &x[0, 0] if n and x.shape[0] else NULL)


cdef int activate(floating[:, ::1] x, Py_ssize_t n, int activation, const floating *before) except -1:
    cdef Py_ssize_t R = x.shape[0], ld = x.shape[1], size = sizeof(floating)
    # GELU takes two functions of the C library for an element, one after the other
    cdef double operations = (4.0 if activation >= GELU else 1.0) * EXPONENTIAL * n
    cdef Work work
    cdef Job job
    if R == 0 or n == 0:
        return 0
    if ld < n or (activation < GELU and ld * size % 64):
        raise ValueError(f"rows of {ld} elements are not padded for n = {n}")
    job.activation, job.n, job.ld, job.x, job.before = activation, n, ld, &x[0, 0], before
    work = work_of(&job, activate_rows[float], activate_rows[double], size, operations,
                   threads_for(operations * R, R // 8))
    return run_parts(&work, 0, R)


cdef void activate_rows(void *data, const Part *part, floating *_) noexcept nogil:
    cdef Job *job = <Job *> data
    cdef Py_ssize_t first = unit_start(part), rows = unit_start(part, 1) - first
    cdef floating *x = <floating *> job.x + first * job.ld
    if job.activation == TANH:
        tanh_rows(rows, job.n, x, job.ld)
    elif job.activation == SIGMOID:
        sigmoid_rows(rows, job.n, x, job.ld)
    elif job.activation == EXP:
        exp_rows(rows, job.n, x, job.ld)
    elif job.activation == SOFTMAX:
        softmax_rows(rows, job.n, x, job.ld)
    elif job.activation == GELU:
        gelu_rows(rows, job.n, x, job.ld)
    else:
        gelu_rows_back(rows, job.n, <const floating *> job.before + first * job.n, x, job.ld)


# GELU (Hendrycks and Gimpel 2016), by functions of the C library, an element at a time -----------------------------

cdef inline floating distribution(floating x) noexcept nogil:
    # of the tail, so that far to the left some digits remain
    if floating is float:
        return <float> 0.5 * erfcf(-x * <float> SQRT_HALF)
    else:
        return 0.5 * erfc(-x * SQRT_HALF)


cdef inline floating density(floating x) noexcept nogil:
    if floating is float:
        return <float> DENSITY_AT_ZERO * expf(<float> -0.5 * x * x)
    else:
        return DENSITY_AT_ZERO * c_exp(-0.5 * x * x)


cdef void gelu_rows(Py_ssize_t rows, Py_ssize_t n, floating *x, Py_ssize_t ld) noexcept nogil:
    cdef Py_ssize_t row, i
    for row in range(rows):
        for i in range(row * ld, row * ld + n):
            # zero and not NaN at minus infinity
            if x[i] > -40:
                x[i] *= distribution(x[i])
            elif x[i] <= -40:
                x[i] = 0


cdef void gelu_rows_back(Py_ssize_t rows, Py_ssize_t n, const floating *x, floating *dy, Py_ssize_t ld) noexcept nogil:
    cdef Py_ssize_t row, i
    for row in range(rows):
        for i in range(n):
            dy[row * ld + i] *= distribution(x[row * n + i]) + x[row * n + i] * density(x[row * n + i])


# Streams ---------------------------------------------------------------------------------------------------------

cdef class ActivationStage(Stage):
    """An activation in a stream."""

    cdef Job job
    cdef bint in_place
    cdef object function

    cdef int share(self, Stage other) except -1:
        cdef ActivationStage same = other
        self.job, self.in_place, self.function = same.job, same.in_place, same.function
        return 0

    cdef void place(self, void *memory) noexcept:
        self.y = memory

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
        Does it to rows (R, ld), in place, where there is no compiled one of that name.
    in_place : bool
        Whether the stage before has no use for its output, so that its memory may serve.
    n : int
        Features.
    """
    cdef ActivationStage self = ActivationStage.__new__(ActivationStage)
    cdef dict compiled = {"tanh": TANH, "sigmoid": SIGMOID, "softmax": SOFTMAX}
    if n < 1:
        raise ValueError("there are no features")
    if name in compiled:
        self.in_place, self.job.activation = in_place, compiled[name]
    else:
        self.function, self.calls_python = function, True
    self.job.n, self.y_row, self.operations = n, padded_to_line(n, dtype.itemsize), <double> EXPONENTIAL * streams * n
    self.make(streams, steps, n, dtype, 0, 0 if self.in_place else steps * streams * self.y_row)
    return self
