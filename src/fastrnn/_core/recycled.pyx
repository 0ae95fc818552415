"""Memory of large arrays, kept when its last array is freed, and used for the next array of about its size.

The C library returns memory of this size to the operating system at once, and each new page from there costs a page
fault: a microsecond or two for 4 KiB, which the kernels fill in half a microsecond.  A loop that calls forward and
backward would spend half its time on page faults.
"""

cimport cython
from cpython.buffer cimport PyBuffer_FillInfo
from cpython.mem cimport PyMem_Free, PyMem_Malloc
from libc.string cimport memset

cimport numpy as cnp

import numpy as np

from fastrnn._core.layout cimport LINE_BYTES, line_start

cnp.import_array()

cdef object fresh = np.empty, ndarray = np.ndarray, byte = np.uint8

cdef enum:
    LINE = LINE_BYTES  # the alignment of all memory
    SMALLEST = 32768   # bytes; of smaller arrays the C library keeps the memory itself
    MOST_KEPT = 256 * 1024 * 1024

# Guards _kept and _kept_bytes.  No Python code runs under the lock, so other threads wait for a short time only.
cdef cython.pymutex _lock
cdef list _kept = []  # memory that no array uses, the most recently used at the end
cdef Py_ssize_t _kept_bytes = 0
cdef int _filler = -1  # what scratch memory is filled with, in tests


@cython.final
@cython.no_gc
@cython.freelist(16)
cdef class Scratch:
    """Uninitialised memory from a cache line on: for one call, or for the arrays whose base it is."""

    def __getbuffer__(self, Py_buffer *view, int flags):
        PyBuffer_FillInfo(view, self, self.start, self.bytes, False, flags)

    def __dealloc__(self):
        PyMem_Free(self.small)
        if self.large is not None and len(self.large) <= MOST_KEPT:
            keep(self.large)


cdef void keep(memory) noexcept:
    global _kept_bytes
    with _lock:
        _kept.append(memory)
        _kept_bytes += len(memory)
        while _kept_bytes > MOST_KEPT:
            _kept_bytes -= len(_kept.pop(0))


cpdef object empty(tuple shape, dtype):
    """Return an uninitialised C-contiguous array, as ``numpy.empty`` does.

    Parameters
    ----------
    shape : tuple of int
    dtype : numpy.dtype

    Raises
    ------
    MemoryError, ValueError
        As ``numpy.empty``.
    """
    cdef double bytes = <Py_ssize_t> dtype.itemsize
    for extent in shape:
        bytes *= <Py_ssize_t> extent
    if not SMALLEST <= bytes < 1e18:
        return fresh(shape, dtype)
    return ndarray(shape, dtype, scratch(bytes))


cdef Scratch scratch(double bytes):
    """Return so many bytes of memory, which is gone with the last reference to what is returned."""
    cdef Scratch made
    if bytes < SMALLEST:
        made = Scratch.__new__(Scratch)
        made.bytes, made.small = <Py_ssize_t> bytes, PyMem_Malloc(<Py_ssize_t> bytes + LINE)
        if made.small == NULL:
            raise MemoryError
        made.start = line_start(made.small)
    elif bytes < 1e18:
        made = large_scratch(<Py_ssize_t> bytes)
    else:
        raise MemoryError
    if _filler >= 0:
        memset(made.start, _filler, <size_t> bytes)
    return made


cdef Scratch large_scratch(Py_ssize_t bytes):
    cdef Scratch made = Scratch.__new__(Scratch)
    made.bytes, made.large = bytes, kept_or_fresh(bytes + LINE)
    made.start = line_start(cnp.PyArray_DATA(<cnp.ndarray> made.large))
    return made


def fill_scratch(int byte):
    """Fill scratch memory with a byte from now on, so that tests see reads of unwritten memory; -1: do not fill."""
    global _filler
    _filler = byte


cdef object kept_or_fresh(Py_ssize_t bytes):
    """The smallest kept memory of at least so many bytes and not much more, or new memory."""
    found = kept(bytes)
    if found is not None:
        return found
    try:
        return fresh(bytes, byte)
    except MemoryError:
        release()
        return fresh(bytes, byte)


cdef object kept(Py_ssize_t bytes):
    """Take the smallest kept memory that fits; None where there is none."""
    global _kept_bytes
    cdef Py_ssize_t i, size, best = -1, best_size = bytes + bytes // 4 + 1
    with _lock:
        for i in range(len(_kept) - 1, -1, -1):
            size = len(_kept[i])
            if bytes <= size < best_size:
                best, best_size = i, size
                if size == bytes:
                    break
        if best < 0:
            return None
        _kept_bytes -= best_size
        return _kept.pop(best)


def release():
    """Return the kept memory to the C library."""
    global _kept_bytes
    with _lock:
        _kept.clear()
        _kept_bytes = 0


def kept_bytes():
    """Return how much memory is kept."""
    return _kept_bytes
