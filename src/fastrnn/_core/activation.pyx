"""Activations of rows, in place.

Arrays are (R, ld): rows padded to `ld` elements (layout.pxd), of which the first `n` count.
"""

from libc.math cimport erfc, erfcf, exp as c_exp, expf
from libc.string cimport memcpy

import numpy as np

from fastrnn._core.kernels cimport bind_kernels, exp_rows, floating, sigmoid_rows, softmax_rows, tanh_rows
from fastrnn._core.layout cimport padded_to_line
from fastrnn._core.sequence cimport share_start
from fastrnn._core.signals cimport EXPONENTIAL, look, turns_for, units_between_looks
from fastrnn._core.stage cimport Stage
from fastrnn._core.threads cimport run_shares, threads_for

bind_kernels()

cdef double SQRT_HALF = 0.70710678118654752440
cdef double DENSITY_AT_ZERO = 0.39894228040143267794


cdef enum:
    TANH
    SIGMOID
    EXP
    SOFTMAX


def tanh(floating[:, ::1] x not None, Py_ssize_t n):
    """IN/OUT x (R, ld): hyperbolic tangent of the first `n` of each row, at most 3 ulp off."""
    activate(x, n, TANH)


def sigmoid(floating[:, ::1] x not None, Py_ssize_t n):
    """IN/OUT x (R, ld): 1 / (1 + exp(-x)) of the first `n` of each row, at most 3 ulp off."""
    activate(x, n, SIGMOID)


def exp(floating[:, ::1] x not None, Py_ssize_t n):
    """IN/OUT x (R, ld): exponential of the first `n` of each row, at most 3 ulp off."""
    activate(x, n, EXP)


def softmax(floating[:, ::1] x not None, Py_ssize_t n):
    """IN/OUT x (R, ld): softmax over the first `n` of each row; the padding of its last vector becomes zero."""
    activate(x, n, SOFTMAX)


cdef struct Job:
    int activation
    int shares       # all of them; a call runs some at a time, from first_share on (signals.pxd)
    int first_share
    Py_ssize_t R, n, ld
    void *x  # float or double


cdef int activate(floating[:, ::1] x, Py_ssize_t n, int activation) except -1:
    cdef Py_ssize_t R = x.shape[0], ld = x.shape[1]
    cdef double operations = <double> EXPONENTIAL * R * n
    cdef int shares, turns, turn
    cdef Job job
    if R == 0 or n == 0:
        return 0
    if ld < n or ld * sizeof(floating) % 64:
        raise ValueError(f"rows of {ld} elements are not padded for n = {n}")
    job.activation, job.R, job.n, job.ld, job.x = activation, R, n, ld, &x[0, 0]
    shares = threads_for(operations, R // 8)
    turns = turns_for(operations, shares, R)
    job.shares = shares * turns
    for turn in range(turns):
        job.first_share = turn * shares
        with nogil:
            run_shares(shares, activate_float if floating is float else activate_double, &job)
        look(operations / turns)
    return 0


cdef void activate_float(void *job, int share) noexcept nogil:
    activate_share(<Job *> job, share, <float *> NULL)


cdef void activate_double(void *job, int share) noexcept nogil:
    activate_share(<Job *> job, share, <double *> NULL)


cdef void activate_share(Job *job, int share, floating *_) noexcept nogil:
    cdef int place = job.first_share + share
    cdef Py_ssize_t first = share_start(job.R, place, job.shares)
    cdef Py_ssize_t rows = share_start(job.R, place + 1, job.shares) - first
    cdef floating *x = <floating *> job.x + first * job.ld
    if job.activation == TANH:
        tanh_rows(rows, job.n, x, job.ld)
    elif job.activation == SIGMOID:
        sigmoid_rows(rows, job.n, x, job.ld)
    elif job.activation == EXP:
        exp_rows(rows, job.n, x, job.ld)
    else:
        softmax_rows(rows, job.n, x, job.ld)


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


def gelu(floating[:, ::1] x not None, Py_ssize_t n):
    """IN/OUT x (R, ld): x Phi(x) of the first `n` of each row, with the distribution Phi of standard normal numbers."""
    cdef double operations = 4.0 * EXPONENTIAL * n  # of a row; the C library's functions, an element at a time
    cdef Py_ssize_t some = units_between_looks(operations), first, end = 0
    if x.shape[1] < n:
        raise ValueError(f"rows of {x.shape[1]} elements have no {n} features")
    while end < x.shape[0]:
        first, end = end, min(end + some, x.shape[0])
        with nogil:
            gelu_rows(x, n, first, end)
        look(operations * (end - first))


cdef void gelu_rows(floating[:, ::1] x, Py_ssize_t n, Py_ssize_t first, Py_ssize_t end) noexcept nogil:
    cdef Py_ssize_t row, i
    for row in range(first, end):
        for i in range(n):
            # zero and not NaN at minus infinity
            if x[row, i] > -40:
                x[row, i] *= distribution(x[row, i])
            elif x[row, i] <= -40:
                x[row, i] = 0


def gelu_backward(const floating[:, ::1] x not None, floating[:, ::1] dy not None, Py_ssize_t n):
    """IN x (R, n), what went in; IN/OUT dy (R, ld): its first `n` of each row times Phi(x) + x phi(x)."""
    cdef double operations = 4.0 * EXPONENTIAL * n  # of a row; the C library's functions, an element at a time
    cdef Py_ssize_t some = units_between_looks(operations), first, end = 0
    if x.shape[0] != dy.shape[0] or x.shape[1] != n or dy.shape[1] < n:
        raise ValueError("x and dy do not fit together")
    while end < x.shape[0]:
        first, end = end, min(end + some, x.shape[0])
        with nogil:
            gelu_rows_back(x, dy, n, first, end)
        look(operations * (end - first))


cdef void gelu_rows_back(const floating[:, ::1] x, floating[:, ::1] dy, Py_ssize_t n, Py_ssize_t first,
                         Py_ssize_t end) noexcept nogil:
    cdef Py_ssize_t row, i
    for row in range(first, end):
        for i in range(n):
            dy[row, i] *= distribution(x[row, i]) + x[row, i] * density(x[row, i])


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
        cdef Py_ssize_t size = self.itemsize, row
        job.R = steps * self.streams
        if self.in_place:
            self.y, self.y_row = x, x_row
        else:
            for row in range(job.R):
                memcpy(<char *> self.y + row * self.y_row * size, <const char *> x + row * x_row * size, job.n * size)
        job.x, job.ld = <void *> self.y, self.y_row
        if self.function is not None:
            with gil:
                rows = np.asarray(self.memory)[:job.R * job.ld * size].view(self.dtype)
                self.function(rows.reshape(job.R, job.ld), job.n)
            return 0
        job.shares = threads_for(self.operations * steps, job.R // 8)
        run_shares(job.shares, activate_float if size == sizeof(float) else activate_double, job)
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
