# cython: language_level=3
"""Rows picked by integers, in place of products with one-hot rows.

A token is a column of the input weights w (gates * units, n_x); a row of what they make is padded gate by gate, `ld`
elements each, as everywhere in the core.
"""

from libc.string cimport memcpy

from fastrnn._core.kernels cimport floating
from fastrnn._core.recycled cimport Scratch, scratch


cdef inline Scratch checked_tokens(const long long[:, ::1] tokens, Py_ssize_t T, Py_ssize_t m, Py_ssize_t n_x):
    """Return a copy of `tokens` (>= T, m) that are all from 0 to n_x - 1, or raise ``ValueError``.

    The copy is what is checked, and what a call indexes memory with: another thread may write to the caller's array
    while the call runs.
    """
    cdef Scratch copied
    cdef const long long *token
    cdef Py_ssize_t row
    cdef size_t signs = 0
    if tokens.shape[0] < T or tokens.shape[1] != m:
        raise ValueError("tokens and states do not fit together")
    copied = scratch(T * m * sizeof(long long))
    token = <const long long *> copied.start
    if T * m:
        memcpy(copied.start, &tokens[0, 0], T * m * sizeof(long long))
    for row in range(T * m):
        # the sign of either is set where a token is out of range; so the compiler can make vectors of the loop
        signs |= <size_t> token[row] | (<size_t> n_x - 1 - <size_t> token[row])
    for row in range(T * m if <Py_ssize_t> signs < 0 else 0):
        if token[row] < 0 or token[row] >= n_x:
            raise ValueError(f"a token is {token[row]}; it should be from 0 to {n_x - 1}")
    return copied


cdef inline void gather_rows(Py_ssize_t first_step, Py_ssize_t end_step, Py_ssize_t first, Py_ssize_t end, Py_ssize_t m,
                             Py_ssize_t gates, Py_ssize_t units, Py_ssize_t ld, const long long *tokens,
                             const floating *w, Py_ssize_t w_unit, Py_ssize_t w_input, const floating *bias,
                             floating *c) noexcept nogil:
    """c[t, j] = bias + the column of w that tokens[t, j] names, zeros in the padding, for some steps and columns."""
    cdef Py_ssize_t t, row, g, i
    cdef const floating *source
    cdef const floating *b
    cdef floating *target
    for t in range(first_step, end_step):
        for row in range(t * m + first, t * m + end):
            for g in range(gates):
                source, b = w + tokens[row] * w_input + g * units * w_unit, bias + g * ld
                target = c + (row * gates + g) * ld
                # one loop for the compiler to make vectors of, and one for any strides
                if w_unit == 1:
                    for i in range(units):
                        target[i] = source[i] + b[i]
                else:
                    for i in range(units):
                        target[i] = source[i * w_unit] + b[i]
                for i in range(units, ld):
                    target[i] = 0


cdef inline void scatter_rows(Py_ssize_t first_row, Py_ssize_t end_row, Py_ssize_t left, Py_ssize_t right,
                              Py_ssize_t gates, Py_ssize_t units, Py_ssize_t ld, const long long *tokens,
                              const unsigned char *mask, const floating *da, floating *dw, Py_ssize_t dw_unit,
                              Py_ssize_t dw_input) noexcept nogil:
    """Add the padded columns `left` to `right` of each row of da that counts to its token's column of dw, in order."""
    cdef Py_ssize_t row, g, i, low, high
    cdef const floating *source
    cdef floating *target
    for row in range(first_row, end_row):
        if mask != NULL and not mask[row]:
            continue
        for g in range(left // ld, gates):
            low, high = max(left - g * ld, 0), min(right - g * ld, units)
            source, target = da + (row * gates + g) * ld, dw + tokens[row] * dw_input + g * units * dw_unit
            if dw_unit == 1:
                for i in range(low, high):
                    target[i] += source[i]
            else:
                for i in range(low, high):
                    target[i * dw_unit] += source[i]
