"""Rows of a table, picked by integers, and the gradient of the table.

Arrays are time-major, rows padded to `ld` elements (layout.pxd).  Every array argument says IN or OUT.
"""

from libc.string cimport memset

from fastrnn._core.kernels cimport Array, InOut, bind_kernels, floating
from fastrnn._core.layout cimport padded_to_line
from fastrnn._core.recycled cimport Scratch
from fastrnn._core.signals cimport MOVE
from fastrnn._core.stage cimport Stage
from fastrnn._core.views cimport checked_tokens, matrix_of
from fastrnn._core.threads cimport Task, Work, run_parts, threads_for, work_of

cdef extern from "simd/bind.h" nogil:
    ctypedef struct Lookup "fastrnn_lookup":
        InOut io
        const unsigned char *mask
        Array table
        Py_ssize_t width

    Task take_some "fastrnn_take_rows"(Py_ssize_t size)
    Task add_some "fastrnn_add_rows"(Py_ssize_t size)

bind_kernels()


def take_rows(const floating[:, ::1] table not None, const long long[:, ::1] tokens not None,
              floating[:, :, ::1] out not None):
    """out[t, j] = table[tokens[t, j]].

    Parameters
    ----------
    table : IN (n, width)
    tokens : IN (T, m), from 0 to n - 1
    out : OUT (T, m, ld >= width); the padding is left as it is
    """
    cdef Py_ssize_t R = out.shape[0] * out.shape[1], width = table.shape[1]
    cdef Scratch copied = checked_tokens(tokens, out.shape[0], out.shape[1], table.shape[0])
    cdef Work work
    cdef Lookup job
    if R == 0 or width == 0:
        return
    if out.shape[2] < width:
        raise ValueError("table and out do not fit together")
    job.table, job.width = matrix_of[floating](table), width
    job.io.x, job.io.y, job.io.y_row = copied.start, &out[0, 0, 0], out.shape[2]
    work = work_of(&job, take_some(sizeof(floating)), MOVE * width, threads_for(<double> MOVE * width * R, R))
    run_parts(&work, 0, R)


def add_rows(const floating[:, :, ::1] dout not None, const long long[:, ::1] tokens not None,
             const unsigned char[:, ::1] mask, floating[:, ::1] dtable not None):
    """dtable[k] = the sum of dout[t, j] where tokens[t, j] is k, added in the order of the rows.

    Parameters
    ----------
    dout : IN (T, m, ld >= width)
    tokens : IN (T, m), from 0 to n - 1
    mask : IN (T, m), not zero where a row counts, or None where all do
    dtable : OUT (n, width)
    """
    cdef Py_ssize_t T = dout.shape[0], m = dout.shape[1], width = dtable.shape[1]
    cdef Scratch copied = checked_tokens(tokens, T, m, dtable.shape[0])
    cdef Work work
    cdef Lookup job
    if dtable.shape[0] == 0 or width == 0:
        return
    if dout.shape[2] < width or (mask is not None and (mask.shape[0] < T or mask.shape[1] != m)):
        raise ValueError("dout, mask and dtable do not fit together")
    memset(&dtable[0, 0], 0, dtable.shape[0] * width * sizeof(floating))
    if T * m == 0:
        return
    job.mask = &mask[0, 0] if mask is not None else NULL
    job.table, job.width = matrix_of[floating](dtable), width
    job.table.stride[0], job.table.stride[1] = 1, width
    job.io.x, job.io.y, job.io.y_row = copied.start, <void *> &dout[0, 0, 0], dout.shape[2]
    work = work_of(&job, add_some(sizeof(floating)), MOVE * width, 1)
    run_parts(&work, 0, T * m)


def stage(const floating[:, :] table not None, Py_ssize_t streams, Py_ssize_t steps, dtype):
    """Return the stage of a stream (stage.pyx); the stream checks that its tokens are from 0 to len(table) - 1."""
    cdef Py_ssize_t n = table.shape[0], width = table.shape[1]
    cdef Stage self = Stage.__new__(Stage)
    cdef floating[:, ::1] copied
    cdef Lookup *job
    if n < 1 or width < 1 or dtype.itemsize != sizeof(floating):
        raise ValueError("table and dtype do not fit together")
    self.y_row, self.task = padded_to_line(width, dtype.itemsize), take_some(sizeof(floating))
    copied = <floating[:n, :width]> <floating *> self.make(streams, steps, width, dtype, steps * streams * self.y_row,
                                                           n * width, sizeof(Lookup))
    copied[:, :] = table
    job = <Lookup *> self.job
    job.table, job.width = matrix_of[floating](copied), width
    return self
