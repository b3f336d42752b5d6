// Layer normalisation and GELU: what a transformer does between its products but for attention.
#include "kernels.h"
#include "vector.h"
#pragma clang fp contract(fast)

DX_INLINE float squares_around(const float *x, size_t count, float mean) {
    v16 sum = {0};
    size_t i = 0;
    for (; i + 16 <= count; i += 16) {
        const v16 away = *(const v16 *)(x + i) - mean;
        sum += away * away;
    }
    float total = dx_lane_sum(&sum);
    for (; i < count; i++) total += (x[i] - mean) * (x[i] - mean);
    return total;
}

DX_CLONES void dx_layer_norm(float *x, size_t rows, size_t cols, size_t ld, float eps, const float *weight, const float *bias,
                             float *inverse, float *out, size_t ldo) {
    for (size_t r = 0; r < rows; r++) {
        float *row = x + r * ld, *to = out + r * ldo;
        const float mean = dx_row_sum(row, cols) / (float)cols;
        const float scale = 1.0f / sqrtf(squares_around(row, cols, mean) / (float)cols + eps);
        inverse[r] = scale;
        for (size_t c = 0; c < cols; c++) {
            row[c] = (row[c] - mean) * scale;
            to[c] = row[c] * weight[c] + bias[c];
        }
    }
}

DX_CLONES void dx_layer_norm_backward(float *g, size_t ldg, const float *standard, size_t ld, size_t rows, size_t cols,
                                      const float *weight, const float *inverse) {
    const float part = 1.0f / (float)cols;
    for (size_t r = 0; r < rows; r++) {
        float *row = g + r * ldg;
        const float *x = standard + r * ld;
        v16 sums = {0}, products = {0};
        size_t c = 0;
        for (; c + 16 <= cols; c += 16) {
            const v16 weighted = *(const v16 *)(row + c) * *(const v16 *)(weight + c);
            sums += weighted;
            products += weighted * *(const v16 *)(x + c);
        }
        float sum = dx_lane_sum(&sums), product = dx_lane_sum(&products);
        for (; c < cols; c++) {
            // Not fused, so that all compilers and devices have the bits that this one has always made of it.
#pragma clang fp contract(off)
            const float weighted = row[c] * weight[c];
            sum += weighted;
            product += weighted * x[c];
        }
        for (c = 0; c < cols; c++) row[c] = inverse[r] * (row[c] * weight[c] - part * (sum + x[c] * product));
    }
}

enum { SQUARE_LANES = 256, SQUARE_BLOCK = 32 * SQUARE_LANES };

DX_CLONES double dx_squares(const float *x, size_t count) {
    double sum = 0;
    for (size_t from = 0; from < count; from += SQUARE_BLOCK) {
        const size_t here = count - from < SQUARE_BLOCK ? count - from : SQUARE_BLOCK;
        double lanes[SQUARE_LANES] = {0};
        for (size_t i = 0; i < here; i += SQUARE_LANES) {
            const size_t wide = here - i < SQUARE_LANES ? here - i : SQUARE_LANES;
            for (size_t l = 0; l < wide; l++) lanes[l] += (double)x[from + i + l] * x[from + i + l];
        }
        for (size_t width = SQUARE_LANES / 2; width > 0; width /= 2)
            for (size_t l = 0; l < width; l++) lanes[l] += lanes[l + width];
        sum += lanes[0];
    }
    return sum;
}

/// Phi(x), and *bell = exp(-x^2 / 2).
DX_INLINE float normal_cdf(float x, float *bell) {
    const float t = 1.0f / (1.0f + 0.3275911f * 0.70710678118654752f * __builtin_fabsf(x));
    float p = 1.061405429f;
    p = p * t - 1.453152027f;
    p = p * t + 1.421413741f;
    p = p * t - 0.284496736f;
    p = p * t + 0.254829592f;
    *bell = dx_exp(-0.5f * x * x);
    const float above = 0.5f * p * t * *bell;
    return x >= 0 ? 1.0f - above : above;
}

DX_CLONES void dx_bias_gelu(float *x, size_t rows, size_t cols, size_t ld, const float *bias, float *out, size_t ldo) {
    for (size_t r = 0; r < rows; r++) {
        float *row = x + r * ld, *to = out + r * ldo;
        for (size_t c = 0; c < cols; c++) {
            float bell;
            row[c] += bias[c];
            to[c] = row[c] * normal_cdf(row[c], &bell);
        }
    }
}

DX_CLONES void dx_gelu_backward(float *g, size_t ldg, const float *x, size_t ld, size_t rows, size_t cols) {
    for (size_t r = 0; r < rows; r++) {
        float *row = g + r * ldg;
        const float *at = x + r * ld;
        for (size_t c = 0; c < cols; c++) {
            float bell;
            const float below = normal_cdf(at[c], &bell);
            row[c] *= below + at[c] * 0.39894228040143268f * bell;
        }
    }
}
