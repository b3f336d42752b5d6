// One-vs-all steps on a run of labels: logits and the loss's gradients g, ∂z leaf by leaf, then W and bias.

/// Losses, as in `ClassifierLossKind`.
#define BCE 0
#define HINGE 1

/// Gradient of a negative's logit s, and its loss. A NaN stays one.
INLINE float negative_gradient(int kind, float s, float scale, float *loss) {
    if (kind == BCE) return scale * sigmoid_softplus(s, loss);
    float margin = 1.0f + s;
    bool above = !(margin <= 0);
    float h = above ? margin : 0.0f;
    *loss = kind == HINGE ? h : h * h;
    return kind == HINGE ? (above ? scale : 0.0f) : 2.0f * h * scale;
}

/// g(batch × labels) from the logits z wᵀ + bias, all labels taken for negatives; losses[t, c]: the sum over row tile t of label
/// c's losses.
KERNEL logit_gradients(LONG batch, LONG labels, LONG dims, READ_MATRIX(z), READ_MATRIX(w), GLOBAL const float *bias, LONG bias_at,
                       MATRIX(g), MATRIX(losses), float scale, int kind) {
    ROOM(left);
    ROOM(right);
    LOCAL_ARRAY(float, parts, SIDE * SPAN);
    float sums[TILE][TILE];
    for (int i = 0; i < TILE; i++)
        for (int j = 0; j < TILE; j++) sums[i][j] = 0;
    tile_product(sums, left, right, batch, labels, dims, FIRST_ROW, FIRST_COL, z + z_at, z_ld, 1, w + w_at, 1, w_ld);
    for (int j = 0; j < TILE; j++) {
        LONG col = OWN_COL + j;
        float total = 0;
        for (int i = 0; i < TILE; i++) {
            LONG row = OWN_ROW + i;
            if (row < batch && col < labels) {
                float loss;
                AT(g, row, col) = negative_gradient(kind, sums[i][j] + bias[bias_at + col], scale, &loss);
                total += loss;
            }
        }
        parts[local_id(1) * SPAN + local_id(0) * TILE + j] = total;
    }
    BARRIER();
    int item = local_id(1) * SIDE + local_id(0);
    if (item < SPAN && FIRST_COL + item < labels) {
        float total = 0;
        for (int y = 0; y < SIDE; y++) total += parts[y * SPAN + item];
        AT(losses, group_id(1), FIRST_COL + item) = total;
    }
}

/// Puts the positives right, one a work-item: their gradients, and what their losses are more than a negative's would be.
KERNEL positive_gradients(LONG count, GLOBAL const int *rows, GLOBAL const int *cols, LONG dims, READ_MATRIX(z), READ_MATRIX(w),
                          GLOBAL const float *bias, LONG bias_at, MATRIX(g), GLOBAL float *losses, LONG losses_at, float scale,
                          int kind) {
    LONG p = global_id(0);
    if (p >= count) return;
    LONG row = rows[p], col = cols[p];
    float s = 0;
    for (LONG n = 0; n < INNER_COUNT(dims); n++) {
        LONG d = INNER_PLACE(n);
        float left = d < dims ? operand_of(AT(z, row, d)) : 0.0f, right = d < dims ? operand_of(AT(w, col, d)) : 0.0f;
        s = ADD_PRODUCT(left, right, s);
    }
    s = s + bias[bias_at + col];
    if (kind == BCE) {
        AT(g, row, col) = AT(g, row, col) - scale;
        losses[losses_at + p] = -s;
        return;
    }
    float as_negative, as_positive;
    negative_gradient(kind, s, scale, &as_negative);
    AT(g, row, col) = -negative_gradient(kind, (-s - bias[bias_at + col]) + bias[bias_at + col], scale, &as_positive);
    losses[losses_at + p] = as_positive - as_negative;
}

/// parts[leaf] (batch × width) = g w over the labels starts[leaf] ..< starts[leaf + 1], added to what is there where `accumulate`.
KERNEL leaf_products(LONG batch, LONG width, GLOBAL const LONG *starts, READ_MATRIX(g), READ_MATRIX(w), GLOBAL float *parts,
                     LONG parts_at, int accumulate) {
    ROOM(left);
    ROOM(right);
    LONG from = starts[group_id(2)], count = starts[group_id(2) + 1] - from;
    GLOBAL float *part = parts + parts_at + group_id(2) * batch * width;
    float sums[TILE][TILE];
    for (int i = 0; i < TILE; i++)
        for (int j = 0; j < TILE; j++) {
            LONG row = OWN_ROW + i, col = OWN_COL + j;
            sums[i][j] = accumulate && row < batch && col < width ? part[row * width + col] : 0.0f;
        }
    tile_product(sums, left, right, batch, width, count, FIRST_ROW, FIRST_COL, g + g_at + from, g_ld, 1, w + w_at + from * w_ld,
                 w_ld, 1);
    for (int i = 0; i < TILE; i++)
        for (int j = 0; j < TILE; j++) {
            LONG row = OWN_ROW + i, col = OWN_COL + j;
            if (row < batch && col < width) part[row * width + col] = sums[i][j];
        }
}

/// sum[i] = the parts' i-th numbers in the order of a binary tree over the leaves, a power of two of them.
KERNEL tree_sum(GLOBAL const float *parts, LONG leaves, LONG size, GLOBAL float *sum, LONG sum_at) {
    LONG i = global_id(0);
    if (i >= size) return;
    float waiting[24];
    int depth = 0;
    for (LONG leaf = 0; leaf < leaves; leaf++) {
        float value = parts[leaf * size + i];
        for (LONG n = leaf; n & 1; n >>= 1) value = waiting[--depth] + value;
        waiting[depth++] = value;
    }
    sum[sum_at + i] = waiting[0];
}

/// The optimiser's step on rows of W, their gradient being gᵀ z.
KERNEL weight_step(LONG labels, LONG width, LONG batch, READ_MATRIX(g), READ_MATRIX(z), GLOBAL float *p, LONG p_at,
                   GLOBAL float *m, LONG m_at, GLOBAL float *v, LONG v_at, STEP) {
    ROOM(left);
    ROOM(right);
    float sums[TILE][TILE];
    for (int i = 0; i < TILE; i++)
        for (int j = 0; j < TILE; j++) sums[i][j] = 0;
    tile_product(sums, left, right, labels, width, batch, FIRST_ROW, FIRST_COL, g + g_at, 1, g_ld, z + z_at, z_ld, 1);
    for (int i = 0; i < TILE; i++)
        for (int j = 0; j < TILE; j++) {
            LONG row = OWN_ROW + i, col = OWN_COL + j;
            if (row < labels && col < width) optimise(p + p_at, m + m_at, v + v_at, row * width + col, sums[i][j], STEP_OF);
        }
}

/// The same of the bias, whose gradient is the sum of a label's column; without a bias it stays 0.
KERNEL bias_step(LONG labels, LONG batch, READ_MATRIX(g), GLOBAL float *p, LONG p_at, GLOBAL float *m, LONG m_at,
                 GLOBAL float *v, LONG v_at, STEP, int has_bias) {
    LONG c = global_id(0);
    if (c >= labels) return;
    float sum = 0;
    for (LONG r = 0; r < batch; r++) sum = sum + AT(g, r, c);
    optimise(p + p_at, m + m_at, v + v_at, c, sum, STEP_OF);
    if (!has_bias) p[p_at + c] = 0;
}

/// sums[leaf] = the losses of the labels starts[leaf] ..< starts[leaf + 1], over all row tiles: a group of 256 a leaf.
KERNEL leaf_losses(READ_MATRIX(losses), LONG tiles, GLOBAL const LONG *starts, GLOBAL float *sums) {
    LOCAL_ARRAY(float, parts, 256);
    int item = local_id(0);
    float total = 0;
    for (LONG c = starts[group_id(0)] + item; c < starts[group_id(0) + 1]; c += 256)
        for (LONG t = 0; t < tiles; t++) total += AT(losses, t, c);
    parts[item] = total;
    BARRIER();
    for (int width = 128; width > 0; width /= 2) {
        if (item < width) parts[item] += parts[item + width];
        BARRIER();
    }
    if (item == 0) sums[group_id(0)] = parts[0];
}
