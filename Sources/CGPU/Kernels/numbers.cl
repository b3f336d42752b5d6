// Numbers that all kernels share: random ones, exponentials, the optimiser. The formulas, and the order of their roundings, are
// those of Sources/Kernels (vector.h, activation.h, optimiser.h, philox.h).

/// A matrix: memory, the first element's place, and the distance between rows.
#define MATRIX(x) GLOBAL float *x, LONG x##_at, LONG x##_ld
#define READ_MATRIX(x) GLOBAL const float *x, LONG x##_at, LONG x##_ld
#define AT(x, r, c) x[x##_at + (r) * x##_ld + (c)]

/// A launch of columns times rows: its groups may be fewer than the rows.
#define FOR_ROWS(r, rows) for (LONG r = global_id(1); r < (rows); r += global_size(1))

/// Philox 4x32-10 of Salmon et al. (SC 2011).
INLINE void philox(UINT key0, UINT key1, UINT c0, UINT c1, UINT c2, UINT c3, UINT *words) {
    for (int round = 0; round < 10; round++) {
        UINT high0 = HIGH_PRODUCT(0xD2511F53u, c0), low0 = 0xD2511F53u * c0;
        UINT high1 = HIGH_PRODUCT(0xCD9E8D57u, c2), low1 = 0xCD9E8D57u * c2;
        c0 = high1 ^ c1 ^ key0;
        c1 = low1;
        c2 = high0 ^ c3 ^ key1;
        c3 = low0;
        key0 += 0x9E3779B9u;
        key1 += 0xBB67AE85u;
    }
    words[0] = c0;
    words[1] = c1;
    words[2] = c2;
    words[3] = c3;
}

/// A stream's key, purpose and moment.
#define STREAM UINT key0, UINT key1, UINT purpose, UINT moment

/// Draw `number` of 16 bits, eight a block, of a row.
INLINE UINT half_draw(STREAM, UINT row, UINT block, int place) {
    UINT words[4];
    philox(key0, key1, block, row, moment, purpose, words);
    UINT word = words[place / 2];
    return place % 2 ? word >> 16 : word & 0xFFFFu;
}

/// Cephes' expf: range reduction by ln 2, then a polynomial of degree 6.
INLINE float exp_of(float x) {
    x = x > 88.0f ? 88.0f : x;
    x = x < -87.0f ? -87.0f : x;
    float n = FLOOR(FMA(x, 1.44269504088896341f, 0.5f));
    float r = FMA(n, 2.12194440e-4f, FMA(-n, 0.693359375f, x));
    float p = 1.9875691500e-4f;
    p = FMA(p, r, 1.3981999507e-3f);
    p = FMA(p, r, 8.3334519073e-3f);
    p = FMA(p, r, 4.1665795894e-2f);
    p = FMA(p, r, 1.6666665459e-1f);
    p = FMA(p, r, 5.0000001201e-1f);
    p = FMA(p * r, r, r) + 1.0f;
    return p * FLOAT_OF(((int)n + 127) << 23);
}

/// ln(1 + t) for t in [0, 1].
INLINE float log1p_unit(float t) {
    float s = t / (2.0f + t), q = s * s;
    float p = 1.0f / 13.0f;
    p = FMA(p, q, 1.0f / 11.0f);
    p = FMA(p, q, 1.0f / 9.0f);
    p = FMA(p, q, 1.0f / 7.0f);
    p = FMA(p, q, 1.0f / 5.0f);
    p = FMA(p, q, 1.0f / 3.0f);
    p = FMA(p, q, 1.0f);
    return 2.0f * s * p;
}

/// sigma(x), and *softplus = ln(1 + e^x).
INLINE float sigmoid_softplus(float x, float *softplus) {
    float t = exp_of(-FABS(x)), r = 1.0f / (1.0f + t);
    *softplus = (x > 0 ? x : 0) + log1p_unit(t);
    return x >= 0 ? r : t * r;
}

INLINE float sigmoid_of(float x) {
    float t = exp_of(-FABS(x)), r = 1.0f / (1.0f + t);
    return x >= 0 ? r : t * r;
}

INLINE float tanh_of(float x) {
    float a = FABS(x), q = x * x;
    float p = -5.70498872745e-3f;
    p = FMA(p, q, 2.06390887954e-2f);
    p = FMA(p, q, -5.37397155531e-2f);
    p = FMA(p, q, 1.33314422036e-1f);
    p = FMA(p, q, -3.33332819422e-1f);
    float small = FMA(p * q, x, x);
    float t = exp_of(-2.0f * a), large = (1.0f - t) / (1.0f + t);
    large = x < 0 ? -large : large;
    return a < 0.625f ? small : large;
}

/// Optimisers, as in `OptimiserStep.Kind`.
#define ADAM 0
#define ADAMW 1
#define SGD 2

/// The numbers of an optimiser's step.
#define STEP int kind, float beta1, float beta2, float eps, float rate, float inverse_root, float weight_decay
#define STEP_OF kind, beta1, beta2, eps, rate, inverse_root, weight_decay

/// One parameter's step: p, m and v at `i`, gradient g.
INLINE void optimise(GLOBAL float *p, GLOBAL float *m, GLOBAL float *v, LONG i, float g, STEP) {
    float value = p[i], first = m[i];
    if (kind == SGD) {
        first = FMA(beta1, first, FMA(weight_decay, value, g));
        m[i] = first;
        p[i] = FMA(-rate, first, value);
        return;
    }
    if (kind == ADAM && weight_decay != 0) g = FMA(weight_decay, value, g);
    float second = v[i];
    first = FMA(1.0f - beta1, g - first, first);
    second = FMA(1.0f - beta2, FMA(g, g, -second), second);
    float change = rate * first / FMA(SQRT(second), inverse_root, eps);
    m[i] = first;
    v[i] = second;
    p[i] = kind == ADAMW ? FMA(1.0f - weight_decay, value, -change) : value - change;
}
