/* What every processor of the architecture runs: SSE2 on x86-64, plain C on arm64 and where the compiler has no vector
 * extensions, any 16-byte vectors elsewhere. */
#include "kernels.h"
#define LEVEL baseline
#if FASTRNN_BASELINE_BYTES == 16
#define VBYTES 16
#else
#define ONE_LANE
#endif
#define TILE_ROWS 6
#include "level.h"
