/* AVX-512 (F, VL, DQ, BW): 32 registers of 64 bytes hold 12 rows of 2 vectors. */
#include "kernels.h"
#if defined(FASTRNN_X86)
#define LEVEL avx512
#define VBYTES 64
#define TILE_ROWS 12
#include "level.h"
#endif
