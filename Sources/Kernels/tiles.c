#include "tiles.h"

#include "pack.h"

typedef float v8 __attribute__((vector_size(32), aligned(4)));

DX_CLONES void dx_pack_left(const float *x, size_t vector, size_t step, size_t count, size_t k, float *packed) {
    pack_groups(x, vector, step, count, DX_TILE_ROWS, k, packed);
}

DX_CLONES void dx_pack_right(const float *x, size_t vector, size_t step, size_t count, size_t k, float *packed) {
    pack_groups(x, vector, step, count, DX_TILE_COLS, k, packed);
}

// One kernel a vector width: HIGH rows × ACROSS vectors of WIDTH floats are held in registers over the whole of k.
#define TILE(NAME, TARGET, VECTOR, WIDTH, HIGH, ACROSS)                                                                      \
    TARGET static void NAME(size_t rows, const float *restrict a, const float *restrict b, size_t k, float *restrict c,      \
                            size_t ldc, int accumulate) {                                                                    \
        for (size_t j0 = 0; j0 < DX_TILE_COLS; j0 += ACROSS * WIDTH)                                                         \
            for (size_t i0 = 0; i0 < rows; i0 += HIGH) {                                                                     \
                VECTOR sum[HIGH][ACROSS];                                                                                    \
                UNROLL_FOR (size_t i = 0; i < HIGH; i++)                                                                     \
                    UNROLL_FOR (size_t j = 0; j < ACROSS; j++)                                                               \
                        sum[i][j] = accumulate ? *(const VECTOR *)(c + (i0 + i) * ldc + j0 + j * WIDTH) : (VECTOR){0};       \
                for (size_t d = 0; d < k; d++) {                                                                             \
                    VECTOR right[ACROSS];                                                                                    \
                    UNROLL_FOR (size_t j = 0; j < ACROSS; j++)                                                               \
                        right[j] = *(const VECTOR *)(b + d * DX_TILE_COLS + j0 + j * WIDTH);                                 \
                    UNROLL_FOR (size_t i = 0; i < HIGH; i++)                                                                 \
                        UNROLL_FOR (size_t j = 0; j < ACROSS; j++) sum[i][j] += a[d * DX_TILE_ROWS + i0 + i] * right[j];     \
                }                                                                                                            \
                UNROLL_FOR (size_t i = 0; i < HIGH; i++)                                                                     \
                    UNROLL_FOR (size_t j = 0; j < ACROSS; j++) *(VECTOR *)(c + (i0 + i) * ldc + j0 + j * WIDTH) = sum[i][j]; \
            }                                                                                                                \
    }

// Without min_vector_width clang halves the 64-byte vectors, and 48 of them do not fit the registers.
TILE(tile_v4, __attribute__((target("arch=x86-64-v4"), min_vector_width(512))), v16, 16, 12, 2)
TILE(tile_v4_low, __attribute__((target("arch=x86-64-v4"), min_vector_width(512))), v16, 16, 4, 2)
TILE(tile_v3, __attribute__((target("arch=x86-64-v3"))), v8, 8, 6, 2)
TILE(tile_any, , v4, 4, 4, 2)

void dx_tile_rows(size_t rows, const float *a, const float *b, size_t k, float *c, size_t ldc, int accumulate) {
    if (__builtin_cpu_supports("x86-64-v4")) {
        if (rows <= 8) tile_v4_low(rows, a, b, k, c, ldc, accumulate);
        else tile_v4(rows, a, b, k, c, ldc, accumulate);
    } else if (__builtin_cpu_supports("x86-64-v3")) {
        tile_v3(rows, a, b, k, c, ldc, accumulate);
    } else {
        tile_any(rows, a, b, k, c, ldc, accumulate);
    }
}

void dx_tile_product(const float *a, const float *b, size_t k, float *c, size_t ldc, int accumulate) {
    dx_tile_rows(DX_TILE_ROWS, a, b, k, c, ldc, accumulate);
}

/// A tile at the edge, by way of a whole one.
static void edge_tile(dx_tile_function *product, const void *a, const void *b, size_t k, float *c, size_t ldc, size_t rows,
                      size_t cols, int accumulate) {
    float tile[DX_TILE_ROWS * DX_TILE_COLS] = {0};
    if (accumulate)
        for (size_t i = 0; i < rows; i++) memcpy(tile + i * DX_TILE_COLS, c + i * ldc, cols * sizeof(float));
    product(rows, a, b, k, tile, DX_TILE_COLS, accumulate);
    for (size_t i = 0; i < rows; i++) memcpy(c + i * ldc, tile + i * DX_TILE_COLS, cols * sizeof(float));
}

void dx_tiled_product(dx_tile_function *product, size_t m, size_t n, size_t k, size_t bytes, const void *left,
                      const void *right, float *c, size_t ldc, int accumulate) {
    for (size_t j = 0; j < n; j += DX_TILE_COLS)
        for (size_t i = 0; i < m; i += DX_TILE_ROWS) {
            const size_t rows = m - i < DX_TILE_ROWS ? m - i : DX_TILE_ROWS, cols = n - j < DX_TILE_COLS ? n - j : DX_TILE_COLS;
            const char *a = (const char *)left + i * bytes, *b = (const char *)right + j * bytes;
            float *to = c + i * ldc + j;
            if (rows == DX_TILE_ROWS && cols == DX_TILE_COLS) product(rows, a, b, k, to, ldc, accumulate);
            else edge_tile(product, a, b, k, to, ldc, rows, cols, accumulate);
        }
}
