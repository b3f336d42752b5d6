// Layers of the general encoders: what is done between the matrix products.
#include "activation.h"
#include "kernels.h"
#include "philox_lanes.h"
#include "vector.h"
#pragma clang fp contract(fast)

DX_CLONES void dx_dropout(float *x, size_t rows, size_t cols, size_t ld, const int32_t *ids, const int32_t *positions,
                          dx_stream stream, float keep, int relu) {
    float scale = keep >= 1.0f ? 1.0f : 1.0f / keep, floor = relu ? 0.0f : -INFINITY;
    uint32_t threshold = keep >= 1.0f ? 65536u : (uint32_t)(keep * 65536.0f);
    for (size_t r = 0; r < rows; r++) {
        uint32_t first = positions ? (uint32_t)((size_t)positions[r] * ld / 8) : 0;
        for (size_t from = 0; from < cols; from += LANES * 8) {
            uint16_t bits[LANES * 8] = {0};
            if (keep < 1.0f) philox_bits(stream, (uint32_t)ids[r], first + (uint32_t)(from / 8), bits);
            size_t count = cols - from < LANES * 8 ? cols - from : LANES * 8;
            float *part = x + r * ld + from;
            for (size_t c = 0; c < count; c++) {
                int kept = (bits[c] < threshold) & (part[c] > floor);
                part[c] = kept ? part[c] * scale : 0.0f;
            }
        }
    }
}

DX_CLONES void dx_reduce_tokens(const float *x, size_t ld, const int64_t *starts, size_t rows, const float *weights, int mean,
                                size_t cols, float *out, size_t ldo) {
    for (size_t r = 0; r < rows; r++) {
        float *to = out + r * ldo;
        memset(to, 0, cols * sizeof(float));
        for (int64_t i = starts[r]; i < starts[r + 1]; i++) {
            const float *from = x + (size_t)i * ld;
            float weight = weights ? weights[i] : 1.0f;
            for (size_t c = 0; c < cols; c++) to[c] += weight * from[c];
        }
        int64_t length = starts[r + 1] - starts[r];
        if (mean && length > 0)
            for (size_t c = 0; c < cols; c++) to[c] /= (float)length;
    }
}

DX_CLONES void dx_reduce_tokens_backward(const float *g, size_t ldo, const int64_t *starts, size_t rows, const float *weights,
                                         int mean, size_t cols, float *dx, size_t ld) {
    for (size_t r = 0; r < rows; r++) {
        float part = mean ? 1.0f / (float)(starts[r + 1] - starts[r]) : 1.0f;
        for (int64_t i = starts[r]; i < starts[r + 1]; i++) {
            float weight = (weights ? weights[i] : 1.0f) * part;
            for (size_t c = 0; c < cols; c++) dx[(size_t)i * ld + c] = weight * g[r * ldo + c];
        }
    }
}

DX_INLINE float normal_cdf(float x) { return 0.5f * (1.0f + erff(x * 0.70710678118654752f)); }

DX_CLONES void dx_activation(int which, const float *x, float *out, size_t count) {
    switch (which) {
    case DX_RELU:
        for (size_t i = 0; i < count; i++) out[i] = x[i] > 0 ? x[i] : 0;
        break;
    case DX_SIGMOID:
        for (size_t i = 0; i < count; i++) out[i] = sigmoid(x[i]);
        break;
    case DX_TANH:
        for (size_t i = 0; i < count; i++) out[i] = tanh_of(x[i]);
        break;
    default:
        for (size_t i = 0; i < count; i++) out[i] = x[i] * normal_cdf(x[i]);
    }
}

DX_CLONES void dx_activation_backward(int which, float *g, const float *x, const float *out, size_t count) {
    switch (which) {
    case DX_RELU:
        for (size_t i = 0; i < count; i++) g[i] = out[i] > 0 ? g[i] : 0;
        break;
    case DX_SIGMOID:
        for (size_t i = 0; i < count; i++) g[i] *= out[i] * (1.0f - out[i]);
        break;
    case DX_TANH:
        for (size_t i = 0; i < count; i++) g[i] *= 1.0f - out[i] * out[i];
        break;
    default:
        for (size_t i = 0; i < count; i++) g[i] *= normal_cdf(x[i]) + x[i] * 0.39894228040143268f * dx_exp(-0.5f * x[i] * x[i]);
    }
}

DX_CLONES void dx_column_moments(const float *x, size_t rows, size_t cols, size_t ld, float *mean, float *squares) {
    dx_column_sums(x, rows, cols, ld, mean);
    memset(squares, 0, cols * sizeof(float));
    for (size_t c = 0; c < cols; c++) mean[c] /= (float)rows;
    for (size_t r = 0; r < rows; r++)
        for (size_t c = 0; c < cols; c++) {
            float away = x[r * ld + c] - mean[c];
            squares[c] += away * away;
        }
}

DX_CLONES void dx_standardise(const float *x, size_t rows, size_t cols, size_t ld, const float *mean, const float *inverse,
                              float *out) {
    for (size_t r = 0; r < rows; r++)
        for (size_t c = 0; c < cols; c++) out[r * ld + c] = (x[r * ld + c] - mean[c]) * inverse[c];
}

DX_CLONES void dx_scale_shift(const float *x, size_t rows, size_t cols, size_t ld, const float *weight, const float *bias,
                              float *out) {
    for (size_t r = 0; r < rows; r++)
        for (size_t c = 0; c < cols; c++) out[r * ld + c] = x[r * ld + c] * weight[c] + bias[c];
}

DX_CLONES void dx_column_products(const float *a, const float *b, size_t rows, size_t cols, size_t ld, float *sums) {
    memset(sums, 0, cols * sizeof(float));
    for (size_t r = 0; r < rows; r++)
        for (size_t c = 0; c < cols; c++) sums[c] += a[r * ld + c] * b[r * ld + c];
}

DX_CLONES void dx_batch_norm_backward(float *g, const float *standard, size_t rows, size_t cols, size_t ld, const float *weight,
                                      const float *inverse, const float *sum_g, const float *sum_gx) {
    float part = 1.0f / (float)rows;
    for (size_t r = 0; r < rows; r++)
        for (size_t c = 0; c < cols; c++) {
            size_t i = r * ld + c;
            g[i] = inverse[c] * weight[c] * (g[i] - part * (sum_g[c] + standard[i] * sum_gx[c]));
        }
}

void dx_windows(const float *x, size_t ld, size_t length, size_t cols, size_t size, float *windows) {
    size_t left = (size - 1) / 2;
    for (size_t i = 0; i < length; i++)
        for (size_t j = 0; j < size; j++) {
            float *to = windows + (i * size + j) * cols;
            if (i + j >= left && i + j - left < length) memcpy(to, x + (i + j - left) * ld, cols * sizeof(float));
            else memset(to, 0, cols * sizeof(float));
        }
}

DX_CLONES void dx_windows_backward(const float *g, size_t length, size_t cols, size_t size, float *dx, size_t ld) {
    size_t left = (size - 1) / 2;
    for (size_t i = 0; i < length; i++)
        for (size_t j = 0; j < size; j++) {
            if (i + j < left || i + j - left >= length) continue;
            const float *from = g + (i * size + j) * cols;
            float *to = dx + (i + j - left) * ld;
            for (size_t c = 0; c < cols; c++) to[c] += from[c];
        }
}

void dx_chunk_max(const float *x, size_t ld, size_t length, size_t filters, size_t chunks, const float *bias, float *out,
                  int32_t *at) {
    for (size_t j = 0; j < chunks; j++) {
        size_t from = j * length / chunks, to = ((j + 1) * length + chunks - 1) / chunks;
        for (size_t f = 0; f < filters; f++) {
            float best = 0;
            int32_t where = -1;
            for (size_t i = from; i < to; i++)
                if (x[i * ld + f] + bias[f] > best) {
                    best = x[i * ld + f] + bias[f];
                    where = (int32_t)i;
                }
            out[f * chunks + j] = best;
            at[f * chunks + j] = where;
        }
    }
}

void dx_chunk_max_backward(const float *g, const int32_t *at, size_t length, size_t filters, size_t chunks, float *dx,
                           size_t ld) {
    for (size_t i = 0; i < length; i++) memset(dx + i * ld, 0, filters * sizeof(float));
    for (size_t j = 0; j < filters * chunks; j++)
        if (at[j] >= 0) dx[(size_t)at[j] * ld + j / chunks] += g[j];
}
