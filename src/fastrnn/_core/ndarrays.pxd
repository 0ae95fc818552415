# cython: language_level=3
"""Arrays, tuples and dicts of Python, read and created through the C interfaces of NumPy and Python.

This way a view costs 60 ns, and ``numpy.ndarray(...)`` costs 350; reading an array costs 3 ns, a buffer 27, and a
typed memoryview 110.  A small call of the functional API reads up to sixteen arrays and creates up to nine.  A module
that uses this calls ``numpy.import_array()`` first.
"""

from cpython.dict cimport PyDict_GetItemWithError
from cpython.object cimport PyObject, PyTypeObject
from cpython.ref cimport Py_INCREF
from cpython.tuple cimport PyTuple_New, PyTuple_SET_ITEM

cimport numpy as cnp

from fastrnn._core.job cimport Job
from fastrnn._core.kernels cimport Array, copy_steps
from fastrnn._core.layout cimport Arena, padded_to_line, take
from fastrnn._core.recycled cimport Scratch
from fastrnn._core.views cimport array_at

cdef extern from *:
    """
    /* Whether the caller holds the only reference.  Without the interpreter's lock the reference count is a sum of two
     * numbers, which cannot tell that while other threads use the object. */
    #if defined(Py_GIL_DISABLED) && PY_VERSION_HEX < 0x030E0000
    #define fastrnn_is_only_reference(object) 0
    #elif defined(Py_GIL_DISABLED)
    #define fastrnn_is_only_reference(object) PyUnstable_Object_IsUniquelyReferenced(object)
    #else
    #define fastrnn_is_only_reference(object) (Py_REFCNT(object) == 1)
    #endif
    """
    bint fastrnn_is_only_reference(PyObject *)

cdef extern from "numpy/arrayobject.h":
    object PyArray_New(PyTypeObject *kind, int ndim, cnp.npy_intp *dims, int of, cnp.npy_intp *strides, void *data,
                       int itemsize, int flags, PyObject *like)


cdef inline object item(parameters_dict, name):
    cdef PyObject *found = PyDict_GetItemWithError(parameters_dict, name)
    return None if found == NULL else <object> found


cdef inline tuple joined(tuple some, Py_ssize_t count, tuple others):
    """Return ``(*some[:count], *others)``, without the lists that Python would create for it."""
    cdef tuple both = PyTuple_New(count + len(others))
    cdef Py_ssize_t i
    cdef int place = 0
    for i in range(count):
        put(both, &place, some[i])
    for value in others:
        put(both, &place, value)
    return both


cdef inline void put(tuple entries, int *place, value):
    """Set the next entry of a new tuple."""
    Py_INCREF(value)
    PyTuple_SET_ITEM(entries, place[0], value)
    place[0] += 1


cdef inline Array array_of_ndarray(array, Py_ssize_t size) noexcept:
    """Return an array of one to three axes as the loops take it (views.pxd)."""
    cdef cnp.ndarray of = <cnp.ndarray> array
    return array_at(cnp.PyArray_DATA(of), <const Py_ssize_t *> cnp.PyArray_DIMS(of),
                    <const Py_ssize_t *> cnp.PyArray_STRIDES(of), cnp.PyArray_NDIM(of), size)


cdef inline void copy_to_rows(array, Job *job, void *rows, Py_ssize_t width, Py_ssize_t row_length) noexcept:
    """Copy an array (n, m) to rows of a step: `width` elements each, with zeros as padding, `row_length` apart."""
    cdef Array source = array_of_ndarray(array, job.size)
    if source.data != NULL:
        copy_steps(job.size, &source, 0, 1, 0, job.m, job.m, rows, width, row_length)


cdef inline object rows_view(Scratch memory, void *start, Py_ssize_t size, Py_ssize_t n, Py_ssize_t m, Py_ssize_t T,
                             Py_ssize_t row_length):
    """Return time-major rows in some memory as an array (n, m, T), or (n, m) with a T of -1."""
    cdef cnp.npy_intp dims[3]
    cdef cnp.npy_intp strides[3]
    dims[0], dims[1], dims[2] = n, m, T
    strides[0], strides[1], strides[2] = size, row_length * size, m * row_length * size
    return array_over(memory, start, cnp.NPY_FLOAT if size == sizeof(float) else cnp.NPY_DOUBLE, 2 if T < 0 else 3,
                      dims, strides)


cdef inline object array_over(Scratch memory, void *start, int kind, int ndim, cnp.npy_intp *dims,
                              cnp.npy_intp *strides):
    """Return an array over some memory, which it keeps alive."""
    array = PyArray_New(<PyTypeObject *> cnp.ndarray, ndim, dims, kind, strides, start, 0, cnp.NPY_ARRAY_BEHAVED, NULL)
    cnp.set_array_base(array, memory)
    return array


cdef inline object matrix_in(Scratch memory, Arena *arena, Array *matrix, Py_ssize_t rows, Py_ssize_t columns,
                             Py_ssize_t size):
    """Return the next piece of an arena, from a cache line on, as an array (rows, columns).  OUT matrix."""
    cdef cnp.npy_intp dims[2]
    dims[0], dims[1] = rows, columns
    arena.bytes = padded_to_line(arena.bytes, 1) if arena.bytes else 0
    array = array_over(memory, take(arena, rows * columns * size),
                       cnp.NPY_FLOAT if size == sizeof(float) else cnp.NPY_DOUBLE, 2, dims, NULL)
    matrix[0] = array_of_ndarray(array, size)
    return array
