/* AVX2 with FMA: 16 registers of 32 bytes hold 6 rows of 2 vectors. */
#include "kernels.h"
#if defined(FASTRNN_X86)
#define LEVEL avx2
#define VBYTES 32
#define TILE_ROWS 6
#include "level.h"
#endif
