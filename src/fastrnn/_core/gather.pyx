"""Rows of a table, picked by integers, and the gradient of the table.

Arrays are time-major, rows padded to `ld` elements (layout.pxd).  Every array argument says IN or OUT.
"""

from libc.string cimport memcpy, memset

from fastrnn._core.kernels cimport Array, bind_kernels, floating, scatter_rows
from fastrnn._core.layout cimport padded_to_line
from fastrnn._core.recycled cimport Scratch
from fastrnn._core.signals cimport MOVE
from fastrnn._core.stage cimport Stage
from fastrnn._core.views cimport checked_tokens, matrix_of
from fastrnn._core.threads cimport Part, Work, run_parts, threads_for, unit_start, work_of

bind_kernels()

cdef struct Job:
    # a pointer is to float or to double
    const long long *tokens     # (R,)
    const unsigned char *mask   # (R,), or NULL
    Array table                 # (n, width); for the gradient its transpose
    void *rows                  # (R, ld)
    Py_ssize_t width, ld


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
    cdef Job job
    if R == 0 or width == 0:
        return
    if out.shape[2] < width:
        raise ValueError("table and out do not fit together")
    job.tokens, job.table, job.rows = <const long long *> copied.start, matrix_of[floating](table), &out[0, 0, 0]
    job.width, job.ld = width, out.shape[2]
    work = work_of(&job, take_some[float], take_some[double], sizeof(floating), MOVE * width,
                   threads_for(<double> MOVE * width * R, R))
    run_parts(&work, 0, R)


cdef void take_some(void *data, const Part *part, floating *_) noexcept nogil:
    cdef Job *job = <Job *> data
    cdef Py_ssize_t row
    for row in range(unit_start(part), unit_start(part, 1)):
        memcpy(<floating *> job.rows + row * job.ld,
               <const floating *> job.table.data + job.tokens[row] * job.table.stride[0], job.width * sizeof(floating))


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
    cdef Job job
    if dtable.shape[0] == 0 or width == 0:
        return
    if dout.shape[2] < width or (mask is not None and (mask.shape[0] < T or mask.shape[1] != m)):
        raise ValueError("dout, mask and dtable do not fit together")
    memset(&dtable[0, 0], 0, dtable.shape[0] * width * sizeof(floating))
    if T * m == 0:
        return
    job.tokens, job.mask = <const long long *> copied.start, &mask[0, 0] if mask is not None else NULL
    job.table, job.rows, job.width, job.ld = matrix_of[floating](dtable), <void *> &dout[0, 0, 0], width, dout.shape[2]
    job.table.stride[0], job.table.stride[1] = 1, width
    work = work_of(&job, add_some[float], add_some[double], sizeof(floating), MOVE * width, 1)
    run_parts(&work, 0, T * m)


cdef void add_some(void *data, const Part *part, floating *_) noexcept nogil:
    cdef Job *job = <Job *> data
    scatter_rows(part.first, part.end, 0, job.ld, 1, job.width, job.ld, job.tokens, job.mask,
                 <const floating *> job.rows, &job.table)


cdef class TableStage(Stage):
    """Rows of a table in a stream, which picks them by the integers that are its input."""

    cdef const char *table
    cdef Py_ssize_t row_bytes

    cdef int share(self, Stage other) except -1:
        self.table, self.row_bytes = (<TableStage> other).table, (<TableStage> other).row_bytes
        return 0

    cdef int run(self, const void *x, Py_ssize_t x_row, Py_ssize_t steps) except -1 nogil:
        cdef const long long *tokens = <const long long *> x
        cdef Py_ssize_t row, width = self.y_row * self.itemsize
        for row in range(steps * self.streams):
            memcpy(<char *> self.y + row * width, self.table + tokens[row * x_row] * self.row_bytes, self.row_bytes)
        return 0


def stage(const floating[:, :] table not None, Py_ssize_t streams, Py_ssize_t steps, dtype):
    """Return the stage of a stream (stage.pyx); the stream checks that its tokens are from 0 to len(table) - 1."""
    cdef Py_ssize_t n = table.shape[0], width = table.shape[1], row, i
    cdef TableStage self = TableStage.__new__(TableStage)
    cdef floating *copied
    if n < 1 or width < 1 or dtype.itemsize != sizeof(floating):
        raise ValueError("table and dtype do not fit together")
    self.y_row, self.row_bytes = padded_to_line(width, dtype.itemsize), width * sizeof(floating)
    copied = <floating *> self.make(streams, steps, width, dtype, n * width, steps * streams * self.y_row)
    for row in range(n):
        for i in range(width):
            copied[row * width + i] = table[row, i]
    self.table = <const char *> copied
    return self
