// The pairs of one label, in groups of eight: dots, gradients of the logits, outer products.
#ifndef DEEPXML_SHORTLIST_GROUPS_H
#define DEEPXML_SHORTLIST_GROUPS_H
#include "vector.h"
#pragma clang fp contract(fast)

#define GROUP 8

typedef float v8 __attribute__((vector_size(32)));
typedef float v4 __attribute__((vector_size(16)));

/// What all labels of a step share. `squared` is read by the margin loss alone.
typedef struct {
    const float *z;
    float *dz;
    size_t ld;
    float scale;
    int squared;
} step_batch;

/// Constants at each call: binary cross-entropy, or hinge and squared hinge.
enum { CROSS_ENTROPY, MARGIN };

/// One label's row, and the sums over its pairs.
typedef struct {
    const float *w;
    float *gw;
    float bias, gbias;
    double loss;
} step_label;

/// Up to eight pairs on their way: offsets of the documents' rows in z and dz, logits, targets, gradients.
typedef struct {
    size_t rows[GROUP];
    float logit[GROUP], y[GROUP], g[GROUP];
} pair_group;

DX_INLINE void halves_sum(const v16 *x, v8 *out) {
    *out =
        __builtin_shufflevector(*x, *x, 0, 1, 2, 3, 4, 5, 6, 7) + __builtin_shufflevector(*x, *x, 8, 9, 10, 11, 12, 13, 14, 15);
}

DX_INLINE float sum16(const v16 *x) {
    v8 a;
    halves_sum(x, &a);
    v4 b = __builtin_shufflevector(a, a, 0, 1, 2, 3) + __builtin_shufflevector(a, a, 4, 5, 6, 7);
    return (b[0] + b[2]) + (b[1] + b[3]);
}

/// sum16 of eight vectors side by side, each sum in the same order as there: 14 shuffles of pairs, not 8 chains.
DX_INLINE void sums8(const v16 *x, v8 *out) {
    v8 h[8], q[4], e[2];
    UNROLL_FOR (int j = 0; j < 8; j++) halves_sum(x + j, h + j);
    UNROLL_FOR (int j = 0; j < 4; j++)
        q[j] = __builtin_shufflevector(h[j], h[j + 4], 0, 1, 2, 3, 8, 9, 10, 11) +
               __builtin_shufflevector(h[j], h[j + 4], 4, 5, 6, 7, 12, 13, 14, 15);
    UNROLL_FOR (int j = 0; j < 2; j++)
        e[j] = __builtin_shufflevector(q[2 * j], q[2 * j + 1], 0, 1, 8, 9, 4, 5, 12, 13) +
               __builtin_shufflevector(q[2 * j], q[2 * j + 1], 2, 3, 10, 11, 6, 7, 14, 15);
    *out = __builtin_shufflevector(e[0], e[1], 0, 2, 8, 10, 4, 6, 12, 14) +
           __builtin_shufflevector(e[0], e[1], 1, 3, 9, 11, 5, 7, 13, 15);
}

/// Logits of n pairs (n a constant at each call).
DX_INLINE void dots(const int n, step_batch b, const step_label *l, const uint16_t *pairs, pair_group *p) {
    const float *zs[GROUP];
    v16 sums[GROUP];
    UNROLL_FOR (int j = 0; j < n; j++) {
        p->rows[j] = (size_t)(pairs[j] >> 1) * b.ld;
        p->y[j] = (float)(pairs[j] & 1);
        zs[j] = b.z + p->rows[j];
    }
    UNROLL_FOR (int j = 0; j < GROUP; j++) sums[j] = (v16){0};
    for (size_t c = 0; c < b.ld; c += 16) {
        v16 wc = *(const v16 *)(l->w + c);
        UNROLL_FOR (int j = 0; j < n; j++) sums[j] += wc * *(const v16 *)(zs[j] + c);
    }
    if (n <= 2) {
        UNROLL_FOR (int j = 0; j < n; j++) p->logit[j] = sum16(&sums[j]) + l->bias;
    } else {
        v8 all;
        sums8(sums, &all);
        all += l->bias;
        memcpy(p->logit, &all, sizeof all);
    }
}

/// A NaN stays one.
DX_INLINE void margin_gradients(const int lanes, step_batch b, pair_group *p, float *loss) {
    for (int j = 0; j < lanes; j++) {
        float sign = 2.0f * p->y[j] - 1.0f, margin = 1.0f - sign * p->logit[j];
        float h = margin <= 0 ? 0.0f : margin, slope = b.squared ? 2.0f * h : margin <= 0 ? 0.0f : 1.0f;
        p->g[j] = -sign * slope * b.scale;
        loss[j] = b.squared ? h * h : h;
    }
}

/// g = (sigma(logit) - y) * scale of the first n of `lanes` pairs, or the same of a margin loss.
DX_INLINE void logit_gradients(const int kind, const int lanes, size_t n, step_batch b, step_label *l, pair_group *p) {
    float loss[GROUP];
    if (kind == MARGIN) {
        margin_gradients(lanes, b, p, loss);
    } else {
        for (int j = 0; j < lanes; j++) {
            float softplus;
            p->g[j] = (dx_sigmoid_softplus(p->logit[j], &softplus) - p->y[j]) * b.scale;
            loss[j] = softplus - p->y[j] * p->logit[j];
        }
    }
    float total = 0;
    for (size_t j = 0; j < n; j++) {
        l->gbias += p->g[j];
        total += loss[j];
    }
    l->loss += total;
}

/// gw += g z and, where `direct`, dz += g w, for n pairs (n a constant at each call).
DX_INLINE void outer(const int n, const int direct, step_batch b, step_label *l, const pair_group *p) {
    const float *zs[GROUP];
    float *ds[GROUP], g[GROUP];
    UNROLL_FOR (int j = 0; j < n; j++) {
        zs[j] = b.z + p->rows[j];
        ds[j] = b.dz + p->rows[j];
        g[j] = p->g[j];
    }
    for (size_t c = 0; c < b.ld; c += 16) {
        v16 wc = *(const v16 *)(l->w + c), gwc = *(v16 *)(l->gw + c);
        UNROLL_FOR (int j = 0; j < n; j++) {
            gwc += g[j] * *(const v16 *)(zs[j] + c);
            if (direct) *(v16 *)(ds[j] + c) += g[j] * wc;
        }
        *(v16 *)(l->gw + c) = gwc;
    }
}

#define FOR_EACH_SIZE(CALL) \
    switch (n) {            \
    case 8: return CALL(8); \
    case 7: return CALL(7); \
    case 6: return CALL(6); \
    case 5: return CALL(5); \
    case 4: return CALL(4); \
    case 3: return CALL(3); \
    case 2: return CALL(2); \
    case 1: return CALL(1); \
    }

#define DOTS(N) dots(N, b, l, pairs, p)
DX_INLINE void any_dots(size_t n, step_batch b, const step_label *l, const uint16_t *pairs, pair_group *p) {
    FOR_EACH_SIZE(DOTS);
}
#undef DOTS

#define OUTER(N) outer(N, direct, b, l, p)
DX_INLINE void any_outer(size_t n, const int direct, step_batch b, step_label *l, const pair_group *p) { FOR_EACH_SIZE(OUTER); }
#undef OUTER

/// All pairs of a label. The dots of the next group come before the outer products of this one, so that they fill the
/// time that the exponentials' long chains take. Not `direct`: dz stays, and g gets the pairs' gradients (and up to
/// seven numbers after them).
DX_INLINE void label_pairs(const int kind, const int direct, step_batch b, step_label *l, const uint16_t *pairs, size_t count,
                           float *g) {
    pair_group groups[2];
    memset(groups[0].y, 0, sizeof groups[0].y);
    memset(groups[1].y, 0, sizeof groups[1].y);
    memset(groups[0].logit, 0, sizeof groups[0].logit);
    memset(groups[1].logit, 0, sizeof groups[1].logit);
    size_t n = count < GROUP ? count : GROUP;
    any_dots(n, b, l, pairs, groups);
    for (size_t i = 0, k = 0; i < count; k ^= 1) {
        pair_group *p = groups + k;
        if (n == 1) logit_gradients(kind, 1, n, b, l, p);
        else if (n == 2) logit_gradients(kind, 2, n, b, l, p);
        else logit_gradients(kind, GROUP, n, b, l, p);
        if (!direct) memcpy(g + i, p->g, sizeof p->g);
        size_t next = i + n, more = count - next < GROUP ? count - next : GROUP;
        any_dots(more, b, l, pairs + next, groups + (k ^ 1));
        any_outer(n, direct, b, l, p);
        i = next;
        n = more;
    }
}
#endif
