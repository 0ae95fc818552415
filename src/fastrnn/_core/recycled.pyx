"""Memory of large arrays, kept when its last array is freed, and used for the next array of about its size.

The C library hands memory of this size back to the operating system at once, and a page that comes fresh from there
costs a page fault: a microsecond or two for 4 KiB that the kernels fill in half a microsecond.  A loop that calls
forward and backward would spend half its time so.
"""

cimport cython
from cpython.buffer cimport PyBuffer_FillInfo
from cpython.mem cimport PyMem_Free, PyMem_Malloc
from libc.string cimport memset

cimport numpy as cnp

import numpy as np

cnp.import_array()

cdef object fresh = np.empty, ndarray = np.ndarray, byte = np.uint8

cdef enum:
    LINE = 64        # bytes; the alignment of memory that is handed out
    SMALLEST = 4096  # elements; of smaller arrays the C library keeps the memory itself
    MOST_KEPT = 256 * 1024 * 1024

# Guards the two below.  Code that holds it runs no Python code, so that other threads wait for a short time only.
cdef cython.pymutex _lock
cdef list _kept = []  # memory that no array uses, the most recently used at the end
cdef Py_ssize_t _kept_bytes = 0
cdef int _filler = -1  # what scratch memory is filled with, in tests


@cython.final
@cython.no_gc
cdef class Block:
    """The base of an array whose memory is kept when the array is freed."""

    cdef object memory  # a flat array of bytes, with some to spare in front
    cdef Py_ssize_t bytes

    cdef void *start(self) except NULL:
        return <void *> ((<size_t> cnp.PyArray_DATA(<cnp.ndarray> self.memory) + LINE - 1) // LINE * LINE)

    def __getbuffer__(self, Py_buffer *view, int flags):
        PyBuffer_FillInfo(view, self, self.start(), self.bytes, False, flags)

    def __dealloc__(self):
        if self.memory is not None and len(self.memory) <= MOST_KEPT:
            keep(self.memory)


cdef void keep(memory) noexcept:
    global _kept_bytes
    with _lock:
        _kept.append(memory)
        _kept_bytes += len(memory)
        while _kept_bytes > MOST_KEPT:
            _kept_bytes -= len(_kept.pop(0))


cpdef object empty(tuple shape, dtype):
    """Return an uninitialised C-contiguous array, as ``numpy.empty`` does: a result that the caller keeps, or scratch.

    Parameters
    ----------
    shape : tuple of int
    dtype : numpy.dtype

    Raises
    ------
    MemoryError, ValueError
        As ``numpy.empty``.
    """
    cdef double elements = 1
    for extent in shape:
        elements *= <Py_ssize_t> extent
    if not SMALLEST <= elements < 1e17:
        return fresh(shape, dtype)
    return ndarray(shape, dtype, block_of(<Py_ssize_t> elements * <Py_ssize_t> dtype.itemsize))


cdef Block block_of(Py_ssize_t bytes):
    cdef Block block = Block.__new__(Block)
    block.bytes = bytes
    block.memory = kept_or_fresh(bytes + LINE)
    return block


@cython.final
@cython.no_gc
@cython.freelist(16)
cdef class Scratch:
    """Uninitialised memory from a cache line on: for one call, or for the arrays whose base it is."""

    def __dealloc__(self):
        PyMem_Free(self.small)


cdef Scratch scratch(double bytes):
    """Return so many bytes of memory, which is gone with the last reference to what is returned."""
    cdef Scratch made = Scratch.__new__(Scratch)
    if bytes < SMALLEST * <Py_ssize_t> sizeof(double):
        made.small = PyMem_Malloc(<Py_ssize_t> bytes + LINE)
        if made.small == NULL:
            raise MemoryError
        made.start = <void *> ((<size_t> made.small + LINE - 1) // LINE * LINE)
    elif bytes < 1e17:
        made.block = block_of(<Py_ssize_t> bytes)
        made.start = (<Block> made.block).start()
    else:
        raise MemoryError
    if _filler >= 0:
        memset(made.start, _filler, <size_t> bytes)
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
        if best < 0:
            return None
        _kept_bytes -= best_size
        return _kept.pop(best)


def release():
    """Give the kept memory back."""
    global _kept_bytes
    with _lock:
        _kept.clear()
        _kept_bytes = 0


def kept_bytes():
    """Return how much memory is kept."""
    return _kept_bytes
