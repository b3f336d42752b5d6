// Sigmoid and tanh of one float, in loops that become vectors.
#ifndef DEEPXML_ACTIVATION_H
#define DEEPXML_ACTIVATION_H
#include "vector.h"

DX_INLINE float sigmoid(float x) {
    float t = dx_exp(-__builtin_fabsf(x)), r = 1.0f / (1.0f + t);
    return x >= 0 ? r : t * r;
}

/// Near 0 Cephes' polynomial, so that the relative error stays small; else by one exponential of -2|x|.
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
#endif
