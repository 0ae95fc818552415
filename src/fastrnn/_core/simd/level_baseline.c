/* What every processor of the architecture has: SSE2 on x86-64, NEON on arm64, any 16-byte vectors elsewhere. */
#define LEVEL baseline
#define VBYTES 16
#define TILE_ROWS 6
#include "level.h"
