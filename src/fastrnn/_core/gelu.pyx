"""The activation x * Phi(x) on rows, and its derivative Phi(x) + x * phi(x).

Phi and phi are distribution and density of the standard normal numbers.  Rows are padded to `ld` elements (layout.pxd),
of which the first `n` count.
"""

from libc.math cimport erfc, erfcf, exp, expf

from fastrnn._core.kernels cimport floating
from fastrnn._core.signals cimport EXPONENTIAL, look, units_between_looks

cdef double SQRT_HALF = 0.70710678118654752440
cdef double DENSITY_AT_ZERO = 0.39894228040143267794


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
        return DENSITY_AT_ZERO * exp(-0.5 * x * x)


def forward(floating[:, ::1] x, Py_ssize_t n):
    """IN/OUT x (R, ld): the activation of the first `n` of each row."""
    cdef double operations = 4.0 * EXPONENTIAL * n  # of a row; the C library's functions, an element at a time
    cdef Py_ssize_t some = units_between_looks(operations), first, end
    if x.shape[1] < n:
        raise ValueError(f"rows of {x.shape[1]} elements have no {n} features")
    for first in range(0, x.shape[0], some):
        end = min(first + some, x.shape[0])
        with nogil:
            rows_forward(x, n, first, end)
        look(operations * (end - first))


cdef void rows_forward(floating[:, ::1] x, Py_ssize_t n, Py_ssize_t first, Py_ssize_t end) noexcept nogil:
    cdef Py_ssize_t row, i
    for row in range(first, end):
        for i in range(n):
            # zero and not NaN at minus infinity
            if x[row, i] > -40:
                x[row, i] *= distribution(x[row, i])
            elif x[row, i] <= -40:
                x[row, i] = 0


def backward(const floating[:, ::1] x, floating[:, ::1] dy, Py_ssize_t n):
    """IN x (R, n), what went in; IN/OUT dy (R, ld): its first `n` of each row times the derivative."""
    cdef double operations = 4.0 * EXPONENTIAL * n  # of a row; the C library's functions, an element at a time
    cdef Py_ssize_t some = units_between_looks(operations), first, end
    if x.shape[0] != dy.shape[0] or x.shape[1] != n or dy.shape[1] < n:
        raise ValueError("x and dy do not fit together")
    for first in range(0, x.shape[0], some):
        end = min(first + some, x.shape[0])
        with nogil:
            rows_backward(x, dy, n, first, end)
        look(operations * (end - first))


cdef void rows_backward(const floating[:, ::1] x, floating[:, ::1] dy, Py_ssize_t n, Py_ssize_t first,
                        Py_ssize_t end) noexcept nogil:
    cdef Py_ssize_t row, i
    for row in range(first, end):
        for i in range(n):
            dy[row, i] *= distribution(x[row, i]) + x[row, i] * density(x[row, i])
