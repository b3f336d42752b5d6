// One step of an optimiser on neighbouring parameters; which one is chosen outside the loops.
#ifndef DEEPXML_OPTIMISER_H
#define DEEPXML_OPTIMISER_H
#include "kernels.h"
#include "vector.h"
#pragma clang fp contract(fast)

DX_INLINE void dx_adam_parameters(float *p, float *m, float *v, const float *g, size_t count, dx_adam adam) {
    for (size_t i = 0; i < count; i++) {
        m[i] += (1.0f - adam.beta1) * (g[i] - m[i]);
        v[i] += (1.0f - adam.beta2) * (g[i] * g[i] - v[i]);
        p[i] -= adam.step * m[i] / (sqrtf(v[i]) * adam.inv_sqrt_bc2 + adam.eps);
    }
}

/// A loop of its own: the one above keeps its bits, and reads p as late as it did.
DX_INLINE void dx_decayed_adam_parameters(float *p, float *m, float *v, const float *g, size_t count, dx_adam adam) {
    for (size_t i = 0; i < count; i++) {
        float decayed = g[i] + adam.weight_decay * p[i];
        m[i] += (1.0f - adam.beta1) * (decayed - m[i]);
        v[i] += (1.0f - adam.beta2) * (decayed * decayed - v[i]);
        p[i] -= adam.step * m[i] / (sqrtf(v[i]) * adam.inv_sqrt_bc2 + adam.eps);
    }
}

/// Decoupled decay (Loshchilov & Hutter 2019), before the step as in torch.
DX_INLINE void dx_adamw_parameters(float *p, float *m, float *v, const float *g, size_t count, dx_adam adam) {
    const float kept = 1.0f - adam.weight_decay;
    for (size_t i = 0; i < count; i++) {
        m[i] += (1.0f - adam.beta1) * (g[i] - m[i]);
        v[i] += (1.0f - adam.beta2) * (g[i] * g[i] - v[i]);
        p[i] = kept * p[i] - adam.step * m[i] / (sqrtf(v[i]) * adam.inv_sqrt_bc2 + adam.eps);
    }
}

/// The first step's buffer is the gradient, as in torch: it starts from zeros.
DX_INLINE void dx_sgd_parameters(float *p, float *m, const float *g, size_t count, dx_adam sgd) {
    for (size_t i = 0; i < count; i++) {
        m[i] = sgd.beta1 * m[i] + (g[i] + sgd.weight_decay * p[i]);
        p[i] -= sgd.step * m[i];
    }
}

/// The step for biases, which decoupled decay leaves alone.
DX_INLINE dx_adam dx_for_vectors(dx_adam adam) {
    if (adam.kind == DX_ADAMW) adam.weight_decay = 0;
    return adam;
}

DX_INLINE void dx_optimise(float *p, float *m, float *v, const float *g, size_t count, dx_adam adam) {
    if (adam.kind == DX_SGD) dx_sgd_parameters(p, m, g, count, adam);
    else if (adam.kind == DX_ADAMW) dx_adamw_parameters(p, m, v, g, count, adam);
    else if (adam.weight_decay != 0) dx_decayed_adam_parameters(p, m, v, g, count, adam);
    else dx_adam_parameters(p, m, v, g, count, adam);
}
#endif
