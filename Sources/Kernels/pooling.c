// One vector of a row's vectors by attention or by the maximum, and the turn from tokens of dimensions to dimensions of tokens.
#include "kernels.h"
#include "vector.h"
#pragma clang fp contract(fast)

/// The softmax of column h of a length x heads matrix.
DX_INLINE void softmax_column(float *shares, size_t length, size_t heads, size_t h) {
    float top = shares[h], sum = 0;
    for (size_t t = 1; t < length; t++) top = shares[t * heads + h] > top ? shares[t * heads + h] : top;
    for (size_t t = 0; t < length; t++) {
        shares[t * heads + h] = dx_exp(shares[t * heads + h] - top);
        sum += shares[t * heads + h];
    }
    for (size_t t = 0; t < length; t++) shares[t * heads + h] /= sum;
}

DX_CLONES void dx_attention_pool(const float *x, size_t ld, size_t length, size_t heads, size_t dims, const float *query,
                                 float *shares, float *out) {
    const float scale = 1.0f / sqrtf((float)dims);
    for (size_t t = 0; t < length; t++)
        for (size_t h = 0; h < heads; h++)
            shares[t * heads + h] = scale * dx_dot(x + t * ld + h * dims, query + h * dims, dims);
    for (size_t h = 0; h < heads; h++) softmax_column(shares, length, heads, h);
    memset(out, 0, heads * dims * sizeof(float));
    for (size_t t = 0; t < length; t++)
        for (size_t h = 0; h < heads; h++) {
            const float share = shares[t * heads + h];
            for (size_t c = h * dims; c < (h + 1) * dims; c++) out[c] += share * x[t * ld + c];
        }
}

DX_CLONES void dx_attention_pool_backward(const float *g, const float *x, size_t ld, size_t length, size_t heads, size_t dims,
                                          const float *query, const float *shares, float *dx, size_t ldd, float *dquery) {
    const float scale = 1.0f / sqrtf((float)dims);
    for (size_t h = 0; h < heads; h++) {
        const size_t first = h * dims;
        float mean = 0;
        for (size_t t = 0; t < length; t++) mean += shares[t * heads + h] * dx_dot(g + first, x + t * ld + first, dims);
        for (size_t t = 0; t < length; t++) {
            const float share = shares[t * heads + h];
            const float slope = scale * share * (dx_dot(g + first, x + t * ld + first, dims) - mean);
            for (size_t c = first; c < first + dims; c++) {
                dx[t * ldd + c] = share * g[c] + slope * query[c];
                dquery[c] += slope * x[t * ld + c];
            }
        }
    }
}

DX_CLONES void dx_column_max(const float *x, size_t ld, size_t length, size_t cols, float *out, int32_t *at) {
    memcpy(out, x, cols * sizeof(float));
    memset(at, 0, cols * sizeof(int32_t));
    for (size_t t = 1; t < length; t++)
        for (size_t c = 0; c < cols; c++) {
            const int is_larger = x[t * ld + c] > out[c];
            out[c] = is_larger ? x[t * ld + c] : out[c];
            at[c] = is_larger ? (int32_t)t : at[c];
        }
}

void dx_column_max_backward(const float *g, const int32_t *at, size_t length, size_t cols, float *dx, size_t ld) {
    for (size_t t = 0; t < length; t++) memset(dx + t * ld, 0, cols * sizeof(float));
    for (size_t c = 0; c < cols; c++) dx[(size_t)at[c] * ld + c] = g[c];
}

void dx_turn(const float *x, size_t ld, size_t rows, size_t cols, float *out, size_t ldo) {
    for (size_t from = 0; from < cols; from += 16) {
        const size_t to = from + 16 < cols ? from + 16 : cols;
        for (size_t r = 0; r < rows; r++)
            for (size_t c = from; c < to; c++) out[c * ldo + r] = x[r * ld + c];
    }
}
