// What a transformer does beside products and attention: GELU, with a normal distribution within 1e-7.

/// Phi(x), and *bell = exp(-x² / 2).
INLINE float normal_and_bell(float x, float *bell) {
    float t = 1.0f / FMA(0.3275911f * 0.70710678118654752f, FABS(x), 1.0f);
    float p = 1.061405429f;
    p = FMA(p, t, -1.453152027f);
    p = FMA(p, t, 1.421413741f);
    p = FMA(p, t, -0.284496736f);
    p = FMA(p, t, 0.254829592f);
    *bell = exp_of(-0.5f * x * x);
    float above = 0.5f * p * t * *bell;
    return x >= 0 ? 1.0f - above : above;
}

KERNEL bias_gelu(MATRIX(x), LONG rows, LONG cols, GLOBAL const float *bias, LONG bias_at, MATRIX(y)) {
    LONG c = global_id(0);
    if (c >= cols) return;
    float b = bias[bias_at + c];
    FOR_ROWS(r, rows) {
        float bell, value = AT(x, r, c) + b;
        AT(x, r, c) = value;
        AT(y, r, c) = value * normal_and_bell(value, &bell);
    }
}

KERNEL gelu_backward(MATRIX(g), READ_MATRIX(x), LONG rows, LONG cols) {
    LONG c = global_id(0);
    if (c >= cols) return;
    FOR_ROWS(r, rows) {
        float bell, value = AT(x, r, c);
        float below = normal_and_bell(value, &bell);
        AT(g, r, c) = AT(g, r, c) * FMA(value * 0.39894228040143268f, bell, below);
    }
}
