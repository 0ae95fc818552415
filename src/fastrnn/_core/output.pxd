# cython: language_level=3
from fastrnn._core.kernels cimport Array

cdef struct Affine:
    # an affine map of many rows, with its softmax or not; a pointer is to float or to double, distances in elements
    Py_ssize_t R, k, n, ld
    bint softmax
    const unsigned char *mask  # (R,), or NULL
    const void *x              # (R, >= k)
    Py_ssize_t x_row
    Array w, b                 # (n, k), (n,), as the caller has them
    Array dw, db
    void *out                  # (R, ld)
    Py_ssize_t width           # of the panels
    const void *packed         # forward (k, ld), back (n, ld_k)
    const void *bias           # (ld,)
    # of the backward pass
    Py_ssize_t ld_k
    const void *dout           # (R, ld)
    void *dx                   # (R, ld_k)
    void *sums                 # (k, ld), the gradient of w, transposed
    void *bias_sums            # (ld,)

cdef int compute_rows(Affine *affine, Py_ssize_t size) except -1
