// Element by element, and sums over columns. A launch has the columns on axis 0 and rows on axis 1.

KERNEL fill_matrix(MATRIX(x), LONG rows, LONG cols, float value) {
    LONG c = global_id(0);
    if (c >= cols) return;
    FOR_ROWS(r, rows) AT(x, r, c) = value;
}

KERNEL copy_matrix(READ_MATRIX(x), MATRIX(y), LONG rows, LONG cols) {
    LONG c = global_id(0);
    if (c >= cols) return;
    FOR_ROWS(r, rows) AT(y, r, c) = AT(x, r, c);
}

KERNEL add_to(READ_MATRIX(x), MATRIX(sum), LONG rows, LONG cols) {
    LONG c = global_id(0);
    if (c >= cols) return;
    FOR_ROWS(r, rows) AT(sum, r, c) = AT(sum, r, c) + AT(x, r, c);
}

KERNEL add_pair(READ_MATRIX(a), READ_MATRIX(b), MATRIX(sum), LONG rows, LONG cols) {
    LONG c = global_id(0);
    if (c >= cols) return;
    FOR_ROWS(r, rows) AT(sum, r, c) = AT(a, r, c) + AT(b, r, c);
}

KERNEL scale_matrix(READ_MATRIX(x), MATRIX(y), LONG rows, LONG cols, float factor) {
    LONG c = global_id(0);
    if (c >= cols) return;
    FOR_ROWS(r, rows) AT(y, r, c) = factor * AT(x, r, c);
}

/// y = x / sigma, by one division: x times the inverse.
KERNEL divide_matrix(READ_MATRIX(x), MATRIX(y), LONG rows, LONG cols, GLOBAL const float *sigma, LONG sigma_at) {
    LONG c = global_id(0);
    if (c >= cols) return;
    float inverse = 1.0f / sigma[sigma_at];
    FOR_ROWS(r, rows) AT(y, r, c) = AT(x, r, c) * inverse;
}

KERNEL add_bias(MATRIX(x), LONG rows, LONG cols, GLOBAL const float *bias, LONG bias_at) {
    LONG c = global_id(0);
    if (c >= cols) return;
    float b = bias[bias_at + c];
    FOR_ROWS(r, rows) AT(x, r, c) = AT(x, r, c) + b;
}

/// One work-item a column: rows in ascending order.
KERNEL column_sums(READ_MATRIX(x), LONG rows, LONG cols, GLOBAL float *sums, LONG sums_at) {
    LONG c = global_id(0);
    if (c >= cols) return;
    float sum = 0;
    for (LONG r = 0; r < rows; r++) sum = sum + AT(x, r, c);
    sums[sums_at + c] = sum;
}

KERNEL column_products(READ_MATRIX(a), READ_MATRIX(b), LONG rows, LONG cols, GLOBAL float *sums, LONG sums_at) {
    LONG c = global_id(0);
    if (c >= cols) return;
    float sum = 0;
    for (LONG r = 0; r < rows; r++) sum = FMA(AT(a, r, c), AT(b, r, c), sum);
    sums[sums_at + c] = sum;
}

/// Functions, as in `ActivationFunction`.
#define RELU 0
#define SIGMOID 1
#define TANH 2

INLINE float normal_cdf(float x) { return 0.5f * (1.0f + ERF(x * 0.70710678118654752f)); }

KERNEL activate(READ_MATRIX(x), MATRIX(y), LONG rows, LONG cols, int function) {
    LONG c = global_id(0);
    if (c >= cols) return;
    FOR_ROWS(r, rows) {
        float in = AT(x, r, c);
        AT(y, r, c) = function == RELU      ? (in > 0 ? in : 0)
                      : function == SIGMOID ? sigmoid_of(in)
                      : function == TANH    ? tanh_of(in)
                                            : in * normal_cdf(in);
    }
}

KERNEL activate_backward(MATRIX(g), READ_MATRIX(x), READ_MATRIX(y), LONG rows, LONG cols, int function) {
    LONG c = global_id(0);
    if (c >= cols) return;
    FOR_ROWS(r, rows) {
        float in = AT(x, r, c), out = AT(y, r, c), slope;
        if (function == RELU) {
            if (!(out > 0)) AT(g, r, c) = 0;
            continue;
        }
        if (function == SIGMOID) slope = out * (1.0f - out);
        else if (function == TANH) slope = FMA(-out, out, 1.0f);
        else slope = FMA(in * 0.39894228040143268f, exp_of(-0.5f * in * in), normal_cdf(in));
        AT(g, r, c) = AT(g, r, c) * slope;
    }
}

/// In place, dropout or dropout of ReLU. Without `draws` all are kept. `positions`: one a row where `has_positions`.
KERNEL drop(MATRIX(x), LONG rows, LONG cols, GLOBAL const int *ids, GLOBAL const int *positions, int has_positions,
            LONG first_column, STREAM, UINT threshold, float scale, int draws, int relu) {
    LONG c = global_id(0);
    if (c >= cols) return;
    LONG column = first_column + c;
    FOR_ROWS(r, rows) {
        float value = AT(x, r, c);
        bool kept = value > (relu ? 0.0f : -INFINITY);
        if (draws) {
            UINT first = has_positions ? (UINT)((LONG)positions[r] * x_ld / 8) : 0;
            UINT drawn = half_draw(key0, key1, purpose, moment, (UINT)ids[r], first + (UINT)(column / 8), (int)(column % 8));
            kept = kept && drawn < threshold;
        }
        AT(x, r, c) = kept ? value * scale : 0.0f;
    }
}

KERNEL drop_relu_backward(MATRIX(g), READ_MATRIX(y), LONG rows, LONG cols, float scale) {
    LONG c = global_id(0);
    if (c >= cols) return;
    FOR_ROWS(r, rows) AT(g, r, c) = AT(y, r, c) > 0 ? AT(g, r, c) * scale : 0.0f;
}

KERNEL update(GLOBAL float *p, LONG p_at, GLOBAL float *m, LONG m_at, GLOBAL float *v, LONG v_at, GLOBAL const float *g,
              LONG g_at, LONG count, STEP) {
    LONG i = global_id(0);
    if (i >= count) return;
    optimise(p + p_at, m + m_at, v + v_at, i, g[g_at + i], STEP_OF);
}
