"""The check whether compiled code can read users' arrays without a conversion.

Every call of the functional API makes it, so it reads the fields of NumPy's arrays directly (ndarrays.pxd).
"""

cimport numpy as cnp

cnp.import_array()


cdef class Form:
    """A set of arrays whose types and shapes must agree.

    Parameters
    ----------
    words : str
        A word for each array, with a letter for each axis: ``"xmt sm gx"``.  Equal letters mean equal extents; ``g``
        is `gates` times ``s``, and ``1`` is 1.  A word with ``?`` in front means that the array may be None.
    gates : int
    """

    def __init__(self, str words, int gates):
        self.gates = gates
        for word in words.split():
            self.optional[self.count] = word[0] == "?"
            word = word.lstrip("?")
            self.ndim[self.count] = len(word)
            for axis, letter in enumerate(word):
                self.axes[self.count][axis] = "xsymtg1".index(letter)
            self.count += 1

    def fit(self, tuple arrays):
        """Return whether arrays agree and need no conversion.

        Each must be an ``ndarray`` and no subclass, all must be float64 or all float32, in native byte order and
        aligned, and their extents must agree.  If not, the caller finds out what is wrong.
        """
        cdef Py_ssize_t extents[LETTERS]
        return self.element_size(arrays, extents) != 0

    cdef Py_ssize_t element_size(self, tuple arrays, Py_ssize_t *extents) noexcept:
        """Return the bytes of an element if the arrays agree, else 0.  OUT extents; -1 for a letter of no array."""
        cdef int kind = -1, i, axis, letter
        cdef Py_ssize_t size = 0, extent
        for i in range(LETTERS):
            extents[i] = -1
        extents[OF_ONE] = 1
        if arrays is None or len(arrays) != self.count:
            return 0
        for i in range(self.count):
            array = arrays[i]
            if array is None and self.optional[i]:
                continue
            if not cnp.PyArray_CheckExact(array) or not cnp.PyArray_ISBEHAVED_RO(<cnp.ndarray> array):
                return 0
            if kind < 0:
                kind = cnp.PyArray_TYPE(<cnp.ndarray> array)
                size = sizeof(double) if kind == cnp.NPY_DOUBLE else sizeof(float)
            if (cnp.PyArray_TYPE(<cnp.ndarray> array) != kind or (kind != cnp.NPY_DOUBLE and kind != cnp.NPY_FLOAT)
                    or cnp.PyArray_NDIM(<cnp.ndarray> array) != self.ndim[i]):
                return 0
            for axis in range(self.ndim[i]):
                letter, extent = self.axes[i][axis], cnp.PyArray_DIM(<cnp.ndarray> array, axis)
                if extents[letter] < 0:
                    extents[letter] = extent
                if extents[letter] != extent or cnp.PyArray_STRIDE(<cnp.ndarray> array, axis) % size:
                    return 0
        return 0 if extents[OF_G] >= 0 and extents[OF_G] != self.gates * extents[OF_S] else size
