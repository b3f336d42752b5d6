// Linear classifiers of labels with a few hundred documents each: means, coordinate descent in the dual.
//
// A thread has a bit for each feature, which a call sets for those of its documents and takes back: so a label costs the
// features of its own documents. These are numbered in ascending order, in which they come out without a sort.
#include "kernels.h"
#include "vector.h"
#pragma clang fp contract(fast)

// A label's documents are copied side by side, with places among the label's own features for columns: ten passes over them
// then stay in the first-level caches.

typedef struct {
    uint64_t *touched;
    int32_t *place; // of a touched feature among the label's
    float *w;       // weights by place
    float *alpha, *diagonal;
    int32_t *order;
    int64_t *starts; // of the copied documents
    int32_t *columns;
    float *values;
} dual_work;

static size_t words(size_t cols) { return (cols + 63) / 64; }

static size_t lay_out(dual_work *k, char *memory, size_t cols, size_t examples, size_t entries) {
    size_t at = 0;
#define PART(FIELD, NUMBER)           \
    k->FIELD = (void *)(memory + at); \
    at += ((NUMBER) * sizeof *k->FIELD + 63) / 64 * 64;
    PART(touched, words(cols))
    PART(place, cols)
    PART(w, cols)
    PART(alpha, examples)
    PART(diagonal, examples)
    PART(order, examples)
    PART(starts, examples + 1)
    PART(columns, entries)
    PART(values, entries)
#undef PART
    return at;
}

size_t dx_dual_workspace(size_t cols, size_t examples, size_t entries) {
    dual_work k;
    return lay_out(&k, 0, cols, examples, entries);
}

void dx_dual_begin(void *workspace, size_t cols) {
    dual_work k;
    lay_out(&k, workspace, cols, 0, 0);
    memset(k.touched, 0, words(cols) * sizeof *k.touched);
}

DX_INLINE void touch(uint64_t *touched, int32_t column) { touched[column >> 6] |= (uint64_t)1 << (column & 63); }

/// Numbers the touched features in ascending order, with weights of zero; returns how many there are.
DX_INLINE size_t number_features(dual_work k, size_t cols) {
    size_t features = 0;
    for (size_t word = 0; word < words(cols); word++)
        for (uint64_t bits = k.touched[word]; bits; bits &= bits - 1) {
            k.place[word * 64 + (size_t)__builtin_ctzll(bits)] = (int32_t)features;
            k.w[features++] = 0;
        }
    return features;
}

/// Features with |scale w| > threshold, ascending; the bits are zero afterwards.
DX_INLINE size_t take_weights(dual_work k, size_t cols, float scale, float threshold, int32_t *columns, float *weights) {
    size_t count = 0, place = 0;
    for (size_t word = 0; word < words(cols); word++) {
        uint64_t bits = k.touched[word];
        k.touched[word] = 0;
        for (; bits; bits &= bits - 1) {
            const float w = k.w[place++] * scale;
            if (!(__builtin_fabsf(w) > threshold)) continue;
            columns[count] = (int32_t)(word * 64 + (size_t)__builtin_ctzll(bits));
            weights[count++] = w;
        }
    }
    return count;
}

/// w x, in two chains.
DX_INLINE float dot(dual_work k, size_t row) {
    float even = 0, odd = 0;
    int64_t i = k.starts[row];
    const int64_t to = k.starts[row + 1];
    for (; i + 2 <= to; i += 2) {
        even += k.w[k.columns[i]] * k.values[i];
        odd += k.w[k.columns[i + 1]] * k.values[i + 1];
    }
    if (i < to) even += k.w[k.columns[i]] * k.values[i];
    return even + odd;
}

DX_INLINE void add(dual_work k, size_t row, float factor) {
    for (int64_t i = k.starts[row]; i < k.starts[row + 1]; i++) k.w[k.columns[i]] += factor * k.values[i];
}

/// Copies the label's documents, whose features are numbered already.
DX_INLINE void copy_documents(dual_work k, const dx_sparse_rows *x, const int32_t *rows, size_t count) {
    int64_t at = 0;
    k.starts[0] = 0;
    for (size_t i = 0; i < count; i++) {
        for (int64_t e = x->starts[rows[i]]; e < x->starts[rows[i] + 1]; e++, at++) {
            k.columns[at] = k.place[x->columns[e]];
            k.values[at] = x->values[e];
        }
        k.starts[i + 1] = at;
    }
}

/// One pass over the examples in a new random order: the smallest and the largest projected gradient.
DX_INLINE void pass(dual_work k, const uint8_t *positive, size_t count, float bias, float half_cost, uint32_t *random,
                    float *bias_weight, float *least, float *most) {
    *least = INFINITY;
    *most = -INFINITY;
    for (size_t i = 0; i < count; i++) {
        *random ^= *random << 13;
        *random ^= *random >> 17;
        *random ^= *random << 5;
        const size_t j = i + (size_t)(((uint64_t)*random * (count - i)) >> 32);
        const int32_t at = k.order[j];
        k.order[j] = k.order[i];
        k.order[i] = at;
        const float y = positive[at] ? 1.0f : -1.0f, alpha = k.alpha[at];
        const float margin = dot(k, (size_t)at) + *bias_weight * bias;
        const float gradient = y * margin - 1.0f + alpha * half_cost;
        const float projected = alpha > 0 || gradient < 0 ? gradient : 0.0f;
        *least = projected < *least ? projected : *least;
        *most = projected > *most ? projected : *most;
        if (__builtin_fabsf(projected) < 1e-12f) continue;
        const float moved = alpha - gradient / k.diagonal[at];
        k.alpha[at] = moved > 0 ? moved : 0.0f;
        const float step = (k.alpha[at] - alpha) * y;
        add(k, (size_t)at, step);
        *bias_weight += step * bias;
    }
}

DX_CLONES dx_dual_result dx_dual_sparse(const dx_sparse_rows *x, size_t cols, const int32_t *rows, const uint8_t *positive,
                                        size_t count, dx_dual_settings settings, int32_t *columns, float *weights,
                                        void *workspace) {
    dual_work k;
    size_t entries = 0;
    for (size_t i = 0; i < count; i++) entries += (size_t)(x->starts[rows[i] + 1] - x->starts[rows[i]]);
    lay_out(&k, workspace, cols, count, entries);
    const float bias = (float)settings.bias, half_cost = (float)(0.5 / settings.cost);
    for (size_t i = 0; i < count; i++) {
        float square = bias * bias;
        for (int64_t e = x->starts[rows[i]]; e < x->starts[rows[i] + 1]; e++) {
            square += x->values[e] * x->values[e];
            touch(k.touched, x->columns[e]);
        }
        k.diagonal[i] = square + half_cost;
        k.alpha[i] = 0;
        k.order[i] = (int32_t)i;
    }
    number_features(k, cols);
    copy_documents(k, x, rows, count);
    dx_dual_result result = {0, 0, 0, 0};
    float bias_weight = 0;
    uint32_t random = 2463534242u;
    while (count > 0 && result.passes < settings.max_passes && !result.is_solved) {
        float least, most;
        pass(k, positive, count, bias, half_cost, &random, &bias_weight, &least, &most);
        result.passes += 1;
        result.is_solved = most - least <= (float)settings.tolerance;
    }
    result.count = take_weights(k, cols, 1.0f, settings.threshold, columns, weights);
    result.bias = bias_weight * bias;
    return result;
}

DX_CLONES size_t dx_sparse_mean(const dx_sparse_rows *x, size_t cols, const int32_t *rows, size_t count, float threshold,
                                int32_t *columns, float *weights, void *workspace) {
    dual_work k;
    lay_out(&k, workspace, cols, 0, 0);
    for (size_t i = 0; i < count; i++)
        for (int64_t e = x->starts[rows[i]]; e < x->starts[rows[i] + 1]; e++) touch(k.touched, x->columns[e]);
    const size_t features = number_features(k, cols);
    for (size_t i = 0; i < count; i++)
        for (int64_t e = x->starts[rows[i]]; e < x->starts[rows[i] + 1]; e++) k.w[k.place[x->columns[e]]] += x->values[e];
    double square = 0;
    for (size_t place = 0; place < features; place++) square += (double)k.w[place] * k.w[place];
    const float scale = square > 0 ? (float)(1 / sqrt(square)) : 0.0f;
    return take_weights(k, cols, scale, threshold, columns, weights);
}
