// Sixteen floats at a time, in whatever registers the dispatched CPU has; and sigmoid and softplus on them.
#ifndef DEEPXML_VECTOR_H
#define DEEPXML_VECTOR_H
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define DX_CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#define DX_INLINE static inline __attribute__((always_inline))
// A loop of a constant number of rounds, so that its arrays become registers.
#define UNROLL_FOR _Pragma("clang loop unroll(full)") for

typedef float v16 __attribute__((vector_size(64), aligned(4)));
typedef int32_t i16v __attribute__((vector_size(64), aligned(4)));

/// Cephes' expf: range reduction by ln 2, then a polynomial of degree 6; error below 2 ulp on [-87, 88].
DX_INLINE float dx_exp(float x) {
    x = x > 88.0f ? 88.0f : x;
    x = x < -87.0f ? -87.0f : x;
    float n = __builtin_floorf(x * 1.44269504088896341f + 0.5f);
    float r = x - n * 0.693359375f + n * 2.12194440e-4f;
    float p = 1.9875691500e-4f;
    p = p * r + 1.3981999507e-3f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 5.0000001201e-1f;
    p = p * r * r + r + 1.0f;
    int32_t e = ((int32_t)n + 127) << 23;
    float scale;
    memcpy(&scale, &e, 4);
    return p * scale;
}

/// ln(1 + t) for t in [0, 1]: 2 atanh(t / (2 + t)) as a series in (t/(2+t))^2 <= 1/9; error below 1e-7.
DX_INLINE float dx_log1p_unit(float t) {
    float s = t / (2.0f + t), q = s * s;
    float p = 1.0f / 13.0f;
    p = p * q + 1.0f / 11.0f;
    p = p * q + 1.0f / 9.0f;
    p = p * q + 1.0f / 7.0f;
    p = p * q + 1.0f / 5.0f;
    p = p * q + 1.0f / 3.0f;
    p = p * q + 1.0f;
    return 2.0f * s * p;
}

/// sigma(x), and *softplus = ln(1 + e^x), from one exponential of -|x|.
DX_INLINE float dx_sigmoid_softplus(float x, float *softplus) {
    float t = dx_exp(-__builtin_fabsf(x));
    float r = 1.0f / (1.0f + t);
    *softplus = (x > 0 ? x : 0) + dx_log1p_unit(t);
    return x >= 0 ? r : t * r;
}

/// The sum of sixteen lanes, from the first to the last.
DX_INLINE float dx_lane_sum(const v16 *x) {
    float total = 0;
    for (int i = 0; i < 16; i++) total += (*x)[i];
    return total;
}

/// The sum of some floats, in an order that depends on their number alone.
DX_INLINE float dx_row_sum(const float *x, size_t count) {
    v16 sum = {0};
    size_t i = 0;
    for (; i + 16 <= count; i += 16) sum += *(const v16 *)(x + i);
    float total = dx_lane_sum(&sum);
    for (; i < count; i++) total += x[i];
    return total;
}

/// Sum of squares, in double and in a fixed order.
DX_INLINE double dx_square_sum(const float *x, size_t count) {
    double lanes[8] = {0}, sum = 0;
    size_t i = 0;
    for (; i + 8 <= count; i += 8)
        for (size_t j = 0; j < 8; j++) lanes[j] += (double)x[i + j] * x[i + j];
    for (; i < count; i++) sum += (double)x[i] * x[i];
    for (int j = 0; j < 8; j++) sum += lanes[j];
    return sum;
}
#endif
