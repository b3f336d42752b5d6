// What a transformer does between its products (Vaswani et al. 2017; Devlin et al. 2019). Matrices are row-major; "ld" is the
// distance between rows. Sums over a row are in an order that depends on its length alone.
#ifndef DEEPXML_TRANSFORMER_KERNELS_H
#define DEEPXML_TRANSFORMER_KERNELS_H
#include <stddef.h>
#include <stdint.h>

#include "training_kernels.h"

/// Layer normalisation (Ba et al. 2016) of each row: x becomes (x - mean) * inverse, inverse[r] = 1 / sqrt(variance + eps), and
/// out = weight * x + bias.
void dx_layer_norm(float *x, size_t rows, size_t cols, size_t ld, float eps, const float *weight, const float *bias,
                   float *inverse, float *out, size_t ldo);

/// In place, the gradient of what went in from that of out; `standard` is what x became.
void dx_layer_norm_backward(float *g, size_t ldg, const float *standard, size_t ld, size_t rows, size_t cols,
                            const float *weight, const float *inverse);

/// The sum of squares, in double: of blocks of 8,192 numbers, each in 256 lanes that meet in a binary tree, from the first block on.
double dx_squares(const float *x, size_t count);

/// x += bias; out = x Phi(x), Phi within 1e-7 of the exact one (Abramowitz & Stegun 7.1.26).
void dx_bias_gelu(float *x, size_t rows, size_t cols, size_t ld, const float *bias, float *out, size_t ldo);

/// g *= the slope at x.
void dx_gelu_backward(float *g, size_t ldg, const float *x, size_t ld, size_t rows, size_t cols);

/// Each row's softmax of scale * scores, over its first `count` columns; those up to ld, a multiple of 16, become zero.
void dx_softmax_rows(float *scores, size_t rows, size_t count, size_t ld, float scale);

/// g becomes the gradient of the scores from that of their softmax p.
void dx_softmax_backward(float *g, const float *p, size_t rows, size_t count, size_t ld, float scale);

/// Heads of `dims` columns each; `keep` is the share of weights that dropout keeps. Weight (i, j) of head h of a document draws
/// number (h * span + i) * span + j of its row of the stream; span, a multiple of 128, is at least every document's length.
typedef struct {
    size_t heads, dims, span;
    float keep;
    dx_stream stream;
} dx_attention_heads;

/// Dropout of one head's weights, length x ld.
void dx_attention_dropout(float *p, size_t length, size_t ld, int32_t id, size_t head, dx_attention_heads heads);

/// Floats that attention over `length` vectors works in, forward or backward.
size_t dx_attention_workspace(size_t length, size_t dims);

/// Attention of one document's vectors to each other: out = softmax(Q K^T / sqrt(dims)) V for each head. The rows of
/// qkv are queries, keys and values side by side, each heads * dims wide; the weights live in the workspace alone.
void dx_attention(const float *qkv, size_t ld, size_t length, int32_t id, dx_attention_heads heads, float *out, size_t ldo,
                  float *workspace);

/// The gradient of qkv from that of out, in place of qkv.
void dx_attention_backward(const float *g, size_t ldg, float *qkv, size_t ld, size_t length, int32_t id,
                           dx_attention_heads heads, float *workspace);
#endif
