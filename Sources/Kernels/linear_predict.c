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

/// The best of the `met` labels that have sums, and of the others; leaves the sums clean. `scales`: what a label's sum is times, or
/// null.
static void finish(const dx_inverted_index *model, const float *scales, predict_work w, size_t met, size_t k, int32_t first_id,
                   int32_t *ids, float *scores) {
    if (scales) {
        for (size_t i = 0; i < met; i++) {
            const int32_t label = w.touched[i];
            w.keys[i] = dx_key(w.sums[label] * scales[label] + model->biases[label]);
        }
    } else {
        for (size_t i = 0; i < met; i++) w.keys[i] = dx_key(w.sums[w.touched[i]] + model->biases[w.touched[i]]);
    }
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

void dx_inverted_topk(const dx_inverted_index *model, const int32_t *columns, const float *values, size_t count, size_t k,
                      int32_t first_id, void *workspace, int32_t *ids, float *scores) {
    predict_work w;
    lay_out(&w, workspace, model->labels, k);
    const size_t met = add_features(model, columns, values, count, w.sums, w.touched);
    finish(model, 0, w, met, k, first_id, ids, scores);
}

// Narrow models.

size_t dx_narrow_pack(const int32_t *columns, const float *values, size_t count, int width, uint8_t *bytes) {
    size_t at = 0;
    int32_t before = 0;
    for (size_t i = 0; i < count; i++) {
        uint32_t gap = (uint32_t)(columns[i] - before), bits;
        before = columns[i];
        for (; gap > 0x7f; gap >>= 7, at++)
            if (bytes) bytes[at] = (uint8_t)(gap | 0x80);
        if (bytes) {
            bytes[at] = (uint8_t)gap;
            memcpy(&bits, values + i, 4);
            // To the nearest, ties to even.
            const uint16_t half = (uint16_t)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
            const int8_t byte = (int8_t)values[i];
            memcpy(bytes + at + 1, width == 2 ? (const void *)&half : (const void *)&byte, (size_t)width);
        }
        at += 1 + (size_t)width;
    }
    return at;
}

/// The next number and weight of a row; returns where the one after it begins.
DX_INLINE const uint8_t *next_weight(const uint8_t *at, const int width, int32_t *column, float *weight) {
    uint32_t gap = at[0] & 0x7f;
    for (unsigned shift = 7; *at++ & 0x80; shift += 7) gap |= (uint32_t)(*at & 0x7f) << shift;
    *column += (int32_t)gap;
    if (width == 1) {
        *weight = (float)(int8_t)at[0];
        return at + 1;
    }
    uint16_t half;
    memcpy(&half, at, 2);
    const uint32_t bits = (uint32_t)half << 16;
    memcpy(weight, &bits, 4);
    return at + 2;
}

DX_INLINE int is_sound_row(const uint8_t *at, const uint8_t *end, const ptrdiff_t width, int64_t bound) {
    int64_t number = -1;
    for (int is_first = 1; at < end; is_first = 0, at += width) {
        uint64_t gap = *at & 0x7f;
        for (unsigned shift = 7; *at++ & 0x80; shift += 7) {
            if (at == end || shift > 28) return 0;
            gap |= (uint64_t)(*at & 0x7f) << shift;
        }
        // The first number stands for itself, and may be 0.
        number += (int64_t)gap + is_first;
        if (end - at < width || number >= bound || (!gap && !is_first)) return 0;
    }
    return 1;
}

int dx_narrow_is_sound(const uint8_t *bytes, size_t byte_count, int width, int64_t bound) {
    return width == 1 ? is_sound_row(bytes, bytes + byte_count, 1, bound) : is_sound_row(bytes, bytes + byte_count, 2, bound);
}

size_t dx_narrow_unpack(const uint8_t *bytes, size_t byte_count, int width, int32_t *columns, float *values) {
    size_t count = 0;
    int32_t column = 0;
    float value;
    for (const uint8_t *at = bytes; at < bytes + byte_count; count++) {
        at = width == 1 ? next_weight(at, 1, &column, &value) : next_weight(at, 2, &column, &value);
        if (columns) columns[count] = column;
        if (values) values[count] = value;
    }
    return count;
}

DX_INLINE size_t add_narrow(const dx_narrow_model *model, const int width, const int32_t *columns, const float *values,
                            size_t count, float *restrict sums, int32_t *restrict touched) {
    size_t met = 0;
    for (size_t i = 0; i < count; i++) {
        const float value = values[i];
        const uint8_t *at = model->bytes + model->starts[columns[i]], *end = model->bytes + model->starts[columns[i] + 1];
        int32_t label = 0;
        while (at < end) {
            float weight;
            at = next_weight(at, width, &label, &weight);
            const float sum = sums[label];
            touched[met] = label;
            met += is_clean(sum);
            sums[label] = (sum + value * weight) + 0.0f;
        }
    }
    return met;
}

void dx_narrow_topk(const dx_narrow_model *model, const int32_t *columns, const float *values, size_t count, size_t k,
                    int32_t first_id, void *workspace, int32_t *ids, float *scores) {
    predict_work w;
    lay_out(&w, workspace, model->labels, k);
    const size_t met = model->width == 1 ? add_narrow(model, 1, columns, values, count, w.sums, w.touched)
                                         : add_narrow(model, 2, columns, values, count, w.sums, w.touched);
    const dx_inverted_index others = {.labels = model->labels, .biases = model->biases, .by_bias = model->by_bias};
    finish(&others, model->scales, w, met, k, first_id, ids, scores);
}

DX_INLINE float narrow_score(const uint8_t *at, const uint8_t *end, const int width, const float *document) {
    float score = 0, weight;
    int32_t column = 0;
    while (at < end) {
        at = next_weight(at, width, &column, &weight);
        score += weight * document[column];
    }
    return score;
}

void dx_narrow_scores(const dx_narrow_model *model, int32_t first_label, const int32_t *columns, const float *values,
                      size_t count, const int32_t *labels, size_t label_count, float *document, float *scores) {
    for (size_t e = 0; e < count; e++) document[columns[e]] = values[e];
    for (size_t i = 0; i < label_count; i++) {
        const int64_t row = (int64_t)labels[i] - first_label;
        if (row < 0 || row >= (int64_t)model->labels) continue;
        const uint8_t *at = model->bytes + model->starts[row], *end = model->bytes + model->starts[row + 1];
        const float sum = model->width == 1 ? narrow_score(at, end, 1, document) : narrow_score(at, end, 2, document);
        scores[i] = (model->scales ? sum * model->scales[row] : sum) + model->biases[row];
    }
    for (size_t e = 0; e < count; e++) document[columns[e]] = 0;
}
