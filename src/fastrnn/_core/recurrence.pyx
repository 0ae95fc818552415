"""The recurrence over whole sequences, forward and backpropagation through time, for every cell.

Arrays are time-major with the features last, (T, m, n), and rows padded to `ld` elements (layout.pxd).  Every array
argument says IN or OUT.  The caller is responsible for shapes: they are checked only as far as memory safety needs.
A mask says which steps count (simd/sequence.h).

1. Entries take typed memoryviews.  They are methods of a :class:`Recurrence`, which is a cell with its activations.
2. A `Job` (simd/job.h) is what the threads of a call share; each of them computes some columns of the batch.  Its
   `Step` is the part that a cell uses (simd/kernels.h).  Both are C structs, because the cells are written in C.
3. The loops over time, forward and backward, are in loops.pxd, for all cells.
"""

from libc.string cimport memset

from fastrnn._core.job cimport (MATRICES, WS, WX, Job, copy_sums, is_apart, pack_weights, pack_weights_back,
                                place_back, place_reserve, place_weights, segment_length, set_widths, weights_part)
from fastrnn._core.kernels cimport CELLS, SOFTMAX, Array, Step, activation_name, bind_kernels, cells, floating, int64_t
from fastrnn._core.layout cimport padded_to_line
from fastrnn._core.loops cimport backward_part, forward_part
from fastrnn._core.recycled cimport Scratch, scratch
from fastrnn._core.signals cimport EXPONENTIAL, MOVE
from fastrnn._core.stage cimport Stage
from fastrnn._core.views cimport array_of, checked_tokens, matrix_of
from fastrnn._core.threads cimport LEAST_COLUMNS, LEAST_ROWS, Part, Work, run_parts, threads_for, work_of

bind_kernels()

#: The activations that a cell may have, by their numbers in simd/kernels.h.
ACTIVATIONS = tuple([activation_name(i).decode() for i in range(SOFTMAX)])


cdef class Recurrence:
    """A cell with its activations, which computes sequences.

    Parameters
    ----------
    name : str
        "rnn", "gru", "gru_reset_after", "lstm" or "mgu": a row of FASTRNN_EACH_CELL in simd/kernels.h.
    activation, recurrent_activation : str
        Of :data:`ACTIVATIONS`: of the candidate (and of an LSTM's cell), and of the gates.
    recurrent_dropout : bool
        Whether :meth:`forward` and :meth:`backward` are given `drop`.

    Attributes
    ----------
    gates, states, kept : int
        How many gates its weights have, states it carries, and other arrays it keeps for the backward pass.
    drops : bool
        Whether it has a recurrent dropout.
    """

    def __init__(self, str name, str activation="tanh", str recurrent_activation="sigmoid",
                 *, bint recurrent_dropout=False):
        cdef list names = [cells(<float *> NULL)[i].name.decode() for i in range(CELLS)]
        for given in (activation, recurrent_activation):
            if given not in ACTIVATIONS:
                raise ValueError(f"activation is {given!r}; it should be one of {', '.join(ACTIVATIONS)}")
        if name not in names:
            raise ValueError(f"name is {name!r}; it should be one of {', '.join(names)}")
        self.cell_f32 = &cells(<float *> NULL)[<int> names.index(name)]
        self.cell_f64 = &cells(<double *> NULL)[<int> names.index(name)]
        self.activation = ACTIVATIONS.index(activation)
        self.recurrent_activation = ACTIVATIONS.index(recurrent_activation)
        self.any = activation != "tanh" or recurrent_activation != "sigmoid" or recurrent_dropout
        self.drops = recurrent_dropout
        self.name, self.gates, self.states = name, self.cell_f32.gates, self.cell_f32.states
        self.kept = self.cell_f32.kept

    def reserve_length(self, Py_ssize_t T, Py_ssize_t m, Py_ssize_t n_s, Py_ssize_t itemsize):
        """Return how many elements of so many bytes the memory of a sequence has."""
        cdef Step step
        cdef Py_ssize_t bytes
        step.m, step.ld = m, padded_to_line(n_s, itemsize)
        bytes = place_reserve(&step, self.cell_f32, self.drops, NULL, T, itemsize)
        return bytes // itemsize

    def forward(self, x, tuple weights, reserve, *, mask=None, tokens=None, source=None, drop=None):
        """Run the whole sequence.

        Parameters
        ----------
        x : IN (T, m, >= n_x), neighbouring features, rows at equal distances; OUT where there is a source
        weights : IN (gates n_s, n_x), (gates n_s, n_s), (gates n_s, 1), any strides: Wx, Ws, bs, and bx like bs where
            the reset comes after the product
        reserve : IN/OUT, `reserve_length` elements; IN the states of the first step, OUT the rest.  Gates and kept
            arrays are unspecified at steps that do not count
        mask : IN (T, m) uint8, not zero at the steps that count, or None if all do; at the others the states stay as
            they are, whatever x holds there
        tokens : IN (T, m) int64, if the rows of x are one-hot: the positions of their ones; x has no features then
        source : IN (n_x, m, T), any strides, which is copied into x, (T, m, ld_x); or None if x is IN
        drop : IN (gates, m, ld), the recurrent dropout: factors of the state in the recurrent product of each gate
        """
        if reserve.itemsize == sizeof(float):
            run_forward[float](self, x, weights, reserve, mask, tokens, source, drop)
        else:
            run_forward[double](self, x, weights, reserve, mask, tokens, source, drop)

    def backward(self, ds, x, tuple weights, reserve, tuple gradients, d_initial, *, dx=None, mask=None, tokens=None,
                 source=None, drop=None):
        """Backpropagate through the whole sequence, or the first steps of it.

        Parameters
        ----------
        ds : IN (steps, m, ld), gradient at each state, steps <= T; or None if there is a source
        x, weights, reserve, mask, tokens, drop : IN, as they are after :meth:`forward`; biases are not read
        gradients : OUT like the weights
        d_initial : OUT (states, m, ld), at the initial states.  That of a cell state is IN/OUT: IN the gradient at the
            last cells
        dx : OUT (steps, m, ld_x), or None to skip it
        source : IN (n_s, m, steps), any strides, the gradient at each state, or None
        """
        if reserve.itemsize == sizeof(float):
            run_backward[float](self, ds, x, weights, reserve, gradients, d_initial, dx, mask, tokens, source, drop)
        else:
            run_backward[double](self, ds, x, weights, reserve, gradients, d_initial, dx, mask, tokens, source, drop)

    def stage(self, tuple weights, Py_ssize_t streams, Py_ssize_t steps, dtype):
        """Return the stage of a stream (stage.pyx); weights as :meth:`forward` takes them, of this dtype."""
        cdef RecurrentStage stage = RecurrentStage.__new__(RecurrentStage)
        if dtype.itemsize == sizeof(float):
            prepare(stage, self, weights, streams, steps, dtype, <float *> NULL)
        else:
            prepare(stage, self, weights, streams, steps, dtype, <double *> NULL)
        return stage


# What both passes check and set --------------------------------------------------------------------------------------

cdef void set_sizes(Job *job, Recurrence self, Py_ssize_t m, Py_ssize_t n_x, Py_ssize_t n_s, Py_ssize_t size) noexcept:
    """Set the sizes of a new job, which is all zeros."""
    job.cell = self.cell_f32 if size == sizeof(float) else self.cell_f64
    job.any, job.drops, job.size = self.any, self.drops, size
    job.step.activation, job.step.recurrent_activation = self.activation, self.recurrent_activation
    job.m, job.n_x, job.n_s, job.ld = m, n_x, n_s, padded_to_line(n_s, size)
    job.columns = job.cell.gates * job.ld
    job.step.m, job.step.n_s, job.step.ld, job.step.gate_count = m, n_s, job.ld, job.cell.gates


cdef int read_matrices(tuple arrays, Array *matrices, bint written, floating *_) except -1:
    """OUT matrices: weights or gradients as the loops take them."""
    cdef const floating[:, :] view
    cdef floating[:, :] target
    cdef int i
    if not 3 <= len(arrays) <= MATRICES:
        raise ValueError(f"there are {len(arrays)} weights; Wx, Ws and bs are needed, and a cell may have bx")
    for i, array in enumerate(arrays):
        if array is None:
            raise TypeError("weights and gradients should be arrays, and one is None")
        if written:
            target = array
            view = target
        else:
            view = array
        matrices[i] = matrix_of(view)
    return 0


cdef int check_matrices(const Job *job, const Array *of, Py_ssize_t count) except -1:
    """Raise ``ValueError`` unless so many weights or gradients have the shapes of the cell: all, or Wx and Ws alone."""
    cdef Py_ssize_t i, columns
    for i in range(count):
        columns = of[WX].extent[1] if i == WX else job.n_s if i == WS else 1
        if of[i].extent[0] != job.cell.gates * job.n_s or of[i].extent[1] != columns:
            raise ValueError(f"array {i} of Wx, Ws, bs, bx, or of their gradients, has shape "
                             f"{(of[i].extent[0], of[i].extent[1])}; it should be "
                             f"{(job.cell.gates * job.n_s, columns)}: a bias is a column")
    if count != 2 and count != 3 + job.cell.kept_is_product:
        raise ValueError("a cell whose reset comes after the product has two biases, bs and bx, and others have one")
    return 0


cdef Scratch begin(Job *job, Recurrence self, const floating[:, :, :] x, floating[::1] reserve, Py_ssize_t steps,
                   const unsigned char[:, ::1] mask, const long long[:, ::1] tokens, const floating[:, :, ::1] drop):
    """Check and set what both passes read, for the sizes and weights of the job; return the memory of its tokens."""
    cdef Py_ssize_t m = x.shape[1], size = sizeof(floating), row = x.strides[1] if m > 1 else x.strides[0]
    cdef Scratch own_tokens = None
    if (x.shape[2] < job.n_x or steps > x.shape[0]
            or place_reserve(&job.step, job.cell, self.drops, &reserve[0], x.shape[0], size) != reserve.shape[0] * size
            or (mask is not None and (mask.shape[0] < steps or mask.shape[1] != m))):
        raise ValueError("reserve, x, mask, ds or source, and the weights do not fit together")
    if steps * m > 1 and ((steps > 1 and m > 1 and x.strides[0] != m * row) or row % size or row < 0):
        raise ValueError(f"the rows of x must stand at equal distances, got strides {(x.strides[0], x.strides[1])}")
    if job.n_x > 1 and x.strides[2] != size:
        raise ValueError("the features of x must be neighbours, "
                         f"got strides {(x.strides[0], x.strides[1], x.strides[2])}")
    if (drop is not None) != job.drops or (drop is not None and (
            drop.shape[0] != job.cell.gates or drop.shape[1] != m or drop.shape[2] != job.ld)):
        raise ValueError("drop should be (gates, m, ld) with a recurrent dropout, and None without")
    job.io.x, job.io.x_row = &x[0, 0, 0] if job.n_x else NULL, row // size if steps * m > 1 else 0
    job.step.drop = &drop[0, 0, 0] if drop is not None else NULL
    job.mask = &mask[0, 0] if mask is not None else NULL
    if tokens is not None:
        own_tokens = checked_tokens(tokens, steps, m, job.weights[WX].extent[1])
        job.tokens = <const int64_t *> own_tokens.start
    return own_tokens


cdef double element_operations(const Job *job) noexcept nogil:
    """Return the operations of a step besides its products."""
    return <double> job.m * (EXPONENTIAL * job.columns + MOVE * job.n_x)


# Forward ---------------------------------------------------------------------------------------------------------

cdef int run_forward(Recurrence self, const floating[:, :, :] x, tuple weights, floating[::1] reserve,
                     const unsigned char[:, ::1] mask, const long long[:, ::1] tokens,
                     const floating[:, :, :] source, const floating[:, :, ::1] drop) except -1:
    cdef Py_ssize_t size = sizeof(floating)
    cdef Scratch _own_tokens
    cdef Job job
    memset(&job, 0, sizeof(Job))
    if x is None or reserve is None:
        raise TypeError("x and reserve should be arrays")
    read_matrices(weights, job.weights, False, <floating *> NULL)
    set_sizes(&job, self, x.shape[1], job.weights[WX].extent[1] if tokens is None else 0, job.weights[WS].extent[1],
              size)
    if job.m == 0 or x.shape[0] == 0 or job.n_s == 0:
        return 0
    check_matrices(&job, job.weights, len(weights))
    _own_tokens = begin(&job, self, x, reserve, x.shape[0], mask, tokens, drop)
    if source is not None and (source.shape[0] != job.n_x or source.shape[1] != job.m
                               or source.shape[2] != x.shape[0] or x.strides[1] != x.shape[2] * size):
        raise ValueError("x and source do not fit together")
    job.source = array_of(source)
    return compute_forward(&job, x.shape[0])


cdef int compute_forward(Job *job, Py_ssize_t T) except -1:
    """Run a sequence whose sizes, arrays and weights the job has."""
    cdef double operations = 2.0 * job.cell.gates * job.m * job.n_s * (job.n_x + job.n_s)
    cdef int shares = threads_for(operations * T, job.m)
    cdef Scratch memory = scratch(place_weights(job, NULL))
    cdef Work work = work_of(job, forward_task, operations + element_operations(job), shares)
    work.grain, work.pieces = 1, job.m // LEAST_ROWS
    # if a share is the whole batch, one product projects the rows of many steps
    set_widths(job, job.m // shares, job.m // shares if shares > 1 else job.m * T)
    place_weights(job, memory.start)
    pack_weights(job)
    return run_parts(&work, 0, T)


cdef void forward_task(void *data, const Part *part) noexcept nogil:
    cdef Job *job = <Job *> data
    if job.size == sizeof(float):
        forward_part(job, part, <float *> NULL)
    else:
        forward_part(job, part, <double *> NULL)


# Backward --------------------------------------------------------------------------------------------------------

cdef int run_backward(Recurrence self, const floating[:, :, ::1] ds, const floating[:, :, :] x, tuple weights,
                      floating[::1] reserve, tuple gradients, floating[:, :, ::1] d_initial, floating[:, :, ::1] dx,
                      const unsigned char[:, ::1] mask, const long long[:, ::1] tokens,
                      const floating[:, :, :] source, const floating[:, :, ::1] drop) except -1:
    cdef Py_ssize_t size = sizeof(floating), steps
    cdef Scratch _own_tokens
    cdef int i
    cdef Job job
    memset(&job, 0, sizeof(Job))
    if x is None or reserve is None or d_initial is None:
        raise TypeError("x, reserve and d_initial should be arrays")
    if (ds is None) == (source is None):
        raise ValueError("exactly one of ds and source should be given")
    steps = ds.shape[0] if source is None else source.shape[2]
    read_matrices(weights, job.weights, False, <floating *> NULL)
    read_matrices(gradients, job.gradients, True, <floating *> NULL)
    set_sizes(&job, self, x.shape[1], job.weights[WX].extent[1] if tokens is None else 0, job.weights[WS].extent[1],
              size)
    if job.m == 0 or job.n_s == 0 or steps == 0:
        for array in gradients:
            array[...] = 0
        d_initial[:1] = 0
        if dx is not None:
            dx[:, :, :] = 0
        return 0
    job.ld_x = dx.shape[2] if dx is not None else 0
    check_matrices(&job, job.weights, 2)
    check_matrices(&job, job.gradients, len(gradients))
    if job.gradients[WX].extent[1] != job.weights[WX].extent[1]:
        raise ValueError("Wx and its gradient do not fit together")
    _own_tokens = begin(&job, self, x, reserve, steps, mask, tokens, drop)
    if ((ds is not None and (ds.shape[1] != job.m or ds.shape[2] < job.ld))
            or (source is not None and (source.shape[0] != job.n_s or source.shape[1] != job.m))
            or d_initial.shape[0] != self.states or d_initial.shape[1] != job.m or d_initial.shape[2] != job.ld
            or (dx is not None and (dx.shape[0] < steps or dx.shape[1] != job.m or job.ld_x < job.n_x))):
        raise ValueError("ds or source, d_initial, dx and the weights do not fit together")
    for i in range(self.states):
        job.step.carry[i] = &d_initial[i, 0, 0]
    job.source = array_of(source)
    if ds is not None:
        job.step.ds, job.step.ds_row = &ds[0, 0, 0], ds.shape[2]
    if tokens is not None:
        gradients[WX][...] = 0
    job.dx = &dx[0, 0, 0] if dx is not None and job.n_x else NULL
    return compute_backward(&job, steps)


cdef int compute_backward(Job *job, Py_ssize_t steps) except -1:
    """Backpropagate through a sequence whose sizes, arrays and weights the job has."""
    cdef Py_ssize_t m = job.m, n_s = job.n_s, size = job.size, gates = job.cell.gates, last = steps, first
    cdef Py_ssize_t segment = segment_length(job, steps)
    cdef double operations = 2.0 * gates * m * n_s * (n_s + (job.n_x if job.dx != NULL else 0))
    cdef double weight_operations = 2.0 * gates * m * n_s * (n_s + job.n_x)
    cdef int shares = threads_for(operations * steps, m)
    cdef Scratch memory = scratch(place_back(job, NULL, segment))
    cdef Work back, weights
    cdef char *da
    cdef char *d_kept
    place_back(job, memory.start, segment)
    da, d_kept = <char *> job.step.da, <char *> job.step.d_kept
    memset(job.step.carry[0], 0, m * job.ld * size)
    set_widths(job, m // shares, m // shares if shares > 1 else m * steps)
    pack_weights_back(job)
    memset(job.sums, 0, ((job.n_x + n_s + 1) * job.columns + (job.ld if is_apart(job.cell) else 0)) * size)
    back = work_of(job, backward_task, operations + element_operations(job), shares)
    back.grain, back.pieces, back.last_first = 1, m // LEAST_ROWS, True
    weights = work_of(job, weights_part(size), weight_operations,
                      threads_for(weight_operations * steps, job.columns // LEAST_COLUMNS))
    # dWx, dWs and dbs are one long product over the rows of a segment, each share its own columns
    weights.grain, weights.pieces = steps, job.columns // LEAST_COLUMNS
    while last > 0:
        job.step.first_step = first = max(last - segment, 0)
        # the memory of da is that of one segment, offset so that absolute step indices work
        job.step.da = da - first * m * job.columns * size
        job.step.d_kept = d_kept - first * m * job.ld * size
        if job.source.data != NULL:
            # the source is copied to the place of the last gate's da: each row is read before da overwrites it
            job.step.ds = <char *> job.step.da + (job.columns - job.ld) * size
            job.step.ds_row = job.columns
        run_parts(&back, first, last)
        run_parts(&weights, first, last)
        last = first
    copy_sums(job)
    return 0


cdef void backward_task(void *data, const Part *part) noexcept nogil:
    cdef Job *job = <Job *> data
    if job.size == sizeof(float):
        backward_part(job, part, <float *> NULL)
    else:
        backward_part(job, part, <double *> NULL)


# Streams ---------------------------------------------------------------------------------------------------------

cdef class RecurrentStage(Stage):
    """A recurrence in a stream: its memory is the reserve of as many steps as a call takes at once."""

    cdef void place(self, void *memory) noexcept:
        cdef Job *job = <Job *> self.job
        place_reserve(&job.step, job.cell, False, memory, self.steps, self.itemsize)
        self.y = <char *> memory + self.state_bytes

    cdef int run(self, const void *x, Py_ssize_t x_row, Py_ssize_t steps) except -1 nogil:
        Stage.run(self, x, x_row, steps)
        (<Job *> self.job).turn ^= steps & 1
        return 0


cdef int prepare(RecurrentStage stage, Recurrence self, tuple weights, Py_ssize_t streams, Py_ssize_t steps, dtype,
                 floating *_) except -1:
    """Give a stage its sizes, its memory and its weights."""
    cdef Py_ssize_t size = sizeof(floating), n_s
    cdef void *memory
    cdef Job job
    memset(&job, 0, sizeof(Job))
    read_matrices(weights, job.weights, False, _)  # only read here, to be packed
    n_s = job.weights[WS].extent[1]
    if n_s < 1:
        raise ValueError("there are no units")
    set_sizes(&job, self, streams, job.weights[WX].extent[1], n_s, size)
    check_matrices(&job, job.weights, len(weights))
    stage.kinds, stage.state_bytes, stage.y_row = self.states, streams * job.ld * size, job.ld
    stage.needs_output, stage.task = True, forward_task
    stage.operations = 2.0 * self.gates * streams * n_s * (job.n_x + n_s)
    memory = stage.make(streams, steps, n_s, dtype, self.reserve_length(steps, streams, n_s, size),
                        place_weights(&job, NULL) // size, sizeof(Job))
    place_weights(&job, memory)
    set_widths(&job, streams, streams)
    pack_weights(&job)
    (<Job *> stage.job)[0] = job
    stage.place(&stage.memory[0])
    return 0
