// Matrix products of bfloat16 numbers with sums in 32 bits, for CPUs that have AVX512-BF16.
#ifndef DEEPXML_BF16_KERNELS_H
#define DEEPXML_BF16_KERNELS_H
#include <stddef.h>

// Whether this CPU runs the functions below; on others they must not be called.
int dx_bf16_supported(void);

// Bytes of `count` packed vectors of k numbers, as the left (rows of c) or the right side (columns of c) of a product.
size_t dx_bf16_left_bytes(size_t count, size_t k);
size_t dx_bf16_right_bytes(size_t count, size_t k);

// Rounds `count` vectors of k numbers to bfloat16 (to nearest, ties to even; subnormal numbers to 0) and lays them out for
// dx_bf16_product. Number d of vector v is x[v * vector + d * step]; one of the strides is 1.
void dx_bf16_pack_left(const float *x, size_t vector, size_t step, size_t count, size_t k, void *packed);
void dx_bf16_pack_right(const float *x, size_t vector, size_t step, size_t count, size_t k, void *packed);

// c(m x n) = (accumulate ? c : 0) + left(m vectors) right(n vectors)^T. Each entry is one chain of sums of two products in
// ascending k: cutting a product along its rows or columns changes no bit.
void dx_bf16_product(size_t m, size_t n, size_t k, const void *left, const void *right, float *c, size_t ldc,
                     int accumulate);
#endif
