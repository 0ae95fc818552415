"""The functions of the functional API as single compiled calls, for arguments that need no conversion.

1. :class:`Functions` has the four functions of a cell: a step and a sequence, forward and back.  Each checks its
   arguments (arrays.pyx), creates the results, fills a `Job` (simd/job.h), runs it (recurrence.pyx), and returns the
   results.  It returns None if an argument needs a conversion or is wrong; :mod:`fastrnn.functional` then converts the
   argument or raises.
2. A :class:`Kept` is the memory that a forward pass keeps for the backward pass: the reserve, and a copy of the input
   behind it.  It shares no memory with arguments or results.
3. Arrays are read and created through ndarrays.pxd, which says how much time that saves.
"""

from cpython.object cimport PyObject, PyTypeObject
from cpython.tuple cimport PyTuple_New
from libc.string cimport memcpy, memset

cimport numpy as cnp

from fastrnn._core.arrays cimport LETTERS, OF_M, OF_S, OF_T, OF_X, OF_Y, Form
from fastrnn._core.job cimport BS, BX, WS, WX, Job, place_reserve
from fastrnn._core.kernels cimport activation_rows, bind_kernels, multiply_gate
from fastrnn._core.layout cimport LINE_BYTES, Arena, padded_to_line, take
from fastrnn._core.ndarrays cimport array_of_ndarray, copy_to_rows, item, joined, matrix_in, put, rows_view
from fastrnn._core.output cimport Affine, compute_rows
from fastrnn._core.recurrence cimport Recurrence, compute_backward, compute_forward, set_sizes
from fastrnn._core.recycled cimport Scratch, scratch

cnp.import_array()
bind_kernels()

cdef tuple _nothing = ()


cdef class Kept:
    """The memory that a forward pass keeps of a sequence.

    Parameters
    ----------
    functions : Functions
        Of the cell.
    sizes : tuple of int
        n_x, m, T, n_s.
    itemsize : int
    parameters_dict : mapping
        The user's own.
    ragged : object, optional
        The lengths of the sequences, and in which order the arrays have them.
    memory : Scratch, optional
        The reserve, and the input (T, m, ld_x) behind it; new memory if left out.

    Attributes
    ----------
    functions, n_x, m, T, n_s, itemsize, parameters_dict, ragged, memory
    """

    cdef readonly Functions functions
    cdef readonly object parameters_dict, ragged
    cdef readonly Py_ssize_t n_x, m, T, n_s, itemsize
    cdef readonly Scratch memory

    def __init__(self, Functions functions, tuple sizes, Py_ssize_t itemsize, parameters_dict, ragged=None,
                 Scratch memory=None):
        cdef Job job
        self.functions, self.itemsize, self.parameters_dict = functions, itemsize, parameters_dict
        self.n_x, self.m, self.T, self.n_s = sizes
        self.ragged, self.memory = ragged, memory
        self.begin(&job)

    cdef int begin(self, Job *job) except -1:
        """Begin the job of a pass over this memory; allocate it if there is none."""
        memory = begin_job(job, self.functions.core, self.n_x, self.m, self.T, self.n_s, self.itemsize, self.memory)
        if self.memory is None:  # so that threads that run backward at the same time do not write here
            self.memory = memory
        mask = None if self.ragged is None else self.ragged.mask
        if mask is not None:  # (T, m), without gaps
            job.mask = <const unsigned char *> cnp.PyArray_DATA(<cnp.ndarray?> mask)
        return 0

    def fill(self, Py_ssize_t t, tuple entries, bint first):
        """Copy the entries of the cache of step t but its parameters; with `first`, the states before the step too."""
        cdef Job job
        self.begin(&job)
        self.functions.fill(&job, t, entries, first)


cdef class Functions:
    """The functions of a cell in one of its forms.

    Parameters
    ----------
    cell : Cell
        Of :mod:`fastrnn.arguments`: which arrays its functions take and return.
    core : Recurrence
    reset_after : bool
        The form of a GRU.
    activations : tuple of str
        Of the new state and of the gates.
    caches, cache : type
        The type of the caches of a sequence, a subclass of :class:`Kept`, and the type of the cache of a step.
    """

    cdef readonly object cell
    cdef readonly Recurrence core
    cdef readonly bint reset_after
    cdef readonly tuple activations
    cdef object caches, cache
    cdef Form sequence, step, sequence_back, step_back
    cdef tuple options
    cdef int states, entries
    cdef bint input_bias, has_kept_entry

    def __init__(self, cell, Recurrence core, bint reset_after, tuple activations, caches, cache):
        self.cell, self.core, self.reset_after, self.activations = cell, core, reset_after, activations
        self.caches, self.cache, self.states, self.entries = caches, cache, core.states, len(cell.cache)
        self.sequence, self.step = Form(cell.sequence.words, core.gates), Form(cell.step.words, core.gates)
        self.step_back, self.sequence_back = Form(cell.step_back.words, core.gates), Form("smt ?sm gx gs", core.gates)
        self.options = (reset_after,) if cell.options else ()
        self.input_bias = core.cell_f32.kept_is_product
        self.has_kept_entry = core.gates > 1 and len(cell.kept) > core.gates

    # Forward: for arguments of the user, and for arguments that were converted --------------------------------------

    def forward(self, tuple inputs, parameters_dict, lengths=None):
        """Compute whole sequences; return the results of the function, or None."""
        cdef tuple values = self.with_parameters(inputs, parameters_dict) if lengths is None else None
        return None if values is None else self.run(values, parameters_dict)

    def run(self, tuple values, parameters_dict, ragged=None):
        """As :meth:`forward`, for ``*inputs, Wx, Ws, bs, bx, Wy, by`` and sequences in the order of the core."""
        cdef Py_ssize_t sizes[LETTERS]
        cdef Py_ssize_t size = self.sequence.element_size(values, sizes)
        cdef Kept kept
        cdef Job job
        if size == 0:
            return None
        kept = new_kept(self.caches)
        kept.functions, kept.itemsize, kept.parameters_dict, kept.ragged = self, size, parameters_dict, ragged
        kept.n_x, kept.m, kept.T, kept.n_s = sizes[OF_X], sizes[OF_M], sizes[OF_T], sizes[OF_S]
        kept.begin(&job)
        after = self.compute(&job, values, kept.T, kept.T)
        y = self.predict(&job, values, sizes[OF_Y], kept.T, kept.T)
        caches = (kept, values[0], *self.options)
        return (after[0], y, caches) if self.states == 1 else (after[0], y, after[1], caches)

    def cell_forward(self, tuple inputs, parameters_dict):
        """Compute one step; return the results of the function, or None."""
        cdef tuple values = self.with_parameters(inputs, parameters_dict)
        return None if values is None else self.run_step(values, parameters_dict)

    def run_step(self, tuple values, parameters_dict):
        """As :meth:`cell_forward`, for ``*inputs, Wx, Ws, bs, bx, Wy, by``."""
        cdef Py_ssize_t sizes[LETTERS]
        cdef Py_ssize_t size = self.step.element_size(values, sizes)
        cdef Scratch memory
        cdef Job job
        if size == 0:
            return None
        memory = begin_job(&job, self.core, sizes[OF_X], sizes[OF_M], 1, sizes[OF_S], size, None)
        after = self.compute(&job, values, 1, -1)
        y = self.predict(&job, values, sizes[OF_Y], 1, -1)
        cache = self.entries_of(&job, memory, parameters_dict)
        if self.cache is not tuple:
            cache = self.cache(cache)
        return (after[0], y, cache) if self.states == 1 else (after[0], after[1], y, cache)

    cdef tuple with_parameters(self, tuple inputs, parameters_dict):
        """Return ``*inputs, Wx, Ws, bs, bx, Wy, by``, or None if the parameters need the checks of Python."""
        if type(parameters_dict) is not dict:
            return None
        wx, ws, bs = item(parameters_dict, "Wx"), item(parameters_dict, "Ws"), item(parameters_dict, "bs")
        wy, by, bx = item(parameters_dict, "Wy"), item(parameters_dict, "by"), None
        if self.input_bias:
            bx = item(parameters_dict, "bx")
            if bx is None:
                return None
        if (wy is None or by is None) and ("Wy" in parameters_dict or "by" in parameters_dict):
            return None
        return joined(inputs, len(inputs), (wx, ws, bs, bx, wy, by))

    cdef list compute(self, Job *job, tuple values, Py_ssize_t T, Py_ssize_t result_T):
        """Run forward; return copies of the states after each step, which the user owns."""
        cdef Scratch copy
        cdef list after = []
        cdef int i, first = 1 + self.states
        cdef Py_ssize_t row_bytes = job.m * job.ld * job.size
        for i in range(self.states):
            copy = scratch(<double> T * row_bytes)
            job.copies[i] = copy.start
            after.append(rows_view(copy, copy.start, job.size, job.n_s, job.m, result_T, job.ld))
            if values[1 + i] is None:
                memset(job.step.states[i], 0, row_bytes)
            else:
                copy_to_rows(values[1 + i], job, job.step.states[i], job.ld, job.ld)
        job.source = array_of_ndarray(values[0], job.size)
        for i in range(3 + self.input_bias):
            job.weights[i] = array_of_ndarray(values[first + i], job.size)
        if T and job.m and job.n_s:
            compute_forward(job, T)
        return after

    cdef object predict(self, Job *job, tuple values, Py_ssize_t n_y, Py_ssize_t T, Py_ssize_t result_T):
        """Return the predictions of all steps, or None without an output layer."""
        cdef Affine affine
        cdef Scratch y
        if n_y < 0:
            return None
        affine.w = array_of_ndarray(values[self.states + 5], job.size)
        affine.b = array_of_ndarray(values[self.states + 6], job.size)
        affine.size, affine.R, affine.k = job.size, T * job.m, job.n_s
        affine.n, affine.ld = n_y, padded_to_line(n_y, job.size)
        affine.io.x, affine.io.x_row = <char *> job.step.states[0] + job.m * job.ld * job.size, job.ld
        affine.softmax, affine.mask = True, job.mask
        y = scratch(<double> affine.R * affine.ld * job.size)
        affine.io.y = y.start
        if affine.R and n_y:
            compute_rows(&affine)
        return rows_view(y, y.start, job.size, n_y, job.m, result_T, affine.ld)

    cdef tuple entries_of(self, Job *job, Scratch memory, parameters_dict):
        """Return the cache of a step, of views of the memory of a job of one step."""
        cdef Py_ssize_t row_bytes = job.m * job.ld * job.size
        cdef char *start
        cdef tuple entries = PyTuple_New(self.entries)
        cdef int i, place = 0
        for i in range(self.states):
            start = <char *> job.step.states[i]
            put(entries, &place, rows_view(memory, start + row_bytes, job.size, job.n_s, job.m, -1, job.ld))
            put(entries, &place, rows_view(memory, start, job.size, job.n_s, job.m, -1, job.ld))
        if job.cell.gates > 1:
            for i in range(job.cell.gates):
                start = <char *> job.step.gates + i * job.ld * job.size
                put(entries, &place, rows_view(memory, start, job.size, job.n_s, job.m, -1, job.columns))
        if self.has_kept_entry:
            put(entries, &place, rows_view(memory, job.step.kept, job.size, job.n_s, job.m, -1, job.ld)
                if self.input_bias else None)
        put(entries, &place, rows_view(memory, <void *> job.io.x, job.size, job.n_x, job.m, -1, job.io.x_row))
        put(entries, &place, parameters_dict)
        return entries

    # Backward ----------------------------------------------------------------------------------------------------

    def backward(self, ds, caches, dc_last=None):
        """Backpropagate through a whole sequence, or its first steps; return the gradients, or None."""
        cdef Kept kept
        if type(caches) is not tuple or len(<tuple> caches) != 2 + len(self.options):
            return None
        steps = (<tuple> caches)[0]
        if type(steps) is not self.caches:
            return None
        kept = steps
        if kept.functions.cell is not self.cell or kept.ragged is not None or type(kept.parameters_dict) is not dict:
            return None
        return kept.functions.run_back(kept, ds, dc_last, item(kept.parameters_dict, "Wx"),
                                       item(kept.parameters_dict, "Ws"))

    def run_back(self, Kept kept, ds, dc_last, wx, ws):
        """As :meth:`backward`, for arrays in the order of the core."""
        cdef Py_ssize_t sizes[LETTERS]
        cdef Py_ssize_t size = self.sequence_back.element_size((ds, dc_last, wx, ws), sizes)
        cdef Job job
        if (size != kept.itemsize or sizes[OF_S] != kept.n_s or sizes[OF_M] != kept.m or sizes[OF_T] > kept.T
                or sizes[OF_X] != kept.n_x):
            return None
        kept.begin(&job)
        return self.gradients(&job, ds, dc_last, wx, ws, sizes[OF_T], sizes[OF_T])

    def cell_backward(self, tuple gradients, cache):
        """Return the gradients of one step, or None."""
        if type(cache) is not self.cache or len(<tuple> cache) != self.entries:
            return None
        parameters_dict = (<tuple> cache)[self.entries - 1]
        if type(parameters_dict) is not dict:
            return None
        weights = (item(parameters_dict, "Wx"), item(parameters_dict, "Ws"))
        return self.run_step_back(joined(gradients, len(gradients), joined(cache, self.entries - 1, weights)))

    def run_step_back(self, tuple values):
        """As :meth:`cell_backward`, for gradients, the entries of the cache, Wx and Ws."""
        cdef Py_ssize_t sizes[LETTERS]
        cdef Py_ssize_t size = self.step_back.element_size(values, sizes)
        cdef int states = self.states, last = self.entries + states - 1
        cdef Scratch _memory
        cdef Job job
        if size == 0 or (self.has_kept_entry and (values[last - 2] is not None) != self.input_bias):
            return None
        _memory = begin_job(&job, self.core, sizes[OF_X], sizes[OF_M], 1, sizes[OF_S], size, None)
        self.fill(&job, 0, values[states:last], True)
        return self.gradients(&job, values[0], values[1] if states > 1 else None, values[last], values[last + 1], 1,
                              -1)

    cdef int fill(self, Job *job, Py_ssize_t t, tuple entries, bint first) except -1:
        """Copy the entries of the cache of step t to the places where forward would have written them."""
        cdef Py_ssize_t row_bytes = job.m * job.ld * job.size
        cdef char *gates = <char *> job.step.gates + t * job.m * job.columns * job.size
        cdef char *kept = <char *> job.step.kept + t * row_bytes
        cdef char *states
        cdef int i, place = 0
        for i in range(self.states):
            states = <char *> job.step.states[i] + t * row_bytes
            copy_to_rows(entries[place], job, states + row_bytes, job.ld, job.ld)
            if first:
                copy_to_rows(entries[place + 1], job, states, job.ld, job.ld)
            place += 2
        if job.cell.gates > 1:
            for i in range(job.cell.gates):
                copy_to_rows(entries[place], job, gates + i * job.ld * job.size, job.ld, job.columns)
                place += 1
        if job.cell.kept_is_product:
            copy_to_rows(entries[place], job, kept, job.ld, job.ld)
        elif job.cell.apart < job.cell.gates:
            # the factor of the product that stands apart: the state times the first gate
            states = <char *> job.step.states[0] + t * row_bytes
            multiply_gate(job.size, job.m, job.ld, <void *> gates, job.columns, <void *> states, <void *> kept)
        elif self.states > 1:
            # the activation of the cell, computed by the same function as in forward
            memcpy(kept, <char *> job.step.states[1] + (t + 1) * row_bytes, row_bytes)
            activation_rows(job.size, job.m, job.n_s, <void *> kept, job.ld, job.step.activation)
        copy_to_rows(entries[len(entries) - 1], job, <char *> job.io.x + t * job.m * job.io.x_row * job.size,
                     job.io.x_row, job.io.x_row)
        return 0

    cdef dict gradients(self, Job *job, ds, dc_last, wx, ws, Py_ssize_t steps, Py_ssize_t result_T):
        """Run backward; return the gradients by name.

        Those of the weights and of the initial states share one block of memory; that of the input has its own.
        """
        cdef Py_ssize_t size = job.size, n_x = job.n_x, n_s = job.n_s, rows = job.cell.gates * n_s
        cdef Py_ssize_t state_bytes = job.m * job.ld * size, line = LINE_BYTES
        cdef Py_ssize_t bytes = self.states * state_bytes + (rows * (n_x + n_s + 2) * size + 4 * line)
        cdef bint of_step = result_T < 0
        cdef Arena arena
        cdef Scratch dx, rest
        cdef dict found = {}
        dx, rest = scratch(<double> steps * job.m * job.io.x_row * size), scratch(bytes)
        arena.start, arena.bytes = <char *> rest.start, 0
        job.step.carry[0], job.step.carry[1] = take(&arena, state_bytes), take(&arena, (self.states - 1) * state_bytes)
        job.ld_x, job.source = job.io.x_row, array_of_ndarray(ds, size)
        job.weights[WX], job.weights[WS] = array_of_ndarray(wx, size), array_of_ndarray(ws, size)
        found["dXt" if of_step else "dX"] = rows_view(dx, dx.start, size, n_x, job.m, result_T, job.ld_x)
        found["ds_prev" if of_step else "ds_0"] = rows_view(rest, job.step.carry[0], size, n_s, job.m, -1, job.ld)
        if self.states > 1:
            found["dc_prev" if of_step else "dc_0"] = rows_view(rest, job.step.carry[1], size, n_s, job.m, -1, job.ld)
            if dc_last is not None:  # the core overwrites it with the gradient at the first cells
                copy_to_rows(dc_last, job, job.step.carry[1], job.ld, job.ld)
            else:
                memset(job.step.carry[1], 0, state_bytes)
        bytes = arena.bytes
        found["dWx"] = matrix_in(rest, &arena, &job.gradients[WX], rows, n_x, size)
        found["dWs"] = matrix_in(rest, &arena, &job.gradients[WS], rows, n_s, size)
        found["dbs"] = matrix_in(rest, &arena, &job.gradients[BS], rows, 1, size)
        if self.input_bias:
            found["dbx"] = matrix_in(rest, &arena, &job.gradients[BX], rows, 1, size)
        if steps and job.m and n_s:
            job.dx = dx.start if n_x else NULL
            compute_backward(job, steps)
        else:
            memset(dx.start, 0, steps * job.m * job.ld_x * size)
            memset(job.step.carry[0], 0, state_bytes)
            memset(arena.start + bytes, 0, arena.bytes - bytes)
        return found


cdef Scratch begin_job(Job *job, Recurrence core, Py_ssize_t n_x, Py_ssize_t m, Py_ssize_t T, Py_ssize_t n_s,
                       Py_ssize_t size, Scratch memory):
    """Begin the job of a pass: sizes, the reserve, and the input behind it; return the memory, allocated if None."""
    cdef Py_ssize_t reserve, ld_x = padded_to_line(n_x, size)
    memset(job, 0, sizeof(Job))
    set_sizes(job, core, m, n_x, n_s, size)
    reserve = place_reserve(&job.step, job.cell, False, NULL, T, size)
    if memory is None:
        # in floating point, since the product of such sizes may overflow an integer
        if (T + 1.0) * m * (ld_x + (core.states + core.kept) * job.ld + job.columns) * size > 1e17:
            raise MemoryError
        memory = scratch(reserve + T * m * ld_x * size)
    elif memory.bytes != reserve + T * m * ld_x * size:
        raise ValueError("the memory and the sizes do not fit together")
    place_reserve(&job.step, job.cell, False, memory.start, T, size)
    job.io.x, job.io.x_row = <char *> memory.start + reserve, ld_x
    return memory


cdef Kept new_kept(kind):
    return <Kept> (<PyTypeObject *> kind).tp_new(kind, <PyObject *> _nothing, NULL)
