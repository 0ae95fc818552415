# cython: language_level=3
"""The kernels as the compiled core calls them: one declaration each, for float and for double.

The names below are macros of simd/kernels.h that pick the table by the type of their first argument, so a
fused function calls them without saying which type it is.  simd/table.h has the real signatures, and each kernel's
comment in simd/ says what it reads and writes.
"""

ctypedef fused floating:
    float
    double

cdef extern from "simd/bind.h" nogil:
    enum:
        FROM_ZERO "FASTRNN_FROM_ZERO"
        FROM_BIAS "FASTRNN_FROM_BIAS"
        FROM_C "FASTRNN_FROM_C"
        LAST_FIRST "FASTRNN_LAST_FIRST"
        GRADIENT_ROWS "FASTRNN_GRADIENT_ROWS"

        CELLS "FASTRNN_CELLS"
        ANY_TANH "FASTRNN_TANH"
        ANY_SIGMOID "FASTRNN_SIGMOID"
        ANY_LINEAR "FASTRNN_LINEAR"
        ANY_RELU "FASTRNN_RELU"
        ANY_HARD_SIGMOID "FASTRNN_HARD_SIGMOID"
        ANY_HARD_SIGMOID_OLD "FASTRNN_HARD_SIGMOID_OLD"
        ANY_SOFTSIGN "FASTRNN_SOFTSIGN"
        ANY_ELU "FASTRNN_ELU"
        ANY_SELU "FASTRNN_SELU"
        ANY_SOFTPLUS "FASTRNN_SOFTPLUS"
        ANY_EXPONENTIAL "FASTRNN_EXPONENTIAL"

    ctypedef struct Step "fastrnn_step":
        Py_ssize_t m, n_s, ld
        int gate_count
        int activation, recurrent_activation
        const void *packed
        Py_ssize_t width
        const void *apart_bias
        void *states[2]
        void *gates
        void *kept
        const void *drop
        void *dropped
        Py_ssize_t first_step
        const void *ds
        Py_ssize_t ds_row
        void *carry[2]
        void *da
        void *d_kept
        void *d_dropped

    ctypedef struct Cell "fastrnn_cell":
        const char *name
        int gates, states, kept, apart, kept_is_product
        void (*step[2])(const Step *step, Py_ssize_t t, Py_ssize_t j, Py_ssize_t rows, int order) noexcept nogil
        void (*step_back[2])(const Step *step, Py_ssize_t t, Py_ssize_t j, Py_ssize_t rows) noexcept nogil

    const Cell *cells "fastrnn_cells"(const void *type)

    ctypedef struct Factor "fastrnn_factor":
        const void *a
        Py_ssize_t a_row, height
        void *c

    ctypedef struct BadLabel "fastrnn_bad_label":
        Py_ssize_t row
        long long label

    Py_ssize_t panel_width "fastrnn_panel_width"(const void *type, Py_ssize_t rows)
    void pack "fastrnn_pack"(void *packed, Py_ssize_t width, const void *w, Py_ssize_t k_gates, Py_ssize_t units_k,
                             Py_ssize_t k_width, Py_ssize_t w_k, Py_ssize_t gates, Py_ssize_t units,
                             Py_ssize_t gate_width, Py_ssize_t w_column)
    void product "fastrnn_product"(Py_ssize_t rows, Py_ssize_t columns, Py_ssize_t depth, const void *a,
                                   Py_ssize_t a_row, const void *packed, Py_ssize_t width, void *c, Py_ssize_t c_row,
                                   int start, const void *bias)
    void gradient "fastrnn_gradient"(Py_ssize_t rows, Py_ssize_t columns, const void *b, Py_ssize_t b_row,
                                     const Factor *factors, int count, Py_ssize_t c_row, void *sums)
    void tanh_rows "fastrnn_tanh_rows"(Py_ssize_t rows, Py_ssize_t units, void *x, Py_ssize_t x_row)
    void sigmoid_rows "fastrnn_sigmoid_rows"(Py_ssize_t rows, Py_ssize_t units, void *x, Py_ssize_t x_row)
    void exp_rows "fastrnn_exp_rows"(Py_ssize_t rows, Py_ssize_t units, void *x, Py_ssize_t x_row)
    void activation_rows "fastrnn_activation_rows"(Py_ssize_t rows, Py_ssize_t units, void *x, Py_ssize_t x_row,
                                                   int kind)
    void softmax_rows "fastrnn_softmax_rows"(Py_ssize_t rows, Py_ssize_t n, void *x, Py_ssize_t x_row)
    double cross_entropy_rows "fastrnn_cross_entropy_rows"(
        Py_ssize_t rows, Py_ssize_t n, const void *p, Py_ssize_t p_row, const long long *target, const void *weight,
        double scale, void *dlogits, Py_ssize_t dlogits_row, BadLabel *bad)
    double correct_rows "fastrnn_correct_rows"(Py_ssize_t rows, Py_ssize_t n, const void *p, Py_ssize_t p_row,
                                               const long long *target, const void *weight, BadLabel *bad)
    void adam "fastrnn_adam"(Py_ssize_t n, void *p, const void *g, void *m, void *v, void *v_hat, double step,
                             double beta_1, double beta_2, double epsilon, double decay)
    void sgd "fastrnn_sgd"(Py_ssize_t n, void *p, const void *g, void *velocity, double rate, double momentum,
                           int nesterov, double decay)
    void rmsprop "fastrnn_rmsprop"(Py_ssize_t n, void *p, const void *g, void *v, void *a, void *velocity, double rate,
                                   double rho, double momentum, double epsilon, double decay)
    int finite "fastrnn_finite"(Py_ssize_t n, const void *x)
    void clip_norm "fastrnn_clip_norm"(Py_ssize_t n, void *x, double longest)
    void clip_value "fastrnn_clip_value"(Py_ssize_t n, void *x, double furthest)

    void transpose "fastrnn_transpose"(Py_ssize_t rows, Py_ssize_t columns, const void *source, Py_ssize_t source_row,
                                       void *target, Py_ssize_t target_row)

    void fastrnn_bind(const void *f32, const void *f64)

# the tables that kernels.pyx chose, shared by every module of the core
cdef const void *chosen_f32
cdef const void *chosen_f64

cdef inline void bind_kernels() noexcept:
    """Point this extension module at the chosen tables; each module calls it once, at its top."""
    fastrnn_bind(chosen_f32, chosen_f64)
