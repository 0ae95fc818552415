/* The function table of one element type, included by kernels.h once for each.  The kernels' own comments say what
 * they read and write. */
typedef struct {
    ptrdiff_t (*panel_width)(ptrdiff_t rows);
    void (*pack)(REAL *packed, ptrdiff_t width, const REAL *w, ptrdiff_t k_gates, ptrdiff_t units_k, ptrdiff_t k_width,
                 ptrdiff_t w_k, ptrdiff_t gates, ptrdiff_t units, ptrdiff_t gate_width, ptrdiff_t w_column);
    void (*product)(ptrdiff_t rows, ptrdiff_t columns, ptrdiff_t depth, const REAL *a, ptrdiff_t a_row,
                    const REAL *packed, ptrdiff_t width, REAL *c, ptrdiff_t c_row, int start, const REAL *bias);
    void (*gradient)(ptrdiff_t rows, ptrdiff_t columns, const REAL *b, ptrdiff_t b_row, const fastrnn_factor *factors,
                     int count, ptrdiff_t c_row, REAL *sums);
    void (*activation_rows)(ptrdiff_t rows, ptrdiff_t units, REAL *x, ptrdiff_t x_row, int kind);
    const fastrnn_cell *cells; /* FASTRNN_CELLS of them */
    void (*softmax_rows)(ptrdiff_t rows, ptrdiff_t n, REAL *x, ptrdiff_t x_row);
    double (*cross_entropy_rows)(ptrdiff_t rows, ptrdiff_t n, const REAL *p, ptrdiff_t p_row, const int64_t *target,
                                 const REAL *weight, REAL scale, REAL *dlogits, ptrdiff_t dlogits_row,
                                 fastrnn_bad_label *bad);
    double (*correct_rows)(ptrdiff_t rows, ptrdiff_t n, const REAL *p, ptrdiff_t p_row, const int64_t *target,
                           const REAL *weight, fastrnn_bad_label *bad);
    void (*adam)(ptrdiff_t n, REAL *p, const REAL *g, REAL *m, REAL *v, REAL *v_hat, REAL step, REAL beta_1,
                 REAL beta_2, REAL epsilon, REAL decay);
    void (*sgd)(ptrdiff_t n, REAL *p, const REAL *g, REAL *velocity, REAL rate, REAL momentum, int nesterov,
                REAL decay);
    void (*rmsprop)(ptrdiff_t n, REAL *p, const REAL *g, REAL *v, REAL *a, REAL *velocity, REAL rate, REAL rho,
                    REAL momentum, REAL epsilon, REAL decay);
    int (*finite)(ptrdiff_t n, const REAL *x);
    void (*clip_norm)(ptrdiff_t n, REAL *x, double longest);
    void (*clip_value)(ptrdiff_t n, REAL *x, REAL furthest);
    void (*transpose)(ptrdiff_t rows, ptrdiff_t columns, const REAL *source, ptrdiff_t source_row, REAL *target,
                      ptrdiff_t target_row);
} TABLE;
