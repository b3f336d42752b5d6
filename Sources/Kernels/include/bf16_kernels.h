// Matrix products of bfloat16 numbers with sums in 32 bits. `native`: by AVX512-BF16; otherwise in 32 bits, with the same bits.
#ifndef DEEPXML_BF16_KERNELS_H
#define DEEPXML_BF16_KERNELS_H
#include <stddef.h>

/// Whether this CPU can be asked for `native`.
int dx_bf16_supported(void);

/// Whether `native` is the faster way: on Intel's (2023) vdpbf16ps runs at half the rate of multiply-adds, on AMD's at the
/// same.
int dx_bf16_fast(void);

/// Bytes of `count` packed vectors of k numbers, as the left side (rows of c) of a product.
size_t dx_bf16_left_bytes(int native, size_t count, size_t k);

/// The same for the right side (columns of c).
size_t dx_bf16_right_bytes(int native, size_t count, size_t k);

/// Rounds `count` vectors of k numbers to bfloat16 (to nearest, ties to even; subnormal numbers to 0) and lays them out as the
/// left side of dx_bf16_product. Number d of vector v is x[v * vector + d * step]; one of the strides is 1.
void dx_bf16_pack_left(int native, const float *x, size_t vector, size_t step, size_t count, size_t k, void *packed);

/// The same for the right side.
void dx_bf16_pack_right(int native, const float *x, size_t vector, size_t step, size_t count, size_t k, void *packed);

/// c(m x n) = (accumulate ? c : 0) + left(m vectors) right(n vectors)^T. Each entry is one chain of sums of two products in
/// ascending k: cutting a product along its rows or columns changes no bit.
void dx_bf16_product(int native, size_t m, size_t n, size_t k, const void *left, const void *right, float *c, size_t ldc,
                     int accumulate);
#endif
