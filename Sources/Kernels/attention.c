// Attention of one document's vectors to each other, head by head. The weights of a head live in the workspace: the backward
// pass computes them again.
#include "kernels.h"
#include "philox_lanes.h"
#include "tiles.h"
#include "vector.h"
#pragma clang fp contract(fast)

DX_INLINE float largest(const float *x, size_t padded) {
    float lanes[16], top;
    memcpy(lanes, x, sizeof lanes);
    for (size_t c = 16; c < padded; c += 16)
        for (size_t i = 0; i < 16; i++) lanes[i] = x[c + i] > lanes[i] ? x[c + i] : lanes[i];
    top = lanes[0];
    for (size_t i = 1; i < 16; i++) top = lanes[i] > top ? lanes[i] : top;
    return top;
}

DX_CLONES void dx_softmax_rows(float *scores, size_t rows, size_t count, size_t ld, float scale) {
    for (size_t r = 0; r < rows; r++) {
        float *row = scores + r * ld;
        for (size_t c = count; c < ld; c++) row[c] = -INFINITY;
        const float top = largest(row, ld);
        for (size_t c = 0; c < ld; c++) row[c] = dx_exp(scale * (row[c] - top));
        for (size_t c = count; c < ld; c++) row[c] = 0;
        const float inverse = 1.0f / dx_row_sum(row, ld);
        for (size_t c = 0; c < ld; c++) row[c] *= inverse;
    }
}

DX_CLONES void dx_softmax_backward(float *g, const float *p, size_t rows, size_t count, size_t ld, float scale) {
    for (size_t r = 0; r < rows; r++) {
        float *row = g + r * ld;
        const float *weights = p + r * ld;
        const float inner = dx_dot(row, weights, count);
        for (size_t c = 0; c < count; c++) row[c] = scale * weights[c] * (row[c] - inner);
    }
}

DX_CLONES void dx_attention_dropout(float *p, size_t length, size_t ld, int32_t id, size_t head, dx_attention_heads heads) {
    const float scale = 1.0f / heads.keep;
    const uint32_t threshold = (uint32_t)(heads.keep * 65536.0f);
    for (size_t i = 0; i < length; i++)
        for (size_t from = 0; from < length; from += LANES * 8) {
            uint16_t bits[LANES * 8];
            const size_t number = (head * heads.span + i) * heads.span + from;
            philox_bits(heads.stream, (uint32_t)id, (uint32_t)(number / 8), bits);
            const size_t count = length - from < LANES * 8 ? length - from : LANES * 8;
            float *part = p + i * ld + from;
            for (size_t c = 0; c < count; c++) part[c] = bits[c] < threshold ? part[c] * scale : 0.0f;
        }
}

/// The parts of a workspace: two matrices of weights, three of vectors, and what products work in.
typedef struct {
    size_t ld;
    float *weights, *gradient, *q, *k, *v, *products;
} attention_room;

static size_t weights_size(size_t length) { return length * dx_round_up(length, 16); }
static size_t vectors_size(size_t length, size_t dims) { return dx_round_up(length * dims, 16); }

static attention_room rooms(size_t length, size_t dims, float *workspace) {
    attention_room room = {.ld = dx_round_up(length, 16), .weights = workspace};
    room.gradient = room.weights + weights_size(length);
    room.q = room.gradient + weights_size(length);
    room.k = room.q + vectors_size(length, dims);
    room.v = room.k + vectors_size(length, dims);
    room.products = room.v + vectors_size(length, dims);
    return room;
}

size_t dx_attention_workspace(size_t length, size_t dims) {
    const size_t wide = dx_gemm_workspace(length, length, dims), tall = dx_gemm_workspace(length, dims, length);
    return 2 * weights_size(length) + 3 * vectors_size(length, dims) + (wide > tall ? wide : tall);
}

static float score_scale(dx_attention_heads heads) { return 1.0f / sqrtf((float)heads.dims); }

void dx_attention(const float *qkv, size_t ld, size_t length, int32_t id, dx_attention_heads heads, float *out, size_t ldo,
                  float *workspace) {
    const attention_room room = rooms(length, heads.dims, workspace);
    const size_t width = heads.heads * heads.dims;
    for (size_t h = 0; h < heads.heads; h++) {
        const float *q = qkv + h * heads.dims, *k = q + width, *v = k + width;
        dx_gemm(length, length, heads.dims, q, ld, 1, k, 1, ld, room.weights, room.ld, 0, room.products);
        dx_softmax_rows(room.weights, length, length, room.ld, score_scale(heads));
        if (heads.keep < 1.0f) dx_attention_dropout(room.weights, length, room.ld, id, h, heads);
        dx_gemm(length, heads.dims, length, room.weights, room.ld, 1, v, ld, 1, out + h * heads.dims, ldo, 0, room.products);
    }
}

static void copy_columns(const float *x, size_t ld, size_t rows, size_t cols, float *to) {
    for (size_t r = 0; r < rows; r++) memcpy(to + r * cols, x + r * ld, cols * sizeof(float));
}

/// With P' = dropout(P): dV = P'^T dO, dP' = dO V^T, dS = softmax'(dropout(dP')), dQ = dS K, dK = dS^T Q.
void dx_attention_backward(const float *g, size_t ldg, float *qkv, size_t ld, size_t length, int32_t id,
                           dx_attention_heads heads, float *workspace) {
    const attention_room room = rooms(length, heads.dims, workspace);
    const size_t d = heads.dims, width = heads.heads * d, bytes = length * room.ld * sizeof(float);
    for (size_t h = 0; h < heads.heads; h++) {
        float *dq = qkv + h * d, *dk = dq + width, *dv = dk + width;
        const float *out = g + h * d;
        copy_columns(dq, ld, length, d, room.q);
        copy_columns(dk, ld, length, d, room.k);
        copy_columns(dv, ld, length, d, room.v);
        dx_gemm(length, length, d, room.q, d, 1, room.k, 1, d, room.weights, room.ld, 0, room.products);
        dx_softmax_rows(room.weights, length, length, room.ld, score_scale(heads));
        memcpy(room.gradient, room.weights, bytes);
        if (heads.keep < 1.0f) dx_attention_dropout(room.gradient, length, room.ld, id, h, heads);
        dx_gemm(length, d, length, room.gradient, 1, room.ld, out, ldg, 1, dv, ld, 0, room.products);
        dx_gemm(length, length, d, out, ldg, 1, room.v, 1, d, room.gradient, room.ld, 0, room.products);
        if (heads.keep < 1.0f) dx_attention_dropout(room.gradient, length, room.ld, id, h, heads);
        dx_softmax_backward(room.gradient, room.weights, length, length, room.ld, score_scale(heads));
        dx_gemm(length, d, length, room.gradient, room.ld, 1, room.k, d, 1, dq, ld, 0, room.products);
        dx_gemm(length, d, length, room.gradient, 1, room.ld, room.q, d, 1, dk, ld, 0, room.products);
    }
}
