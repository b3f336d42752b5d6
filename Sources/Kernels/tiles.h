// Inner products whose bits depend on the two vectors alone, in tiles of packed vectors: shared by the matrix products, the
// search and the clustering.
#ifndef DEEPXML_TILES_H
#define DEEPXML_TILES_H
#include <stddef.h>

/// Vectors of the left and of the right side in one tile.
enum { DX_TILE_ROWS = 12, DX_TILE_COLS = 32 };

/// The least multiple of `lanes` that is not below `count`.
static inline size_t dx_round_up(size_t count, size_t lanes) { return (count + lanes - 1) / lanes * lanes; }

/// Lays `count` vectors of k numbers out in groups of DX_TILE_ROWS (left) or DX_TILE_COLS (right): packed[group][d][lane], the
/// last group padded with 0. Number d of vector v is x[v * vector + d * step].
void dx_pack_left(const float *x, size_t vector, size_t step, size_t count, size_t k, float *packed);
void dx_pack_right(const float *x, size_t vector, size_t step, size_t count, size_t k, float *packed);

/// c[12][32] = (accumulate ? c : 0) + a·bᵀ for one packed group of each side; rows of c are `ldc` apart.
///
/// Each entry is one chain of multiply-adds in ascending d, wherever it stands in a tile. OpenBLAS does not promise that:
/// with its Haswell and Zen kernels (0.3.21, checked with 192×768 tiles, D 64 … 1024) the same two vectors give
/// different bits at different places of one full tile, so results would depend on how work is cut.
void dx_tile_product(const float *a, const float *b, size_t k, float *c, size_t ldc, int accumulate);

/// The same for the first rows alone; what is in the others is left open.
void dx_tile_rows(size_t rows, const float *a, const float *b, size_t k, float *c, size_t ldc, int accumulate);

/// A product of one tile as above; the packed groups are in a layout of its own.
typedef void dx_tile_function(size_t rows, const void *a, const void *b, size_t k, float *c, size_t ldc, int accumulate);

/// c(m x n) = (accumulate ? c : 0) + left·rightᵀ, tile by tile. A packed vector takes `bytes` on either side; `k` is handed on.
void dx_tiled_product(dx_tile_function *product, size_t m, size_t n, size_t k, size_t bytes, const void *left,
                      const void *right, float *c, size_t ldc, int accumulate);
#endif
