/* NEON on arm64: 32 registers of 16 bytes hold 12 rows of 2 vectors. */
#include "kernels.h"
#if defined(FASTRNN_ARM64)
#define LEVEL neon
#define VBYTES 16
#define TILE_ROWS 12
#include "level.h"
#endif
