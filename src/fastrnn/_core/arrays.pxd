# cython: language_level=3
cdef enum:
    MOST_ARRAYS = 16  # of a form
    MOST_AXES = 3     # of an array

cdef enum:
    # the index of the extent of each letter
    OF_X, OF_S, OF_Y, OF_M, OF_T, OF_G, OF_ONE, LETTERS

cdef class Form:
    cdef int count, gates
    cdef int ndim[MOST_ARRAYS]
    cdef bint optional[MOST_ARRAYS]
    cdef int axes[MOST_ARRAYS][MOST_AXES]

    cdef Py_ssize_t element_size(self, tuple arrays, Py_ssize_t *extents) noexcept
