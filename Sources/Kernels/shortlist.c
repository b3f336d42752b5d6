// The shortlist step, label-major: a label's row is read once and meets its documents in groups of eight, whose z and dz
// rows (2 x 1.2 KiB each at D = 300) stay in the first-level cache between the dots and the outer products.
#include "kernels.h"
#include "vector.h"
#pragma clang fp contract(fast)

#define GROUP 8
#define UNROLL _Pragma("clang loop unroll(full)")

DX_INLINE float sum16(const v16 *x) {
    typedef float v8 __attribute__((vector_size(32)));
    typedef float v4 __attribute__((vector_size(16)));
    v8 a = __builtin_shufflevector(*x, *x, 0, 1, 2, 3, 4, 5, 6, 7) +
           __builtin_shufflevector(*x, *x, 8, 9, 10, 11, 12, 13, 14, 15);
    v4 b = __builtin_shufflevector(a, a, 0, 1, 2, 3) + __builtin_shufflevector(a, a, 4, 5, 6, 7);
    return (b[0] + b[2]) + (b[1] + b[3]);
}

DX_INLINE void adam_row(float *p, float *m, float *v, const float *g, size_t count, dx_adam adam) {
    for (size_t i = 0; i < count; i++) {
        m[i] += (1.0f - adam.beta1) * (g[i] - m[i]);
        v[i] += (1.0f - adam.beta2) * (g[i] * g[i] - v[i]);
        p[i] -= adam.step * m[i] / (sqrtf(v[i]) * adam.inv_sqrt_bc2 + adam.eps);
    }
}

// n pairs of a label (n a constant at each call): dots, gradients of the logits, then both outer products.
DX_INLINE float group_step(const int n, const uint16_t *pairs, const float *z, float *dz, const float *w, float *gw,
                           float bias, float *gbias, size_t ld, float scale) {
    const float *zs[GROUP];
    float *ds[GROUP];
    v16 sums[GROUP];
    UNROLL for (int j = 0; j < n; j++) {
        size_t at = (size_t)(pairs[j] >> 1) * ld;
        zs[j] = z + at;
        ds[j] = dz + at;
        sums[j] = (v16){0};
    }
    for (size_t c = 0; c < ld; c += 16) {
        v16 wc = *(const v16 *)(w + c);
        UNROLL for (int j = 0; j < n; j++) sums[j] += wc * *(const v16 *)(zs[j] + c);
    }
    float logit[GROUP], g[GROUP], loss[GROUP];
    UNROLL for (int j = 0; j < n; j++) logit[j] = sum16(&sums[j]) + bias;
    for (int j = 0; j < n; j++) {
        float softplus, y = (float)(pairs[j] & 1);
        g[j] = (dx_sigmoid_softplus(logit[j], &softplus) - y) * scale;
        loss[j] = softplus - y * logit[j];
    }
    for (size_t c = 0; c < ld; c += 16) {
        v16 wc = *(const v16 *)(w + c), gwc = *(v16 *)(gw + c);
        UNROLL for (int j = 0; j < n; j++) {
            gwc += g[j] * *(const v16 *)(zs[j] + c);
            *(v16 *)(ds[j] + c) += g[j] * wc;
        }
        *(v16 *)(gw + c) = gwc;
    }
    float total = 0;
    UNROLL for (int j = 0; j < n; j++) {
        *gbias += g[j];
        total += loss[j];
    }
    return total;
}

DX_INLINE void prefetch_row(const float *row, size_t ld) {
    for (size_t c = 0; c < ld; c += 16) __builtin_prefetch(row + c, 1, 2);
}

DX_CLONES double dx_shortlist_step(size_t first, size_t last, const int64_t *pair_starts, const uint16_t *pairs,
                                   const float *z, float *dz, float *w, float *mw, float *vw, float *bias, float *mb,
                                   float *vb, size_t ld, float scale, dx_adam adam) {
    double loss = 0;
    float gw[ld] __attribute__((aligned(64)));
    size_t ahead = first;
    for (size_t l = first; l < last; l++) {
        int64_t i = pair_starts[l], to = pair_starts[l + 1];
        if (i == to) continue;
        // The next label that has pairs: its rows are on their way while this one is worked on.
        if (ahead <= l) ahead = l + 1;
        while (ahead < last && pair_starts[ahead] == pair_starts[ahead + 1]) ahead++;
        if (ahead < last) {
            prefetch_row(w + ahead * ld, ld);
            prefetch_row(mw + ahead * ld, ld);
            prefetch_row(vw + ahead * ld, ld);
        }
        float *wl = w + l * ld, gbias = 0;
        memset(gw, 0, ld * sizeof(float));
        for (; i + 8 <= to; i += 8) loss += group_step(8, pairs + i, z, dz, wl, gw, bias[l], &gbias, ld, scale);
        if (to - i >= 4) {
            loss += group_step(4, pairs + i, z, dz, wl, gw, bias[l], &gbias, ld, scale);
            i += 4;
        }
        if (to - i >= 2) {
            loss += group_step(2, pairs + i, z, dz, wl, gw, bias[l], &gbias, ld, scale);
            i += 2;
        }
        if (i < to) loss += group_step(1, pairs + i, z, dz, wl, gw, bias[l], &gbias, ld, scale);
        adam_row(wl, mw + l * ld, vw + l * ld, gw, ld, adam);
        adam_row(bias + l, mb + l, vb + l, &gbias, 1, adam);
    }
    return loss;
}

DX_CLONES void dx_pair_logits(const float *z, const float *w, const float *bias, const int32_t *labels, size_t count,
                              size_t ld, float *logits) {
    for (size_t i = 0; i < count; i++) {
        const float *row = w + (size_t)labels[i] * ld;
        v16 a = {0};
        for (size_t c = 0; c < ld; c += 16) a += *(const v16 *)(row + c) * *(const v16 *)(z + c);
        logits[i] = sum16(&a) + bias[labels[i]];
    }
}
