// Vectors laid side by side for products in tiles.
#ifndef DEEPXML_PACK_H
#define DEEPXML_PACK_H
#include <stddef.h>

#include "vector.h"

typedef float v4 __attribute__((vector_size(16), aligned(4)));

/// Four vectors from x on, four numbers of each, to packed[d][lane]: a transpose in registers.
DX_INLINE void transpose4(const float *x, size_t vector, size_t lanes, float *packed) {
    v4 r0 = *(const v4 *)x, r1 = *(const v4 *)(x + vector);
    v4 r2 = *(const v4 *)(x + 2 * vector), r3 = *(const v4 *)(x + 3 * vector);
    v4 a = __builtin_shufflevector(r0, r1, 0, 4, 1, 5), b = __builtin_shufflevector(r0, r1, 2, 6, 3, 7);
    v4 c = __builtin_shufflevector(r2, r3, 0, 4, 1, 5), d = __builtin_shufflevector(r2, r3, 2, 6, 3, 7);
    *(v4 *)packed = __builtin_shufflevector(a, c, 0, 1, 4, 5);
    *(v4 *)(packed + lanes) = __builtin_shufflevector(a, c, 2, 3, 6, 7);
    *(v4 *)(packed + 2 * lanes) = __builtin_shufflevector(b, d, 0, 1, 4, 5);
    *(v4 *)(packed + 3 * lanes) = __builtin_shufflevector(b, d, 2, 3, 6, 7);
}

/// packed[d][lane] for `count` (at most `lanes`) vectors, vector v's d-th number at x[v * vector + d * step].
DX_INLINE void pack_group(const float *x, size_t vector, size_t step, size_t count, size_t lanes, size_t k, float *packed) {
    if (count < lanes) memset(packed, 0, lanes * k * sizeof(float));
    if (vector == 1) {
        for (size_t d = 0; d < k; d++) memcpy(packed + d * lanes, x + d * step, count * sizeof(float));
    } else if (count == lanes && step == 1) {
        size_t d = 0;
        for (; d + 4 <= k; d += 4)
            for (size_t v = 0; v < lanes; v += 4) transpose4(x + v * vector + d, vector, lanes, packed + d * lanes + v);
        for (; d < k; d++)
            for (size_t v = 0; v < lanes; v++) packed[d * lanes + v] = x[v * vector + d];
    } else {
        for (size_t v = 0; v < count; v++)
            for (size_t d = 0; d < k; d++) packed[d * lanes + v] = x[v * vector + d * step];
    }
}

/// packed[group][d][lane] for any number of vectors (`lanes` a constant at each call). Whole groups come by a call of their own, in which
/// their size is a constant too: copies of a few words are then moves, not calls.
DX_INLINE void pack_groups(const float *x, size_t vector, size_t step, size_t count, const size_t lanes, size_t k,
                           float *packed) {
    size_t v = 0;
    for (; v + lanes <= count; v += lanes) pack_group(x + v * vector, vector, step, lanes, lanes, k, packed + v * k);
    if (v < count) pack_group(x + v * vector, vector, step, count - v, lanes, k, packed + v * k);
}
#endif
