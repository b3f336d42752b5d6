// Layers of the general encoders: what is done between the matrix products.
#include "kernels.h"
#include "vector.h"
#pragma clang fp contract(fast)

// Sixteen counters side by side, 8 draws of 16 bits each: 128 columns.
#define LANES 16
DX_INLINE void draw_bits(uint32_t first, uint32_t id, dx_stream stream, uint16_t bits[LANES * 8]) {
    uint32_t c0[LANES], c1[LANES], c2[LANES], c3[LANES];
    for (int i = 0; i < LANES; i++) {
        c0[i] = first + (uint32_t)i;
        c1[i] = id;
        c2[i] = stream.moment;
        c3[i] = stream.purpose;
    }
    uint32_t k0 = stream.key0, k1 = stream.key1;
    for (int round = 0; round < 10; round++) {
        for (int i = 0; i < LANES; i++) {
            uint64_t p0 = (uint64_t)0xD2511F53u * c0[i], p1 = (uint64_t)0xCD9E8D57u * c2[i];
            uint32_t n0 = (uint32_t)(p1 >> 32) ^ c1[i] ^ k0, n2 = (uint32_t)(p0 >> 32) ^ c3[i] ^ k1;
            c1[i] = (uint32_t)p1;
            c3[i] = (uint32_t)p0;
            c0[i] = n0;
            c2[i] = n2;
        }
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
    for (int i = 0; i < LANES; i++) {
        uint32_t words[4] = {c0[i], c1[i], c2[i], c3[i]};
        memcpy(bits + 8 * i, words, 16);
    }
}

DX_CLONES void dx_dropout(float *x, size_t rows, size_t cols, size_t ld, const int32_t *ids, const int32_t *positions,
                          dx_stream stream, float keep, int relu) {
    float scale = keep >= 1.0f ? 1.0f : 1.0f / keep, floor = relu ? 0.0f : -INFINITY;
    uint32_t threshold = keep >= 1.0f ? 65536u : (uint32_t)(keep * 65536.0f);
    for (size_t r = 0; r < rows; r++) {
        uint32_t first = positions ? (uint32_t)((size_t)positions[r] * ld / 8) : 0;
        for (size_t from = 0; from < cols; from += LANES * 8) {
            uint16_t bits[LANES * 8] = {0};
            if (keep < 1.0f) draw_bits(first + (uint32_t)(from / 8), (uint32_t)ids[r], stream, bits);
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

DX_INLINE float sigmoid(float x) {
    float t = dx_exp(-__builtin_fabsf(x)), r = 1.0f / (1.0f + t);
    return x >= 0 ? r : t * r;
}

// Near 0 Cephes' polynomial, so that the relative error stays small; else by one exponential of -2|x|.
DX_INLINE float tanh_of(float x) {
    float a = __builtin_fabsf(x), q = x * x;
    float p = -5.70498872745e-3f;
    p = p * q + 2.06390887954e-2f;
    p = p * q - 5.37397155531e-2f;
    p = p * q + 1.33314422036e-1f;
    p = p * q - 3.33332819422e-1f;
    float small = p * q * x + x;
    float t = dx_exp(-2.0f * a), large = (1.0f - t) / (1.0f + t);
    large = x < 0 ? -large : large;
    return a < 0.625f ? small : large;
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
        for (size_t i = 0; i < count; i++)
            g[i] *= normal_cdf(x[i]) + x[i] * 0.39894228040143268f * dx_exp(-0.5f * x[i] * x[i]);
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

DX_CLONES void dx_batch_norm_backward(float *g, const float *standard, size_t rows, size_t cols, size_t ld,
                                      const float *weight, const float *inverse, const float *sum_g, const float *sum_gx) {
    float part = 1.0f / (float)rows;
    for (size_t r = 0; r < rows; r++)
        for (size_t c = 0; c < cols; c++) {
            size_t i = r * ld + c;
            g[i] = inverse[c] * weight[c] * (g[i] - part * (sum_g[c] + standard[i] * sum_gx[c]));
        }
}

DX_CLONES void dx_rnn_forward(size_t rows, size_t hidden, float *gates, size_t ldg, const float *bias_x, const float *bias_h,
                              float *h, size_t ldh) {
    for (size_t r = 0; r < rows; r++)
        for (size_t j = 0; j < hidden; j++)
            h[r * ldh + j] = gates[r * ldg + j] = tanh_of(gates[r * ldg + j] + bias_x[j] + bias_h[j]);
}

DX_CLONES void dx_lstm_forward(size_t rows, size_t carried, size_t hidden, float *gates, size_t ldg, const float *bias_x,
                               const float *bias_h, const float *c_before, float *c, float *h, size_t ldh) {
    for (size_t r = 0; r < rows; r++) {
        float *restrict in = gates + r * ldg, *restrict forget = in + hidden, *restrict cell = forget + hidden;
        float *restrict out = cell + hidden, *restrict to = c + r * hidden, *restrict state = h + r * ldh;
        int has = r < carried;
        const float *restrict before = has ? c_before + r * hidden : NULL;
        const float *restrict bx = bias_x, *restrict bh = bias_h;
        for (size_t j = 0; j < hidden; j++) {
            in[j] = sigmoid(in[j] + bx[j] + bh[j]);
            forget[j] = sigmoid(forget[j] + bx[hidden + j] + bh[hidden + j]);
            cell[j] = tanh_of(cell[j] + bx[2 * hidden + j] + bh[2 * hidden + j]);
            out[j] = sigmoid(out[j] + bx[3 * hidden + j] + bh[3 * hidden + j]);
        }
        if (has)
            for (size_t j = 0; j < hidden; j++) to[j] = forget[j] * before[j] + in[j] * cell[j];
        else
            for (size_t j = 0; j < hidden; j++) to[j] = in[j] * cell[j];
        for (size_t j = 0; j < hidden; j++) state[j] = out[j] * tanh_of(to[j]);
    }
}

DX_CLONES void dx_gru_forward(size_t rows, size_t carried, size_t hidden, float *gates, float *recurrent, size_t ldg,
                              const float *bias_x, const float *bias_h, const float *h_before, size_t ldb, float *h,
                              size_t ldh) {
    for (size_t r = 0; r < rows; r++) {
        float *restrict reset = gates + r * ldg, *restrict update = reset + hidden, *restrict fresh = update + hidden;
        float *restrict product = recurrent + r * ldg, *restrict state = h + r * ldh;
        const float *restrict bx = bias_x, *restrict bh = bias_h, *restrict before = h_before + r * ldb;
        if (r >= carried) memset(product, 0, 3 * hidden * sizeof(float));
        for (size_t j = 0; j < hidden; j++) {
            size_t z = hidden + j, n = 2 * hidden + j;
            reset[j] = sigmoid(reset[j] + product[j] + bx[j] + bh[j]);
            update[j] = sigmoid(update[j] + product[z] + bx[z] + bh[z]);
            product[n] += bh[n];
            fresh[j] = tanh_of(fresh[j] + bx[n] + reset[j] * product[n]);
            state[j] = (1.0f - update[j]) * fresh[j];
        }
        if (r < carried)
            for (size_t j = 0; j < hidden; j++) state[j] += update[j] * before[j];
    }
}

DX_CLONES void dx_rnn_backward(size_t rows, size_t hidden, float *gates, size_t ldg, const float *dh, size_t ldh) {
    for (size_t r = 0; r < rows; r++)
        for (size_t j = 0; j < hidden; j++) {
            float h = gates[r * ldg + j];
            gates[r * ldg + j] = dh[r * ldh + j] * (1.0f - h * h);
        }
}

DX_CLONES void dx_lstm_backward(size_t rows, size_t carried, size_t hidden, float *gates, size_t ldg, const float *c_before,
                                const float *c, const float *dh, size_t ldh, const float *dc, float *dc_before) {
    for (size_t r = 0; r < rows; r++) {
        float *restrict in = gates + r * ldg, *restrict forget = in + hidden, *restrict cell = forget + hidden;
        float *restrict out = cell + hidden;
        const float *restrict at = c + r * hidden, *restrict from = dh + r * ldh, *restrict carry = dc + r * hidden;
        int has = r < carried;
        for (size_t j = 0; j < hidden; j++) {
            float i = in[j], f = forget[j], g = cell[j], o = out[j], t = tanh_of(at[j]);
            float d = carry[j] + from[j] * o * (1.0f - t * t);
            if (has) dc_before[r * hidden + j] = d * f;
            in[j] = d * g * i * (1.0f - i);
            forget[j] = has ? d * c_before[r * hidden + j] * f * (1.0f - f) : 0.0f;
            cell[j] = d * i * (1.0f - g * g);
            out[j] = from[j] * t * o * (1.0f - o);
        }
    }
}

DX_CLONES void dx_gru_backward(size_t rows, size_t carried, size_t hidden, float *gates, float *recurrent, size_t ldg,
                               const float *h_before, size_t ldb, const float *dh, float *dh_before, size_t ldh) {
    for (size_t r = 0; r < rows; r++) {
        float *restrict reset = gates + r * ldg, *restrict update = reset + hidden, *restrict fresh = update + hidden;
        float *restrict product = recurrent + r * ldg;
        const float *restrict from = dh + r * ldh;
        int has = r < carried;
        for (size_t j = 0; j < hidden; j++) {
            float g = from[j], s = reset[j], z = update[j], n = fresh[j], before = has ? h_before[r * ldb + j] : 0.0f;
            if (has) dh_before[r * ldh + j] += g * z;
            float dn = g * (1.0f - z) * (1.0f - n * n);
            float dr = dn * product[2 * hidden + j] * s * (1.0f - s), dz = g * (before - n) * z * (1.0f - z);
            reset[j] = product[j] = dr;
            update[j] = product[hidden + j] = dz;
            fresh[j] = dn;
            product[2 * hidden + j] = dn * s;
        }
    }
}

void dx_windows(const float *x, size_t ld, size_t length, size_t cols, size_t size, float *windows) {
    size_t left = (size - 1) / 2;
    for (size_t i = 0; i < length; i++)
        for (size_t j = 0; j < size; j++) {
            float *to = windows + (i * size + j) * cols;
            if (i + j >= left && i + j - left < length)
                memcpy(to, x + (i + j - left) * ld, cols * sizeof(float));
            else
                memset(to, 0, cols * sizeof(float));
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
