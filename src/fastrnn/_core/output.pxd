# cython: language_level=3
cdef struct Rows:
    # an affine map of many rows, with its softmax or not: arrays as the caller has them, distances in elements
    Py_ssize_t R, k, n, ld
    bint softmax
    const void *x
    Py_ssize_t x_row
    const void *w
    Py_ssize_t w_row, w_column
    const void *b
    Py_ssize_t b_step
    void *out                  # (R, ld)
    const unsigned char *mask  # (R,), or NULL

cdef int compute_rows(Rows *rows, Py_ssize_t size, void *memory) except -1
