#include "search_product.h"

#include <string.h>

void dx_pack_lanes(
    const float *rows, int64_t stride, int64_t count, int64_t dims, int64_t lanes, float *packed) {
    const int64_t groups = (count + lanes - 1) / lanes;
    if (count % lanes) memset(packed + (groups - 1) * lanes * dims, 0, lanes * dims * sizeof *packed);
    for (int64_t r = 0; r < count; r++) {
        const float *from = rows + r * stride;
        float *to = packed + (r / lanes) * lanes * dims + r % lanes;
        for (int64_t d = 0; d < dims; d++) to[d * lanes] = from[d];
    }
}

typedef float wide512 __attribute__((vector_size(64), aligned(4)));
typedef float wide256 __attribute__((vector_size(32), aligned(4)));
typedef float wide128 __attribute__((vector_size(16), aligned(4)));

// One kernel a vector width: HIGH rows × ACROSS vectors of WIDTH floats are held in registers over the whole of d.
#define TILE(NAME, TARGET, VECTOR, WIDTH, HIGH, ACROSS)                                                          \
    TARGET static void NAME(                                                                                     \
        const float *restrict a, const float *restrict b, int64_t dims, float *restrict c, int64_t stride,       \
        int accumulate) {                                                                                        \
        for (int i0 = 0; i0 < DX_TILE_ROWS; i0 += HIGH)                                                          \
            for (int j0 = 0; j0 < DX_TILE_COLS; j0 += ACROSS * WIDTH) {                                          \
                VECTOR sum[HIGH][ACROSS];                                                                        \
                _Pragma("unroll") for (int i = 0; i < HIGH; i++)                                                 \
                    _Pragma("unroll") for (int j = 0; j < ACROSS; j++)                                           \
                        sum[i][j] = accumulate ? *(const VECTOR *)(c + (i0 + i) * stride + j0 + j * WIDTH)       \
                                               : (VECTOR){0};                                                    \
                for (int64_t d = 0; d < dims; d++) {                                                             \
                    VECTOR right[ACROSS];                                                                        \
                    _Pragma("unroll") for (int j = 0; j < ACROSS; j++)                                           \
                        right[j] = *(const VECTOR *)(b + d * DX_TILE_COLS + j0 + j * WIDTH);                     \
                    _Pragma("unroll") for (int i = 0; i < HIGH; i++)                                             \
                        _Pragma("unroll") for (int j = 0; j < ACROSS; j++)                                       \
                            sum[i][j] += a[d * DX_TILE_ROWS + i0 + i] * right[j];                                \
                }                                                                                                \
                _Pragma("unroll") for (int i = 0; i < HIGH; i++)                                                 \
                    _Pragma("unroll") for (int j = 0; j < ACROSS; j++)                                           \
                        *(VECTOR *)(c + (i0 + i) * stride + j0 + j * WIDTH) = sum[i][j];                         \
            }                                                                                                    \
    }

// Without min_vector_width clang halves the 64-byte vectors, and 48 of them do not fit the registers.
TILE(tile_v4, __attribute__((target("arch=x86-64-v4"), min_vector_width(512))), wide512, 16, 12, 2)
TILE(tile_v3, __attribute__((target("arch=x86-64-v3"))), wide256, 8, 6, 2)
TILE(tile_any, , wide128, 4, 4, 2)

void dx_tile_product(const float *a, const float *b, int64_t dims, float *c, int64_t stride, int accumulate) {
    if (__builtin_cpu_supports("x86-64-v4")) tile_v4(a, b, dims, c, stride, accumulate);
    else if (__builtin_cpu_supports("x86-64-v3")) tile_v3(a, b, dims, c, stride, accumulate);
    else tile_any(a, b, dims, c, stride, accumulate);
}
