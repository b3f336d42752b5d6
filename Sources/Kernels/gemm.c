// Matrix products in which each entry is one chain of multiply-adds in ascending k, whatever the sizes are and wherever
// the entry stands: a product that is cut along its rows or columns has the same bits (tiles.h).
#include "kernels.h"
#include "tiles.h"

size_t dx_gemm_packed_size(size_t n, size_t k) { return dx_round_up(n, DX_TILE_COLS) * k; }

void dx_gemm_pack(size_t n, size_t k, const float *b, size_t b_row, size_t b_col, float *packed) {
    dx_pack_right(b, b_col, b_row, n, k, packed);
}

size_t dx_gemm_left_workspace(size_t m, size_t k) { return dx_round_up(m, DX_TILE_ROWS) * k; }

static void float_tile(size_t rows, const void *a, const void *b, size_t k, float *c, size_t ldc, int accumulate) {
    dx_tile_rows(rows, a, b, k, c, ldc, accumulate);
}

void dx_gemm_packed(size_t m, size_t n, size_t k, const float *a, size_t a_row, size_t a_col, const float *right, float *c,
                    size_t ldc, int accumulate, float *workspace) {
    dx_pack_left(a, a_row, a_col, m, k, workspace);
    dx_tiled_product(float_tile, m, n, k, k * sizeof(float), workspace, right, c, ldc, accumulate);
}

size_t dx_gemm_workspace(size_t m, size_t n, size_t k) { return dx_gemm_left_workspace(m, k) + dx_gemm_packed_size(n, k); }

void dx_gemm(size_t m, size_t n, size_t k, const float *a, size_t a_row, size_t a_col, const float *b, size_t b_row,
             size_t b_col, float *c, size_t ldc, int accumulate, float *workspace) {
    float *right = workspace + dx_gemm_left_workspace(m, k);
    dx_gemm_pack(n, k, b, b_row, b_col, right);
    dx_gemm_packed(m, n, k, a, a_row, a_col, right, c, ldc, accumulate, workspace);
}
