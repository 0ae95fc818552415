"""The recurrence over whole sequences, forward and backpropagation through time, for every cell.

Arrays are time-major with the features last, (T, m, n), and rows padded to `ld` elements (layout.pxd).  Every array
argument says IN or OUT.  Shapes are the caller's duty, and are checked only as far as safety wants it.  A mask says
which steps count (sequence.pxd).

1. Entries take typed memoryviews.  Behind them stands a :class:`Recurrence`, which is a cell and its activations.
2. A `Job` (job.pxd) is what the threads of a call share, each computing some columns of the batch.  Its `Step` is what
   a cell sees of the sequence (simd/kernels.h); these are C structs, since the cells are C and know nothing of Python.
3. The loop over time stands in loops.pxd, once forward and once back, for every cell.
"""

from libc.string cimport memset, strcmp

import numpy as np

from fastrnn._core.job cimport (Job, bptt_steps, check_weights, copy_sums, is_apart, pack_back, pack_weights,
                                place_back, place_reserve, place_weights)
from fastrnn._core.kernels cimport (ANY_ELU, ANY_EXPONENTIAL, ANY_HARD_SIGMOID, ANY_HARD_SIGMOID_OLD, ANY_LINEAR,
                                    ANY_RELU, ANY_SELU, ANY_SIGMOID, ANY_SOFTPLUS, ANY_SOFTSIGN, ANY_TANH, CELLS, Step,
                                    bind_kernels, cells, floating, panel_width)
from fastrnn._core.layout cimport LINE_BYTES, padded_to_line
from fastrnn._core.loops cimport backward_part, forward_part, weights_part
from fastrnn._core.recycled cimport Scratch, scratch
from fastrnn._core.signals cimport EXPONENTIAL, MOVE
from fastrnn._core.stage cimport Stage
from fastrnn._core.threads cimport Work, run_parts, run_at_once, threads_for, work_of
from fastrnn._core.tokens cimport checked_tokens
from fastrnn._core.views cimport matrix_of, set_drop, set_input, source_of, weights_of

bind_kernels()

cdef enum:
    # so many rows of a batch, or columns of its gradients, are not divided between two looks for Ctrl-C: the weights
    # are read once for all of them
    UNDIVIDED = 8
    UNDIVIDED_COLUMNS = 16

#: The activations that a cell may have, and their numbers in simd/kernels.h.
cdef dict _numbers = {
    "tanh": ANY_TANH, "sigmoid": ANY_SIGMOID, "linear": ANY_LINEAR, "relu": ANY_RELU,
    "hard_sigmoid": ANY_HARD_SIGMOID, "hard_sigmoid_keras2": ANY_HARD_SIGMOID_OLD, "softsign": ANY_SOFTSIGN,
    "elu": ANY_ELU, "selu": ANY_SELU, "softplus": ANY_SOFTPLUS, "exponential": ANY_EXPONENTIAL,
}
ACTIVATIONS = tuple(_numbers)


cdef class Recurrence:
    """A cell with its activations: what computes sequences of it.

    Parameters
    ----------
    name : str
        "rnn", "gru", "gru_reset_after" or "lstm": a row of the table in simd/kernels_of_type.h.
    activation, recurrent_activation : str
        Of :data:`ACTIVATIONS`: of the candidate (and of an LSTM's cell), and of the gates.
    recurrent_dropout : bool
        Whether :meth:`forward` and :meth:`backward` are given `drop`.

    Attributes
    ----------
    gates, states, kept : int
        How many gates its weights have, states it carries, and other arrays it keeps.
    """

    def __init__(self, str name, str activation="tanh", str recurrent_activation="sigmoid",
                 *, bint recurrent_dropout=False):
        cdef int i
        cdef bytes encoded = name.encode()
        for given in (activation, recurrent_activation):
            if given not in _numbers:
                raise ValueError(f"activation is {given!r}; it should be one of {', '.join(ACTIVATIONS)}")
        for i in range(CELLS):
            if strcmp(cells(<float *> NULL)[i].name, encoded) == 0:
                break
        else:
            raise ValueError(f"name is {name!r}, which is no cell")
        self.cell_f32, self.cell_f64 = &cells(<float *> NULL)[i], &cells(<double *> NULL)[i]
        self.activation, self.recurrent_activation = _numbers[activation], _numbers[recurrent_activation]
        self.any = activation != "tanh" or recurrent_activation != "sigmoid" or recurrent_dropout
        self.drops = recurrent_dropout
        self.name, self.gates, self.states = name, self.cell_f32.gates, self.cell_f32.states
        self.kept = self.cell_f32.kept

    def views(self, reserve, Py_ssize_t T, Py_ssize_t m, Py_ssize_t n_s):
        """Return the arrays that the memory of a sequence holds.

        Returns
        -------
        list of ndarray
            States (T + 1, m, ld), of an LSTM also cells; gates (T, m, gates, ld) unless there is only one; what the
            cell keeps beside them, (T, m, ld); with a recurrent dropout the states that each gate saw,
            (T, m, gates, ld).
        """
        cdef Py_ssize_t size = reserve.itemsize, ld = padded_to_line(n_s, size), row = m * ld, first = 0
        cdef Py_ssize_t length
        cdef list found = []
        cdef list shapes = [(T + 1, m, ld)] * self.states
        if self.gates > 1:
            shapes.append((T, m, self.gates, ld))
        shapes += [(T, m, ld)] * self.kept
        if self.drops:
            shapes.append((T, m, self.gates, ld))
        for shape in shapes:
            length = shape[0] * row * (self.gates if len(shape) == 4 else 1)
            found.append(np.ndarray(shape, reserve.dtype, reserve, first * size))
            first += length
        return found

    def reserve_length(self, Py_ssize_t T, Py_ssize_t m, Py_ssize_t n_s, Py_ssize_t itemsize):
        """Return how many elements of so many bytes the memory of a sequence has."""
        cdef Step step
        cdef Py_ssize_t bytes
        step.m, step.ld = m, padded_to_line(n_s, itemsize)
        bytes = place_reserve(&step, self.cell_f32, self.drops, NULL, T, itemsize)
        return bytes // itemsize

    def work_length(self, Py_ssize_t T, Py_ssize_t m, Py_ssize_t n_x, Py_ssize_t n_s, Py_ssize_t itemsize, *,
                    bint backward):
        """Return how many elements of scratch memory :meth:`forward` or :meth:`backward` wants."""
        cdef Job job
        set_sizes(&job, self, m, n_x, n_s, itemsize)
        job.ld_x = padded_to_line(n_x, itemsize)
        if backward:
            return (place_back(&job, NULL, bptt_steps(&job, T, itemsize), itemsize) + LINE_BYTES) // itemsize
        return (place_weights(&job, NULL, itemsize) + LINE_BYTES) // itemsize

    def forward(self, x, tuple weights, reserve, *, work=None, const unsigned char[:, ::1] mask=None,
                const long long[:, ::1] tokens=None, source=None, drop=None):
        """Run the whole sequence.

        Parameters
        ----------
        x : IN (T, m, >= n_x), neighbouring features, rows at equal distances; OUT where there is a source
        weights : IN (gates n_s, n_x), (gates n_s, n_s), (gates n_s, 1), any strides: Wx, Ws, bs, and bx like bs where
            the reset comes after the product
        reserve : IN/OUT, `reserve_length` elements; IN the states of the first step, OUT the rest.  Gates and kept
            arrays are unspecified where a step does not count
        work : scratch, `work_length` elements, or None to have it made
        mask : IN (T, m), not zero at the steps that count, or None where all do; what does not count keeps its states,
            whatever x holds there
        tokens : IN (T, m), where the rows of x are one-hot: the places of their ones; x has no features then
        source : IN (n_x, m, T), any strides, what is copied into x, (T, m, ld_x); or None where x holds it
        drop : IN (gates, m, ld), what the recurrent product of each gate multiplies the state by
        """
        wx, ws, bs, bx = weights if len(weights) == 4 else (*weights, None)
        require_arrays(x, wx, ws, bs, reserve)
        if reserve.itemsize == sizeof(float):
            run_forward[float](self, x, wx, ws, bs, bx, reserve, work, mask, tokens, source, drop)
        else:
            run_forward[double](self, x, wx, ws, bs, bx, reserve, work, mask, tokens, source, drop)

    def backward(self, ds, x, tuple weights, reserve, tuple gradients, d_initial, *, dx=None, work=None,
                 const unsigned char[:, ::1] mask=None, const long long[:, ::1] tokens=None, source=None, drop=None):
        """Backpropagate through the whole sequence, or the first steps of it.

        Parameters
        ----------
        ds : IN (steps, m, ld), gradient at each state, steps <= T; or None where there is a source
        x, weights, reserve, mask, tokens, drop : IN as :meth:`forward` had and left them; biases are not read
        gradients : OUT like the weights
        d_initial : OUT (states, m, ld), at the initial states.  That of a cell state is IN/OUT: IN the gradient at the
            last cells
        dx : OUT (steps, m, ld_x), or None where it is not wanted
        work : scratch, `work_length` elements, or None to have it made
        source : IN (n_s, m, steps), any strides, the gradient at each state, or None
        """
        wx, ws = weights[:2]
        dwx, dws, dbs, dbx = gradients if len(gradients) == 4 else (*gradients, None)
        require_arrays(x, wx, ws, reserve, d_initial)
        require_arrays(dwx, dws, dbs, reserve, d_initial)
        if reserve.itemsize == sizeof(float):
            run_backward[float](self, ds, x, wx, ws, reserve, dwx, dws, dbs, dbx, d_initial, dx, work, mask, tokens,
                                source, drop)
        else:
            run_backward[double](self, ds, x, wx, ws, reserve, dwx, dws, dbs, dbx, d_initial, dx, work, mask, tokens,
                                 source, drop)

    def stage(self, tuple weights, Py_ssize_t streams, Py_ssize_t steps, dtype):
        """Return the stage of a stream (stage.pyx); weights as :meth:`forward` takes them, of this dtype."""
        cdef RecurrentStage stage = RecurrentStage.__new__(RecurrentStage)
        wx, ws, bs, bx = weights if len(weights) == 4 else (*weights, None)
        require_arrays(wx, ws, bs, wx, wx)
        if dtype.itemsize == sizeof(float):
            prepare[float](stage, self, wx, ws, bs, bx, streams, steps, dtype)
        else:
            prepare[double](stage, self, wx, ws, bs, bx, streams, steps, dtype)
        return stage


cdef int require_arrays(a, b, c, d, e) except -1:
    """Raise ``TypeError`` where an array is None, which is a memoryview too."""
    if a is None or b is None or c is None or d is None or e is None:
        raise TypeError("an array is None that should be there")
    return 0


# Sizes and memory ------------------------------------------------------------------------------------------------

cdef void set_sizes(Job *job, Recurrence self, Py_ssize_t m, Py_ssize_t n_x, Py_ssize_t n_s, Py_ssize_t size) noexcept:
    """Begin a job: its sizes, and none of what a pass may do without."""
    memset(job, 0, sizeof(Job))
    job.cell = self.cell_f32 if size == sizeof(float) else self.cell_f64
    job.any, job.drops, job.size = self.any, self.drops, size
    job.step.activation, job.step.recurrent_activation = self.activation, self.recurrent_activation
    job.m, job.n_x, job.n_s, job.ld = m, n_x, n_s, padded_to_line(n_s, size)
    job.columns = job.cell.gates * job.ld
    job.step.m, job.step.n_s, job.step.ld, job.step.gate_count = m, n_s, job.ld, job.cell.gates


# Forward ---------------------------------------------------------------------------------------------------------

cdef int run_forward(Recurrence self, const floating[:, :, :] x, const floating[:, :] wx, const floating[:, :] ws,
                     const floating[:, :] bs, const floating[:, :] bx, floating[::1] reserve, floating[::1] work,
                     const unsigned char[:, ::1] mask, const long long[:, ::1] tokens,
                     const floating[:, :, :] source, const floating[:, :, ::1] drop) except -1:
    cdef Py_ssize_t T = x.shape[0], m = x.shape[1], size = sizeof(floating)
    cdef Py_ssize_t n_x = wx.shape[1] if tokens is None else 0, n_s = ws.shape[1]
    cdef Scratch own_tokens
    cdef Job job
    if m == 0 or T == 0 or n_s == 0:
        return 0
    set_sizes(&job, self, m, n_x, n_s, size)
    if (place_reserve(&job.step, job.cell, self.drops, &reserve[0], T, size) != reserve.shape[0] * size
            or x.shape[2] < n_x
            or (work is not None and work.shape[0] * size < place_weights(&job, NULL, size) + LINE_BYTES)
            or (mask is not None and (mask.shape[0] < T or mask.shape[1] != m))
            or (source is not None and (source.shape[0] != n_x or source.shape[1] != m or source.shape[2] != T
                                        or x.strides[1] != x.shape[2] * size))):
        raise ValueError("reserve, x, source, mask, the weights and work do not fit together")
    job.weights = weights_of(wx, ws, bs, bx)
    check_weights(job.cell, n_s, &job.weights)
    set_input(&job, x, T)
    set_drop(&job, drop)
    job.source = source_of(source)
    job.mask = &mask[0, 0] if mask is not None else NULL
    if tokens is not None:
        own_tokens = checked_tokens(tokens, T, m, wx.shape[1])
        job.tokens = <const long long *> own_tokens.start
    return compute_forward(&job, T, NULL if work is None else &work[0])


cdef int compute_forward(Job *job, Py_ssize_t T, void *memory) except -1:
    """Run a sequence whose sizes, arrays and weights the job has; memory is scratch, or NULL to have it made."""
    cdef double operations = 2.0 * job.cell.gates * job.m * job.n_s * (job.n_x + job.n_s)
    cdef int shares = threads_for(operations * T, job.m)
    cdef Scratch own = None
    cdef Work work
    if memory == NULL:
        own = scratch(place_weights(job, NULL, job.size) + LINE_BYTES)
        memory = own.start
    # the projection sees the rows of many steps at once where a share is the whole batch
    set_widths(job, job.m // shares, job.m // shares if shares > 1 else job.m * T)
    if job.size == sizeof(float):
        pack_weights(job, memory, <float *> NULL)
    else:
        pack_weights(job, memory, <double *> NULL)
    work = forward_work(job, operations + element_operations(job), shares)
    return run_parts(&work, 0, T)


cdef Work forward_work(Job *job, double operations, int shares) noexcept nogil:
    """Return steps as work, of so many operations each."""
    cdef Work work = work_of(job, forward_part[float], forward_part[double], job.size, operations, shares)
    work.grain, work.pieces = 1, job.m // UNDIVIDED
    return work


cdef void set_widths(Job *job, Py_ssize_t rows, Py_ssize_t x_rows) noexcept:
    """Choose how wide the panels of packed weights are, by how many rows a product has."""
    if job.size == sizeof(float):
        job.step.width, job.x_width = panel_width(<float *> NULL, rows), panel_width(<float *> NULL, x_rows)
    else:
        job.step.width, job.x_width = panel_width(<double *> NULL, rows), panel_width(<double *> NULL, x_rows)


cdef double element_operations(const Job *job) noexcept nogil:
    """What a step costs beside its products."""
    return <double> job.m * (EXPONENTIAL * job.columns + MOVE * job.n_x)


# Backward --------------------------------------------------------------------------------------------------------

cdef int run_backward(Recurrence self, const floating[:, :, ::1] ds, const floating[:, :, :] x,
                      const floating[:, :] wx, const floating[:, :] ws, floating[::1] reserve, floating[:, :] dwx,
                      floating[:, :] dws, floating[:, :] dbs, floating[:, :] dbx, floating[:, :, ::1] d_initial,
                      floating[:, :, ::1] dx, floating[::1] work, const unsigned char[:, ::1] mask,
                      const long long[:, ::1] tokens, const floating[:, :, :] source,
                      const floating[:, :, ::1] drop) except -1:
    cdef Py_ssize_t T = x.shape[0], m = x.shape[1], size = sizeof(floating), bytes, steps
    cdef Py_ssize_t n_x = wx.shape[1] if tokens is None else 0, n_s = ws.shape[1]
    cdef Scratch own_tokens
    cdef int i
    cdef Job job
    if (ds is None) == (source is None):
        raise ValueError("one of ds and source is wanted, and one only")
    steps = ds.shape[0] if source is None else source.shape[2]
    set_sizes(&job, self, m, n_x, n_s, size)
    job.weights.wx, job.weights.ws, job.gradients = matrix_of(wx), matrix_of(ws), weights_of(dwx, dws, dbs, dbx)
    if m == 0 or n_s == 0 or steps == 0:
        dwx[:, :] = 0
        dws[:, :] = 0
        dbs[:, :] = 0
        d_initial[:1] = 0
        if dbx is not None:
            dbx[:, :] = 0
        if dx is not None:
            dx[:, :, :] = 0
        return 0
    job.ld_x = dx.shape[2] if dx is not None else 0
    bytes = place_back(&job, NULL, bptt_steps(&job, steps, size), size) + LINE_BYTES
    if (steps > T or place_reserve(&job.step, job.cell, self.drops, &reserve[0], T, size) != reserve.shape[0] * size
            or (ds is not None and (ds.shape[1] != m or ds.shape[2] < job.ld))
            or (source is not None and (source.shape[0] != n_s or source.shape[1] != m))
            or d_initial.shape[0] != self.states or d_initial.shape[1] != m or d_initial.shape[2] != job.ld
            or x.shape[2] < n_x or (dx is not None and (dx.shape[0] < steps or dx.shape[1] != m or job.ld_x < n_x))
            or dwx.shape[0] != wx.shape[0] or dwx.shape[1] != wx.shape[1] or dws.shape[0] != ws.shape[0]
            or dws.shape[1] != n_s or (mask is not None and (mask.shape[0] < steps or mask.shape[1] != m))
            or (work is not None and work.shape[0] * size < bytes)):
        raise ValueError("ds or source, reserve, x, d_initial, mask, the weights, their gradients and work do not fit "
                         "together")
    check_weights(job.cell, n_s, &job.gradients)
    set_input(&job, x, steps)
    set_drop(&job, drop)
    for i in range(self.states):
        job.step.carry[i] = &d_initial[i, 0, 0]
    job.source = source_of(source)
    if ds is not None:
        job.step.ds, job.step.ds_row = &ds[0, 0, 0], ds.shape[2]
    job.mask = &mask[0, 0] if mask is not None else NULL
    if tokens is not None:
        own_tokens = checked_tokens(tokens, steps, m, wx.shape[1])
        dwx[:, :] = 0
        job.tokens = <const long long *> own_tokens.start
    job.dx = &dx[0, 0, 0] if dx is not None and n_x else NULL
    return compute_backward(&job, steps, NULL if work is None else &work[0])


cdef int compute_backward(Job *job, Py_ssize_t steps, void *memory) except -1:
    """Backpropagate through a sequence whose sizes, arrays and weights the job has; memory as before."""
    cdef Py_ssize_t m = job.m, n_s = job.n_s, size = job.size, gates = job.cell.gates, last = steps, first
    cdef Py_ssize_t segment = bptt_steps(job, steps, size)
    cdef double operations = 2.0 * gates * m * n_s * (n_s + (job.n_x if job.dx != NULL else 0))
    cdef double weight_operations = 2.0 * gates * m * n_s * (n_s + job.n_x)
    cdef int shares = threads_for(operations * steps, m)
    cdef Scratch own = None
    cdef Work back, weights
    cdef char *da
    cdef char *d_kept
    if memory == NULL:
        own = scratch(place_back(job, NULL, segment, size) + LINE_BYTES)
        memory = own.start
    place_back(job, memory, segment, size)
    da, d_kept = <char *> job.step.da, <char *> job.step.d_kept
    memset(job.step.carry[0], 0, m * job.ld * size)
    set_widths(job, m // shares, m // shares if shares > 1 else m * steps)
    if size == sizeof(float):
        pack_back(job, <float *> NULL)
    else:
        pack_back(job, <double *> NULL)
    memset(job.sums, 0, ((job.n_x + n_s + 1) * job.columns + (job.ld if is_apart(job.cell) else 0)) * size)
    back = work_of(job, backward_part[float], backward_part[double], size, operations + element_operations(job), shares)
    back.grain, back.pieces, back.last_first = 1, m // UNDIVIDED, True
    weights = work_of(job, weights_part[float], weights_part[double], size, weight_operations,
                      threads_for(weight_operations * steps, job.columns // UNDIVIDED_COLUMNS))
    # dWx, dWs and dbs are one long product over the rows of a segment, each share its own columns
    weights.grain, weights.pieces = steps, job.columns // UNDIVIDED_COLUMNS
    while last > 0:
        job.step.first_step = first = max(last - segment, 0)
        # the memory of da is that of one segment, offset so that absolute step indices work
        job.step.da = da - first * m * job.columns * size
        job.step.d_kept = d_kept - first * m * job.ld * size
        if job.source.array != NULL:
            # the source is copied to where the last gate's da will stand: a row is read before da takes its place
            job.step.ds = <char *> job.step.da + (job.columns - job.ld) * size
            job.step.ds_row = job.columns
        run_parts(&back, first, last)
        run_parts(&weights, first, last)
        last = first
    if size == sizeof(float):
        copy_sums(job, <float *> NULL)
    else:
        copy_sums(job, <double *> NULL)
    return 0


# Streams ---------------------------------------------------------------------------------------------------------

cdef class RecurrentStage(Stage):
    """A recurrence in a stream: its memory is the reserve of as many steps as a call takes at once."""

    cdef Job job

    cdef int share(self, Stage other) except -1:
        self.job = (<RecurrentStage> other).job
        return 0

    cdef void place(self, void *memory) noexcept:
        place_reserve(&self.job.step, self.job.cell, False, memory, self.steps, self.itemsize)
        self.y = <char *> memory + self.state_bytes

    cdef int run(self, const void *x, Py_ssize_t x_row, Py_ssize_t steps) except -1 nogil:
        cdef Job *job = &self.job
        cdef Work work = forward_work(job, self.operations, 1)
        job.x, job.x_row = x, x_row
        run_at_once(&work, 0, steps, threads_for(self.operations * steps, job.m))
        job.turn = (job.turn + steps) & 1
        self.keep(steps)
        return 0


cdef int prepare(RecurrentStage stage, Recurrence self, const floating[:, :] wx, const floating[:, :] ws,
                 const floating[:, :] bs, const floating[:, :] bx, Py_ssize_t streams, Py_ssize_t steps,
                 dtype) except -1:
    """Give a stage its sizes, its memory and its weights."""
    cdef Py_ssize_t n_x = wx.shape[1], n_s = ws.shape[1], size = sizeof(floating)
    cdef Job *job = &stage.job
    cdef void *memory
    if n_s < 1:
        raise ValueError("there are no units")
    set_sizes(job, self, streams, n_x, n_s, size)
    job.weights = weights_of(wx, ws, bs, bx)  # read here alone, where they are packed
    check_weights(job.cell, n_s, &job.weights)
    stage.kinds, stage.state_bytes, stage.y_row = self.states, streams * job.ld * size, job.ld
    stage.needs_output = True
    stage.operations = 2.0 * self.gates * streams * n_s * (n_x + n_s)
    memory = stage.make(streams, steps, n_s, dtype, self.work_length(steps, streams, n_x, n_s, size, backward=False),
                        self.reserve_length(steps, streams, n_s, size))
    set_widths(job, streams, streams)
    pack_weights(job, memory, <floating *> NULL)
    return 0
