#include "kernels.h"
#include "optimiser.h"
#include "philox_lanes.h"
#include "vector.h"
#pragma clang fp contract(fast)

// A row of a table of few columns is a line or two of the cache, met in random order: it is asked for before it is needed. Wider rows the
// processor sees coming.
#define NARROW 64

DX_INLINE void expect_narrow_row(const float *row, size_t cols) {
    if (cols > NARROW) return;
    __builtin_prefetch(row);
    __builtin_prefetch(row + cols - 1);
}

DX_CLONES void dx_embed_rows(const float *table, size_t cols, const int64_t *starts, const int32_t *tokens,
                             const float *weights, const int32_t *docs, size_t rows, float *out) {
    for (size_t r = 0; r < rows; r++) {
        float *x = out + r * cols;
        memset(x, 0, cols * sizeof(float));
        if (cols <= NARROW && r + 1 < rows)
            for (int64_t i = starts[docs[r + 1]]; i < starts[docs[r + 1] + 1]; i++)
                expect_narrow_row(table + (size_t)tokens[i] * cols, cols);
        for (int64_t i = starts[docs[r]]; i < starts[docs[r] + 1]; i++) {
            const float *e = table + (size_t)tokens[i] * cols;
            float weight = weights[i];
            for (size_t c = 0; c < cols; c++) x[c] += weight * e[c];
        }
    }
}

/// 128 columns at a time: 16 counters side by side, so that the ten rounds run in vector registers.
DX_CLONES void dx_relu_dropout(float *x, size_t rows, size_t cols, size_t ld, size_t first_col, const int32_t *ids,
                               dx_stream stream, float keep) {
    if (keep >= 1.0f) {
        for (size_t r = 0; r < rows; r++)
            for (size_t c = 0; c < cols; c++) x[r * ld + c] = x[r * ld + c] > 0 ? x[r * ld + c] : 0;
        return;
    }
    uint32_t threshold = (uint32_t)(keep * 65536.0f);
    float scale = 1.0f / keep;
    size_t first_block = first_col / 8, last_block = (first_col + cols + 7) / 8;
    for (size_t r = 0; r < rows; r++) {
        float *row = x + r * ld;
        for (size_t block = first_block; block < last_block; block += LANES) {
            uint16_t bits[LANES * 8];
            philox_bits(stream, (uint32_t)ids[r], (uint32_t)block, bits);
            size_t from = block * 8 > first_col ? block * 8 : first_col;
            size_t to = (block + LANES) * 8 < first_col + cols ? (block + LANES) * 8 : first_col + cols;
            for (size_t c = from; c < to; c++) {
                float value = row[c - first_col];
                int kept = (bits[c - block * 8] < threshold) & (value > 0);
                row[c - first_col] = kept ? value * scale : 0.0f;
            }
        }
    }
}

DX_CLONES void dx_relu_dropout_backward(float *g, const float *out, size_t count, float keep) {
    float scale = keep >= 1.0f ? 1.0f : 1.0f / keep;
    for (size_t i = 0; i < count; i++) g[i] = out[i] > 0 ? g[i] * scale : 0.0f;
}

DX_CLONES void dx_sum(float *out, const float *a, const float *b, size_t count) {
    for (size_t i = 0; i < count; i++) out[i] = a[i] + b[i];
}

DX_CLONES void dx_add(float *a, const float *b, size_t count) {
    for (size_t i = 0; i < count; i++) a[i] += b[i];
}

DX_CLONES void dx_column_sums(const float *x, size_t rows, size_t cols, size_t ld, float *out) {
    memset(out, 0, cols * sizeof(float));
    for (size_t r = 0; r < rows; r++)
        for (size_t c = 0; c < cols; c++) out[c] += x[r * ld + c];
}

DX_CLONES void dx_add_bias(float *x, size_t rows, size_t cols, size_t ld, const float *bias) {
    for (size_t r = 0; r < rows; r++)
        for (size_t c = 0; c < cols; c++) x[r * ld + c] += bias[c];
}

DX_CLONES float dx_dot(const float *a, const float *b, size_t count) {
    v16 sum = {0};
    size_t i = 0;
    for (; i + 16 <= count; i += 16) sum += *(const v16 *)(a + i) * *(const v16 *)(b + i);
    float total = 0;
    for (int j = 0; j < 16; j++) total += sum[j];
    for (; i < count; i++) total += a[i] * b[i];
    return total;
}

void dx_times_vector(const float *a, size_t rows, size_t cols, size_t ld, const float *x, float *y) {
    for (size_t r = 0; r < rows; r++) y[r] = dx_dot(a + r * ld, x, cols);
}

DX_CLONES void dx_transposed_times_vector(const float *a, size_t rows, size_t cols, size_t ld, const float *x, float *y) {
    memset(y, 0, cols * sizeof(float));
    for (size_t r = 0; r < rows; r++)
        for (size_t c = 0; c < cols; c++) y[c] += x[r] * a[r * ld + c];
}

DX_CLONES void dx_adam_update(float *p, float *m, float *v, const float *g, size_t count, dx_adam adam) {
    dx_optimise(p, m, v, g, count, adam);
}

DX_CLONES double dx_sigmoid_tile(float *logits, size_t rows, size_t cols, size_t ld, const float *bias, float scale) {
    double total = 0;
    for (size_t r = 0; r < rows; r++) {
        float *row = logits + r * ld;
        float lanes[16] = {0};
        size_t c = 0;
        for (; c + 16 <= cols; c += 16)
            for (int i = 0; i < 16; i++) {
                float softplus;
                row[c + (size_t)i] = scale * dx_sigmoid_softplus(row[c + (size_t)i] + bias[c + (size_t)i], &softplus);
                lanes[i] += softplus;
            }
        for (; c < cols; c++) {
            float softplus;
            row[c] = scale * dx_sigmoid_softplus(row[c] + bias[c], &softplus);
            total += softplus;
        }
        for (int i = 0; i < 16; i++) total += lanes[i];
    }
    return total;
}

/// Loss and slope of sixteen logits (`squared` a constant at each call). A NaN stays one, so that the loss tells of it.
DX_INLINE void margin_slopes(const int squared, v16 *logits, float scale, v16 *loss) {
    const v16 margin = 1.0f + *logits, scales = scale - (v16){0};
    const i16v above = ~(margin <= 0);
    const v16 h = (v16)((i16v)margin & above);
    *loss = squared ? h * h : h;
    *logits = squared ? 2.0f * h * scale : (v16)((i16v)scales & above);
}

DX_INLINE double margin_row(const int squared, float *row, size_t cols, const float *bias, float scale) {
    v16 sum = {0}, loss;
    size_t c = 0;
    for (; c + 16 <= cols; c += 16) {
        v16 logits = *(v16 *)(row + c) + *(const v16 *)(bias + c);
        margin_slopes(squared, &logits, scale, &loss);
        *(v16 *)(row + c) = logits;
        sum += loss;
    }
    double total = 0;
    for (int i = 0; i < 16; i++) total += sum[i];
    for (; c < cols; c++) {
        v16 logits = {row[c] + bias[c]};
        margin_slopes(squared, &logits, scale, &loss);
        row[c] = logits[0];
        total += loss[0];
    }
    return total;
}

DX_CLONES double dx_margin_tile(float *logits, size_t rows, size_t cols, size_t ld, const float *bias, float scale,
                                int squared) {
    double total = 0;
    for (size_t r = 0; r < rows; r++)
        total +=
            squared ? margin_row(1, logits + r * ld, cols, bias, scale) : margin_row(0, logits + r * ld, cols, bias, scale);
    return total;
}

DX_CLONES void dx_sigmoid(const float *x, float *out, size_t count) {
    for (size_t i = 0; i < count; i++) {
        float softplus;
        out[i] = dx_sigmoid_softplus(x[i], &softplus);
    }
}

#define EMBEDDING_PIECE 4096
#define TOKENS_AHEAD 6

DX_CLONES void dx_embedding_step(size_t first, size_t last, const int32_t *tokens, const int64_t *starts, const uint32_t *rows,
                                 const float *weights, const float *dx, size_t cols, float *table, float *m, float *v,
                                 dx_adam adam) {
    // A wider row is taken in pieces, so that none is too wide for the stack.
    float gradient[EMBEDDING_PIECE];
    for (size_t t = first; t < last; t++) {
        if (t + TOKENS_AHEAD < last) {
            const size_t next = (size_t)tokens[t + TOKENS_AHEAD] * cols;
            expect_narrow_row(table + next, cols);
            expect_narrow_row(m + next, cols);
            expect_narrow_row(v + next, cols);
        }
        for (size_t from = 0; from < cols; from += EMBEDDING_PIECE) {
            const size_t width = cols - from < EMBEDDING_PIECE ? cols - from : EMBEDDING_PIECE;
            memset(gradient, 0, width * sizeof(float));
            for (int64_t i = starts[t]; i < starts[t + 1]; i++) {
                const float *row = dx + (size_t)rows[i] * cols + from;
                float weight = weights[i];
                for (size_t c = 0; c < width; c++) gradient[c] += weight * row[c];
            }
            size_t at = (size_t)tokens[t] * cols + from;
            dx_optimise(table + at, m + at, v + at, gradient, width, adam);
        }
    }
}
