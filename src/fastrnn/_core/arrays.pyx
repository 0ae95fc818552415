"""Users' arrays at the door of the compiled code: whether they can pass as they are.

Every call of the functional API asks that, however small; it is answered here in about a microsecond.
"""

from cpython.buffer cimport PyBUF_FORMAT, PyBUF_STRIDES, PyBuffer_Release, PyObject_GetBuffer
from libc.string cimport memset

import numpy as np

cdef object _ndarray = np.ndarray


def fit(str form, Py_ssize_t gates, tuple arrays):
    """Tell whether arrays fit each other and need no conversion.

    They do if each is an ``ndarray`` and no subclass, all hold float64 or all float32 in native order and aligned
    memory, and their extents agree.

    Parameters
    ----------
    form : str
        A word for each array, a letter for each of its axes: ``"xmt sm gx"``.  Equal letters are equal extents;
        ``g`` is `gates` times ``s``, and ``1`` is 1.  A word behind ``?`` is of an array that may be None.
    gates : int
    arrays : tuple
        As many as there are words.

    Returns
    -------
    bool
        False also where something is wrong with an array: what, is for others to say.
    """
    cdef Py_ssize_t extents[128]
    cdef Py_ssize_t letter = 0, length = len(form), extent
    cdef Py_buffer view
    cdef char kind = 0
    cdef int axis
    cdef bint good = True
    cdef Py_UCS4 symbol
    memset(extents, 0xff, sizeof(extents))
    extents[c'1'] = 1
    for array in arrays:
        if letter < length and form[letter] == c'?':
            letter += 1
            if array is None:
                while letter < length and form[letter] != c' ':
                    letter += 1
                letter += 1
                continue
        if type(array) is not _ndarray:
            return False
        try:
            PyObject_GetBuffer(array, &view, PyBUF_STRIDES | PyBUF_FORMAT)
        except (BufferError, ValueError):
            return False
        if kind == 0:
            kind = view.format[0]
            good = kind == c'd' or kind == c'f'
        good = good and view.format[0] == kind and view.format[1] == 0 and (<size_t> view.buf) % view.itemsize == 0
        axis = 0
        while good and letter < length and form[letter] != c' ':
            symbol = form[letter]
            if axis >= view.ndim or view.strides[axis] % view.itemsize:
                good = False
                break
            extent = view.shape[axis]
            if extents[symbol] < 0:
                extents[symbol] = extent
            good = extents[symbol] == extent
            axis += 1
            letter += 1
        good = good and axis == view.ndim
        PyBuffer_Release(&view)
        if not good:
            return False
        letter += 1
    if letter <= length:
        return False
    return extents[c'g'] < 0 or extents[c'g'] == gates * extents[c's']
