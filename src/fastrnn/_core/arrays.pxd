# cython: language_level=3
cdef enum:
    MOST_ARRAYS = 16  # of a form
    MOST_AXES = 3     # of an array

cdef enum:
    # where the extent behind each letter stands
    OF_X, OF_S, OF_Y, OF_M, OF_T, OF_G, OF_ONE, LETTERS

cdef class Form:
    cdef int count, gates
    cdef int ndim[MOST_ARRAYS]
    cdef bint optional[MOST_ARRAYS]
    cdef int axes[MOST_ARRAYS][MOST_AXES]

    cdef Py_ssize_t look(self, tuple arrays, Py_ssize_t *extents) noexcept
