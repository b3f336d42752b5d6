// The shortlist step on the (document, label) pairs of a batch: `pairs` holds row · 2 + target, by label, a label's in the batch's order.

#define BCE 0
#define HINGE 1
#define LANES 16
#define ROWS 16

/// Gradients of the pairs' logits and their losses: LANES work-items a pair. The lanes meet as in `sum16` of shortlist_groups.h.
KERNEL pair_gradients(LONG first, LONG count, GLOBAL const int *pairs, GLOBAL const int *labels, LONG ld, READ_MATRIX(z),
                      GLOBAL const float *w, LONG w_at, GLOBAL const float *bias, LONG bias_at, GLOBAL float *g,
                      GLOBAL float *losses, float scale, int kind) {
    LOCAL_ARRAY(float, parts, ROWS * LANES);
    int lane = local_id(0);
    LONG p = group_id(0) * ROWS + local_id(1);
    LOCAL float *own = parts + local_id(1) * LANES;
    float sum = 0;
    LONG label = 0;
    int pair = 0;
    if (p < count) {
        label = labels[first + p];
        pair = pairs[first + p];
        for (LONG c = lane; c < ld; c += LANES) sum = FMA(w[w_at + label * ld + c], AT(z, pair / 2, c), sum);
    }
    own[lane] = sum;
    BARRIER();
    if (lane > 0 || p >= count) return;
    float quarter[4];
    for (int i = 0; i < 4; i++) quarter[i] = (own[i] + own[i + 8]) + (own[i + 4] + own[i + 12]);
    float logit = ((quarter[0] + quarter[2]) + (quarter[1] + quarter[3])) + bias[bias_at + label], y = (float)(pair % 2);
    if (kind == BCE) {
        float softplus, sigma = sigmoid_softplus(logit, &softplus);
        g[first + p] = (sigma - y) * scale;
        losses[first + p] = FMA(-y, logit, softplus);
        return;
    }
    float sign = 2.0f * y - 1.0f, margin = FMA(-sign, logit, 1.0f);
    float h = margin <= 0 ? 0.0f : margin, slope = kind == HINGE ? (margin <= 0 ? 0.0f : 1.0f) : 2.0f * h;
    g[first + p] = -sign * slope * scale;
    losses[first + p] = kind == HINGE ? h : h * h;
}

/// ∂z of each document: leaf by leaf a chain over its labels, ascending; the leaves, a power of two of them, in a binary tree. Document
/// r has the pairs order[places[r]] ..< order[places[r + 1]]; leaf l has labels below ends[l], and the first from `least` on.
KERNEL document_gradients(LONG rows, LONG ld, GLOBAL const int *places, GLOBAL const int *order, GLOBAL const int *labels,
                          GLOBAL const float *g, GLOBAL const int *ends, LONG leaves, int least, GLOBAL const float *w, LONG w_at,
                          MATRIX(dz)) {
    LONG c = global_id(0);
    if (c >= ld) return;
    FOR_ROWS(r, rows) {
        int place = places[r], last = places[r + 1];
        while (place < last && labels[order[place]] < least) place++;
        float waiting[24];
        int depth = 0;
        for (LONG leaf = 0; leaf < leaves; leaf++) {
            float value = 0;
            for (; place < last && labels[order[place]] < ends[leaf]; place++) {
                LONG pair = order[place], label = labels[pair];
                value = FMA(g[pair], w[w_at + label * ld + c], value);
            }
            for (LONG n = leaf; n & 1; n >>= 1) value = waiting[--depth] + value;
            waiting[depth++] = value;
        }
        AT(dz, r, c) = waiting[0];
    }
}

/// The optimiser's step on the rows of W with pairs: rows on axis 1. Row a is that of label ids[a], with the pairs starts[a] ..< starts[a + 1].
KERNEL label_step(LONG first, LONG count, GLOBAL const int *ids, GLOBAL const int *starts, GLOBAL const int *pairs,
                  GLOBAL const float *g, READ_MATRIX(z), LONG ld, GLOBAL float *p, LONG p_at, GLOBAL float *m, LONG m_at,
                  GLOBAL float *v, LONG v_at, STEP) {
    LONG c = global_id(0);
    if (c >= ld) return;
    FOR_ROWS(a, count) {
        LONG label = ids[first + a];
        float gradient = 0;
        for (LONG i = starts[first + a]; i < starts[first + a + 1]; i++) gradient = FMA(g[i], AT(z, pairs[i] / 2, c), gradient);
        optimise(p + p_at, m + m_at, v + v_at, label * ld + c, gradient, STEP_OF);
    }
}

KERNEL label_bias_step(LONG first, LONG count, GLOBAL const int *ids, GLOBAL const int *starts, GLOBAL const float *g,
                       GLOBAL float *p, LONG p_at, GLOBAL float *m, LONG m_at, GLOBAL float *v, LONG v_at, STEP, int has_bias) {
    LONG a = global_id(0);
    if (a >= count) return;
    LONG label = ids[first + a];
    float gradient = 0;
    for (LONG i = starts[first + a]; i < starts[first + a + 1]; i++) gradient = gradient + g[i];
    optimise(p + p_at, m + m_at, v + v_at, label, gradient, STEP_OF);
    if (!has_bias) p[p_at + label] = 0;
}
