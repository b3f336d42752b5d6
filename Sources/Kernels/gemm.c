// Matrix products in which each entry is one chain of multiply-adds in ascending k, whatever the sizes are and wherever
// the entry stands: a product that is cut along its rows or columns has the same bits (search_product.h).
#include "kernels.h"
#include "pack.h"
#include "search_product.h"

size_t dx_gemm_workspace(size_t m, size_t n, size_t k) {
    return dx_gemm_left_workspace(m, k) + dx_gemm_packed_size(n, k);
}

DX_CLONES static void pack_left(const float *x, size_t vector, size_t step, size_t count, size_t k, float *packed) {
    for (size_t v = 0; v < count; v += DX_TILE_ROWS) {
        size_t here = count - v < DX_TILE_ROWS ? count - v : DX_TILE_ROWS;
        pack_group(x + v * vector, vector, step, here, DX_TILE_ROWS, k, packed + v * k);
    }
}

DX_CLONES static void pack_right(const float *x, size_t vector, size_t step, size_t count, size_t k, float *packed) {
    for (size_t v = 0; v < count; v += DX_TILE_COLS) {
        size_t here = count - v < DX_TILE_COLS ? count - v : DX_TILE_COLS;
        pack_group(x + v * vector, vector, step, here, DX_TILE_COLS, k, packed + v * k);
    }
}

// A tile at the edge, by way of a whole one.
static void edge_tile(const float *a, const float *b, size_t k, float *c, size_t ldc, size_t rows, size_t cols,
                      int accumulate, float *tile) {
    if (accumulate)
        for (size_t i = 0; i < rows; i++) memcpy(tile + i * DX_TILE_COLS, c + i * ldc, cols * sizeof(float));
    dx_tile_product(a, b, (int64_t)k, tile, DX_TILE_COLS, accumulate);
    for (size_t i = 0; i < rows; i++) memcpy(c + i * ldc, tile + i * DX_TILE_COLS, cols * sizeof(float));
}

size_t dx_gemm_packed_size(size_t n, size_t k) { return (n + DX_TILE_COLS - 1) / DX_TILE_COLS * DX_TILE_COLS * k; }

void dx_gemm_pack(size_t n, size_t k, const float *b, size_t b_row, size_t b_col, float *packed) {
    pack_right(b, b_col, b_row, n, k, packed);
}

size_t dx_gemm_left_workspace(size_t m, size_t k) {
    return (m + DX_TILE_ROWS - 1) / DX_TILE_ROWS * DX_TILE_ROWS * k + DX_TILE_ROWS * DX_TILE_COLS;
}

void dx_gemm_packed(size_t m, size_t n, size_t k, const float *a, size_t a_row, size_t a_col, const float *right, float *c,
                    size_t ldc, int accumulate, float *workspace) {
    float *left = workspace, *tile = left + (m + DX_TILE_ROWS - 1) / DX_TILE_ROWS * DX_TILE_ROWS * k;
    memset(tile, 0, DX_TILE_ROWS * DX_TILE_COLS * sizeof(float));
    pack_left(a, a_row, a_col, m, k, left);
    for (size_t j = 0; j < n; j += DX_TILE_COLS)
        for (size_t i = 0; i < m; i += DX_TILE_ROWS) {
            size_t high = m - i < DX_TILE_ROWS ? m - i : DX_TILE_ROWS, across = n - j < DX_TILE_COLS ? n - j : DX_TILE_COLS;
            float *to = c + i * ldc + j;
            if (high == DX_TILE_ROWS && across == DX_TILE_COLS)
                dx_tile_product(left + i * k, right + j * k, (int64_t)k, to, (int64_t)ldc, accumulate);
            else
                edge_tile(left + i * k, right + j * k, k, to, ldc, high, across, accumulate, tile);
        }
}

void dx_gemm(size_t m, size_t n, size_t k, const float *a, size_t a_row, size_t a_col, const float *b, size_t b_row,
             size_t b_col, float *c, size_t ldc, int accumulate, float *workspace) {
    float *right = workspace + dx_gemm_left_workspace(m, k);
    dx_gemm_pack(n, k, b, b_row, b_col, right);
    dx_gemm_packed(m, n, k, a, a_row, a_col, right, c, ldc, accumulate, workspace);
}
