// Inner products whose bits depend on the two vectors alone: shared by the search and clustering kernels.
#ifndef DEEPXML_SEARCH_PRODUCT_H
#define DEEPXML_SEARCH_PRODUCT_H
#include <stdint.h>

/// Vectors of the left and of the right side in one tile.
enum { DX_TILE_ROWS = 12, DX_TILE_COLS = 32 };

/// Lays `count` vectors of `dims` numbers out in groups of `lanes`: packed[group][d][lane], the last group padded with 0.
void dx_pack_lanes(
    const float *rows, int64_t stride, int64_t count, int64_t dims, int64_t lanes, float *packed);

/// c[12][32] = (accumulate ? c : 0) + a·bᵀ for one packed group of each side; rows of c are `stride` apart.
///
/// Each entry is one chain of multiply-adds in ascending d, wherever it stands in a tile. OpenBLAS does not promise that:
/// with its Haswell and Zen kernels (0.3.21, checked with 192×768 tiles, D 64 … 1024) the same two vectors give
/// different bits at different places of one full tile, so results would depend on how work is cut.
void dx_tile_product(const float *a, const float *b, int64_t dims, float *c, int64_t stride, int accumulate);
#endif
