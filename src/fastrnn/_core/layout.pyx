"""Between the users' layout (n, m, T) and the core's, time-major with features last and padded: (T, m, ld)."""

from cython.parallel cimport prange

from fastrnn._core.kernels cimport bind_kernels, floating, transpose
from fastrnn._core.threads cimport threads_for

bind_kernels()

cdef enum:
    # operations that moving one element is worth when threads are counted
    MOVE = 8


def to_time_major(const floating[:, :, :] source, floating[:, :, ::1] target):
    """Copy an array of any strides into the core's layout.

    Parameters
    ----------
    source : IN (n, m, T)
    target : OUT (T, m, ld), zeros in the padding
    """
    cdef Py_ssize_t n = source.shape[0], m = source.shape[1], T = source.shape[2], ld = target.shape[2]
    cdef Py_ssize_t size = sizeof(floating), j, t, i
    cdef int shares
    if target.shape[0] != T or target.shape[1] != m or ld < n:
        raise ValueError("target does not fit source")
    if m == 0 or T == 0 or ld == 0:
        return
    cdef floating *to = &target[0, 0, 0]
    if n and source.strides[2] == size and source.strides[0] % size == 0 and T > 1:
        shares = threads_for(<double> MOVE * n * m * T, m)
        for j in prange(m, nogil=True, schedule="static", num_threads=shares):
            transpose(n, T, &source[0, j, 0], source.strides[0] // size, to + j * ld, m * ld)
    elif n and source.strides[1] == size and source.strides[0] % size == 0:
        shares = threads_for(<double> MOVE * n * m * T, T)
        for t in prange(T, nogil=True, schedule="static", num_threads=shares):
            transpose(n, m, &source[0, 0, t], source.strides[0] // size, to + t * m * ld, ld)
    else:
        shares = threads_for(<double> MOVE * n * m * T, T)
        for t in prange(T, nogil=True, schedule="static", num_threads=shares):
            for j in range(m):
                for i in range(n):
                    to[(t * m + j) * ld + i] = source[i, j, t]
    if n < ld:
        with nogil:
            for t in range(T * m):
                for i in range(n, ld):
                    to[t * ld + i] = 0
