/* How many threads OpenMP would use here; one where it was not built in. */
#ifdef _OPENMP
#include <omp.h>
static inline int fastrnn_openmp_threads(void) { return omp_get_max_threads(); }
enum { FASTRNN_OPENMP = 1 };
#else
static inline int fastrnn_openmp_threads(void) { return 1; }
enum { FASTRNN_OPENMP = 0 };
#endif
