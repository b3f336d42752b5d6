// gemm.c in bfloat16, in two ways that give the same bits. By AVX512-BF16: two neighbouring k of a vector make one 32-bit
// pair, and vdpbf16ps adds the product of the odd ones to a sum in 32 bits, then that of the even ones. Or by rounding numbers to
// bfloat16 and multiplying in 32 bits, in the same order: a product of two bfloat16 numbers is exact there, so a fused
// multiply-add rounds as the instruction does.
#include <immintrin.h>

#include "kernels.h"
#include "pack.h"
#include "tiles.h"

#define BF16 __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512bf16,avx2,fma"), min_vector_width(512)))
#define BF16_INLINE BF16 __attribute__((always_inline)) static inline

int dx_bf16_supported(void) { return __builtin_cpu_supports("x86-64-v4") && __builtin_cpu_supports("avx512bf16"); }

int dx_bf16_fast(void) { return dx_bf16_supported() && __builtin_cpu_is("amd"); }

/// Bytes that two neighbouring k of a vector take.
static inline size_t pair_bytes(int native) { return native ? sizeof(uint32_t) : 2 * sizeof(float); }

static size_t packed_bytes(int native, size_t count, size_t lanes, size_t k) {
    return dx_round_up(count, lanes) * ((k + 1) / 2) * pair_bytes(native);
}

size_t dx_bf16_left_bytes(int native, size_t count, size_t k) { return packed_bytes(native, count, DX_TILE_ROWS, k); }
size_t dx_bf16_right_bytes(int native, size_t count, size_t k) { return packed_bytes(native, count, DX_TILE_COLS, k); }

static inline size_t least(size_t a, size_t b) { return a < b ? a : b; }

/// Numbers of a vector stand side by side: four vectors, four pairs of each, by a transpose in registers.
BF16_INLINE void pack_rows(const float *x, size_t vector, size_t count, size_t lanes, size_t k, uint32_t *packed) {
    const size_t pairs = (k + 1) / 2;
    for (size_t d = 0; d < k; d += 8) {
        const __mmask8 inside = (__mmask8)((1u << least(8, k - d)) - 1);
        for (size_t v = 0; v < lanes; v += 4) {
            __m128i row[4];
            for (size_t i = 0; i < 4; i++)
                row[i] = v + i < count ? (__m128i)_mm256_cvtneps_pbh(_mm256_maskz_loadu_ps(inside, x + (v + i) * vector + d))
                                       : _mm_setzero_si128();
            const __m128i a = _mm_unpacklo_epi32(row[0], row[1]), b = _mm_unpackhi_epi32(row[0], row[1]);
            const __m128i c = _mm_unpacklo_epi32(row[2], row[3]), e = _mm_unpackhi_epi32(row[2], row[3]);
            const __m128i out[4] = {_mm_unpacklo_epi64(a, c), _mm_unpackhi_epi64(a, c), _mm_unpacklo_epi64(b, e),
                                    _mm_unpackhi_epi64(b, e)};
            for (size_t j = 0; j < 4; j++)
                if (d / 2 + j < pairs) _mm_storeu_si128((__m128i *)(packed + (d / 2 + j) * lanes + v), out[j]);
        }
    }
}

/// The same number of neighbouring vectors stands side by side: two such rows are interleaved.
BF16_INLINE void pack_columns(const float *x, size_t step, size_t count, size_t lanes, size_t k, uint32_t *packed) {
    for (size_t v = 0; v < lanes; v += 16) {
        const size_t here = count > v ? least(16, count - v) : 0;
        const __mmask16 inside = (__mmask16)((1u << here) - 1), kept = (__mmask16)((1u << least(16, lanes - v)) - 1);
        for (size_t d = 0; d < k; d += 2) {
            const __m512 even = _mm512_maskz_loadu_ps(inside, x + d * step + v);
            const __m512 odd = d + 1 < k ? _mm512_maskz_loadu_ps(inside, x + (d + 1) * step + v) : _mm512_setzero_ps();
            const __m512i low = _mm512_cvtepu16_epi32((__m256i)_mm512_cvtneps_pbh(even));
            const __m512i high = _mm512_cvtepu16_epi32((__m256i)_mm512_cvtneps_pbh(odd));
            _mm512_mask_storeu_epi32(packed + d / 2 * lanes + v, kept, _mm512_or_si512(low, _mm512_slli_epi32(high, 16)));
        }
    }
}

BF16_INLINE void pack_pairs(const float *x, size_t vector, size_t step, size_t count, const size_t lanes, size_t k,
                            uint32_t *packed) {
    for (size_t v = 0; v < count; v += lanes) {
        const size_t here = least(lanes, count - v);
        uint32_t *to = packed + v * ((k + 1) / 2);
        if (step == 1) pack_rows(x + v * vector, vector, here, lanes, k, to);
        else pack_columns(x + v, step, here, lanes, k, to);
    }
}

BF16 static void pack_left_pairs(const float *x, size_t vector, size_t step, size_t count, size_t k, void *packed) {
    pack_pairs(x, vector, step, count, DX_TILE_ROWS, k, packed);
}

BF16 static void pack_right_pairs(const float *x, size_t vector, size_t step, size_t count, size_t k, void *packed) {
    pack_pairs(x, vector, step, count, DX_TILE_COLS, k, packed);
}

/// To nearest, ties to even; subnormal numbers to zero, NaN stays.
DX_INLINE float rounded(float x) {
    uint32_t bits;
    memcpy(&bits, &x, 4);
    const uint32_t magnitude = bits & 0x7fffffff, near = (bits + 0x7fff + (bits >> 16 & 1)) & 0xffff0000;
    bits = magnitude > 0x7f800000 ? bits | 0x400000 : magnitude < 0x800000 ? bits & 0x80000000 : near;
    memcpy(&x, &bits, 4);
    return x;
}

/// packed[d][lane], d = 1, 0, 3, 2, ...: the order in which vdpbf16ps adds.
DX_INLINE void pack_rounded(const float *x, size_t vector, size_t step, size_t count, const size_t lanes, size_t k,
                            float *packed) {
    const size_t whole = k + k % 2;
    for (size_t v = 0; v < count; v += lanes) {
        float *to = packed + v * whole;
        pack_group(x + v * vector, vector, step, least(lanes, count - v), lanes, k, to);
        if (k % 2) memset(to + k * lanes, 0, lanes * sizeof(float));
        for (float *pair = to; pair < to + whole * lanes; pair += 2 * lanes)
            for (size_t i = 0; i < lanes; i++) {
                const float even = rounded(pair[i]);
                pair[i] = rounded(pair[lanes + i]);
                pair[lanes + i] = even;
            }
    }
}

DX_CLONES static void pack_left_rounded(const float *x, size_t vector, size_t step, size_t count, size_t k, void *packed) {
    pack_rounded(x, vector, step, count, DX_TILE_ROWS, k, packed);
}

DX_CLONES static void pack_right_rounded(const float *x, size_t vector, size_t step, size_t count, size_t k, void *packed) {
    pack_rounded(x, vector, step, count, DX_TILE_COLS, k, packed);
}

void dx_bf16_pack_left(int native, const float *x, size_t vector, size_t step, size_t count, size_t k, void *packed) {
    (native ? pack_left_pairs : pack_left_rounded)(x, vector, step, count, k, packed);
}

void dx_bf16_pack_right(int native, const float *x, size_t vector, size_t step, size_t count, size_t k, void *packed) {
    (native ? pack_right_pairs : pack_right_rounded)(x, vector, step, count, k, packed);
}

/// 12 rows of two vectors are held in registers over the whole of k, whether all are wanted or not.
BF16 static void pairs_tile(size_t rows, const void *left_pairs, const void *right_pairs, size_t pairs, float *c, size_t ldc,
                            int accumulate) {
    (void)rows;
    const uint32_t *a = left_pairs, *b = right_pairs;
    __m512 sum[DX_TILE_ROWS][2];
    UNROLL_FOR (size_t i = 0; i < DX_TILE_ROWS; i++)
        UNROLL_FOR (size_t j = 0; j < 2; j++)
            sum[i][j] = accumulate ? _mm512_loadu_ps(c + i * ldc + 16 * j) : _mm512_setzero_ps();
    for (size_t p = 0; p < pairs; p++) {
        const __m512bh left = (__m512bh)_mm512_loadu_si512(b + p * DX_TILE_COLS);
        const __m512bh right = (__m512bh)_mm512_loadu_si512(b + p * DX_TILE_COLS + 16);
        UNROLL_FOR (size_t i = 0; i < DX_TILE_ROWS; i++) {
            const __m512bh row = (__m512bh)_mm512_set1_epi32((int)a[p * DX_TILE_ROWS + i]);
            sum[i][0] = _mm512_dpbf16_ps(sum[i][0], row, left);
            sum[i][1] = _mm512_dpbf16_ps(sum[i][1], row, right);
        }
    }
    UNROLL_FOR (size_t i = 0; i < DX_TILE_ROWS; i++)
        UNROLL_FOR (size_t j = 0; j < 2; j++) _mm512_storeu_ps(c + i * ldc + 16 * j, sum[i][j]);
}

static void rounded_tile(size_t rows, const void *a, const void *b, size_t pairs, float *c, size_t ldc, int accumulate) {
    dx_tile_rows(rows, a, b, 2 * pairs, c, ldc, accumulate);
}

void dx_bf16_product(int native, size_t m, size_t n, size_t k, const void *left, const void *right, float *c, size_t ldc,
                     int accumulate) {
    const size_t pairs = (k + 1) / 2;
    // vdpbf16ps takes subnormal numbers and sums for zero, whatever the control word says.
    const unsigned control = _mm_getcsr();
    if (!native) _mm_setcsr(control | _MM_FLUSH_ZERO_ON | 0x40);
    dx_tiled_product(native ? pairs_tile : rounded_tile, m, n, pairs, pairs * pair_bytes(native), left, right, c, ldc,
                     accumulate);
    if (!native) _mm_setcsr(control);
}
