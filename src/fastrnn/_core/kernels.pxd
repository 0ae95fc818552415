# cython: language_level=3
"""The kernels, and what is computed around them, as the compiled core calls them.

The names are macros of simd/bind.h, which take the function of the type that their arguments point to, or whose size
they are given: float or double.  The signatures stand in simd/ alone, and the C compiler checks the calls against them.
Comments there say what each function reads and writes.
"""

from libc.stdint cimport int64_t

from fastrnn._core.threads cimport Task

ctypedef fused floating:
    float
    double

cdef extern from "simd/bind.h" nogil:
    enum:
        FROM_ZERO "FASTRNN_FROM_ZERO"
        FROM_BIAS "FASTRNN_FROM_BIAS"
        LAST_FIRST "FASTRNN_LAST_FIRST"
        GRADIENT_ROWS "FASTRNN_GRADIENT_ROWS"
        CELLS "FASTRNN_CELLS"
        ACTIVATIONS "FASTRNN_ACTIVATIONS"
        SOFTMAX "FASTRNN_SOFTMAX"
        GELU "FASTRNN_GELU"
        GELU_BACK "FASTRNN_GELU_BACK"

    ctypedef struct Array "fastrnn_array":
        void *data
        Py_ssize_t extent[3]
        Py_ssize_t stride[3]

    ctypedef struct InOut "fastrnn_io":
        const void *x
        void *y
        Py_ssize_t x_row, y_row

    ctypedef struct Step "fastrnn_step":
        Py_ssize_t m, n_s, ld, width, first_step, ds_row
        int gate_count, activation, recurrent_activation
        const void *packed
        const void *drop
        const void *ds
        void *states[2]
        void *carry[2]
        void *gates
        void *kept
        void *da
        void *d_kept

    ctypedef struct Cell "fastrnn_cell":
        const char *name
        int gates, states, kept, apart, kept_is_product
        void (*step[2])(const Step *step, Py_ssize_t t, Py_ssize_t j, Py_ssize_t rows, int order) noexcept nogil
        void (*step_back[2])(const Step *step, Py_ssize_t t, Py_ssize_t j, Py_ssize_t rows) noexcept nogil

    # what the loops over time call
    Py_ssize_t copy_until "fastrnn_copy_until"(...)
    Py_ssize_t copy_back_to "fastrnn_copy_back_to"(...)
    void gather_rows "fastrnn_gather_rows"(...)
    void multiply_rows "fastrnn_multiply_rows"(...)
    Py_ssize_t next_run "fastrnn_next_run"(...)
    Py_ssize_t column_start "fastrnn_column_start"(...)
    void keep_states "fastrnn_keep_states"(...)
    void save_carry "fastrnn_save_carry"(...)
    void restore_carry "fastrnn_restore_carry"(...)
    void clear_rows "fastrnn_clear_rows"(...)

    # of pointers to void, with the bytes of an element as the first argument
    void copy_steps "fastrnn_copy_steps"(...)
    void activation_rows "fastrnn_activation_rows"(...)
    void multiply_gate "fastrnn_multiply_gate"(...)

    # optimizers
    void adam "fastrnn_adam"(...)
    void sgd "fastrnn_sgd"(...)
    void rmsprop "fastrnn_rmsprop"(...)
    int finite "fastrnn_finite"(...)
    void clip_norm "fastrnn_clip_norm"(...)
    void clip_value "fastrnn_clip_value"(...)

    Py_ssize_t first_bad_token "fastrnn_first_bad_token"(...)
    const Cell *cells "fastrnn_cells"(const void *type)
    const char *activation_name "fastrnn_activation_name"(int number)
    void fastrnn_bind(const void *f32, const void *f64)

# the tables that kernels.pyx chose, shared by every module of the core
cdef const void *chosen_f32
cdef const void *chosen_f64

cdef inline void bind_kernels() noexcept:
    """Point this extension module at the chosen tables; each module calls it once, at its top."""
    fastrnn_bind(chosen_f32, chosen_f64)
