// Pruning, and prediction from an inverted index.
//
// A document's scores are summed in an array over all labels. A label that has no sum yet holds -0, which no sum is: + 0
// makes it 0. So adding needs no look at whether it is the first time, and the labels met are listed without a branch.
#include "kernels.h"
#include "search_select.h"
#include "vector.h"
#pragma clang fp contract(fast)

size_t dx_linear_prune(const int32_t *columns, const float *weights, size_t count, float delta, int32_t *kept_columns,
                       float *kept_weights) {
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        const float w = weights[i];
        if (!(__builtin_fabsf(w) > delta)) continue;
        if (kept_columns) kept_columns[kept] = columns ? columns[i] : (int32_t)i;
        if (kept_weights) kept_weights[kept] = w;
        kept += 1;
    }
    return kept;
}

void dx_order_by_bias(const float *biases, size_t labels, int32_t *by_bias, int32_t *spare) {
    int32_t *keys = spare, *spare_keys = spare + labels, *spare_ids = spare + 2 * labels;
    for (size_t l = 0; l < labels; l++) {
        // Descending signed keys are ascending unsigned ones after this flip.
        keys[l] = dx_key(biases[l]) ^ 0x7fffffff;
        by_bias[l] = (int32_t)l;
    }
    dx_radix_sort((uint32_t *)keys, by_bias, (int64_t)labels, (uint32_t *)spare_keys, spare_ids);
}

void dx_invert_model(size_t labels, size_t features, const int64_t *rows, const int32_t *columns, const float *values,
                     int64_t *starts, int32_t *label_ids, float *weights) {
    memset(starts, 0, (features + 1) * sizeof *starts);
    for (int64_t i = 0; i < rows[labels]; i++) starts[columns[i] + 1] += 1;
    for (size_t f = 0; f < features; f++) starts[f + 1] += starts[f];
    for (size_t l = 0; l < labels; l++)
        for (int64_t i = rows[l]; i < rows[l + 1]; i++) {
            const int64_t at = starts[columns[i]]++;
            label_ids[at] = (int32_t)l;
            weights[at] = values[i];
        }
    // Each start has moved to its feature's end, which is the next one's start.
    memmove(starts + 1, starts, features * sizeof *starts);
    starts[0] = 0;
}

typedef struct {
    float *sums;
    int32_t *touched, *keys, *ids, *spare_keys, *spare_ids;
} predict_work;

static size_t lay_out(predict_work *w, char *memory, size_t labels, size_t k) {
    size_t at = 0;
#define PART(FIELD, NUMBER)           \
    w->FIELD = (void *)(memory + at); \
    at += ((NUMBER) * sizeof *w->FIELD + 63) / 64 * 64;
    PART(sums, labels)
    PART(touched, labels + 1)
    PART(keys, labels + k)
    PART(ids, labels + k)
    PART(spare_keys, labels + k)
    PART(spare_ids, labels + k)
#undef PART
    return at;
}

size_t dx_inverted_workspace(size_t labels, size_t k) {
    predict_work w;
    return lay_out(&w, 0, labels, k);
}

void dx_inverted_begin(void *workspace, size_t labels) {
    predict_work w;
    lay_out(&w, workspace, labels, 0);
    for (size_t l = 0; l < labels; l++) w.sums[l] = -0.0f;
}

static int is_clean(float sum) {
    int32_t bits;
    memcpy(&bits, &sum, 4);
    return bits == INT32_MIN;
}

/// Adds the document's features; returns how many labels they touch.
DX_CLONES static size_t add_features(const dx_inverted_index *model, const int32_t *columns, const float *values, size_t count,
                                     float *restrict sums, int32_t *restrict touched) {
    size_t met = 0;
    for (size_t i = 0; i < count; i++) {
        const float value = values[i];
        const size_t to = (size_t)model->starts[columns[i] + 1];
        for (size_t e = (size_t)model->starts[columns[i]]; e < to; e++) {
            const int32_t label = model->label_ids[e];
            const float sum = sums[label];
            touched[met] = label;
            met += is_clean(sum);
            sums[label] = (sum + value * model->weights[e]) + 0.0f;
        }
    }
    return met;
}

/// The best labels that no feature touched, as candidates from `at`; those below the key `least` are left out.
static size_t add_untouched(const dx_inverted_index *model, const predict_work *w, size_t k, int32_t least, size_t at) {
    const size_t to = at + k;
    for (size_t i = 0; i < model->labels && at < to; i++) {
        const int32_t label = model->by_bias[i], key = dx_key(model->biases[label]);
        if (key < least) break;
        if (!is_clean(w->sums[label])) continue;
        w->keys[at] = key;
        w->ids[at++] = label;
    }
    return at;
}

void dx_inverted_topk(const dx_inverted_index *model, const int32_t *columns, const float *values, size_t count, size_t k,
                      int32_t first_id, void *workspace, int32_t *ids, float *scores) {
    predict_work w;
    lay_out(&w, workspace, model->labels, k);
    const size_t met = add_features(model, columns, values, count, w.sums, w.touched);
    for (size_t i = 0; i < met; i++) w.keys[i] = dx_key(w.sums[w.touched[i]] + model->biases[w.touched[i]]);
    const int32_t least = met > k && k > 0 ? dx_kth_largest(w.keys, (int64_t)met, (int64_t)k) : INT32_MIN;
    size_t kept = 0;
    for (size_t i = 0; i < met; i++) {
        const int32_t key = w.keys[i];
        w.keys[kept] = key;
        w.ids[kept] = w.touched[i];
        kept += key >= least;
    }
    kept = add_untouched(model, &w, k, least, kept);
    for (size_t i = 0; i < met; i++) w.sums[w.touched[i]] = -0.0f;
    dx_sort_by_id(w.keys, w.ids, (int64_t)kept, w.spare_keys, w.spare_ids);
    dx_write_top(w.keys, w.ids, (int64_t)kept, (int64_t)k, w.spare_keys, w.spare_ids, ids, scores);
    for (size_t i = 0; i < k && i < model->labels; i++) ids[i] += first_id;
}
