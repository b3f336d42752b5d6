#include <math.h>

#include "search_kernels.h"
#include "search_select.h"

#define CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))

/// The four arrays of `capacity` that a selection works in.
typedef struct {
    int32_t *keys, *ids, *spare_keys, *spare_ids;
} arrays;

static inline arrays cut(int32_t *memory, int64_t capacity) {
    return (arrays){memory, memory + capacity, memory + 2 * capacity, memory + 3 * capacity};
}

/// Sums into `sums`, which holds -infinity where nothing was added; lists the labels met in `labels`.
static int64_t add_neighbours(
    const int32_t *neighbours, const float *similarities, int64_t count, const int64_t *starts, const int32_t *columns,
    float *sums, int32_t *labels) {
    int64_t met = 0;
    for (int64_t i = 0; i < count && neighbours[i] >= 0; i++)
        for (int64_t at = starts[neighbours[i]]; at < starts[neighbours[i] + 1]; at++) {
            const int32_t label = columns[at];
            const int first = sums[label] == -INFINITY;
            labels[met] = label;
            met += first;
            sums[label] = first ? similarities[i] : sums[label] + similarities[i];
        }
    return met;
}

CLONES void dx_label_scores(
    const int32_t *neighbours, const float *similarities, int64_t rows, int64_t width, const int64_t *starts,
    const int32_t *columns, float *sums, int32_t *memory, int64_t capacity, int64_t k, int32_t *ids, float *scores) {
    const arrays a = cut(memory, capacity);
    for (int64_t row = 0; row < rows; row++) {
        const int64_t met =
            add_neighbours(neighbours + row * width, similarities + row * width, width, starts, columns, sums, a.ids);
        float largest = 0;
        for (int64_t i = 0; i < met; i++) largest = sums[a.ids[i]] > largest ? sums[a.ids[i]] : largest;
        const float divisor = largest > 0 ? largest : 1;
        for (int64_t i = 0; i < met; i++) {
            a.keys[i] = dx_key(sums[a.ids[i]] / divisor);
            sums[a.ids[i]] = -INFINITY;
        }
        dx_sort_by_id(a.keys, a.ids, met, a.spare_keys, a.spare_ids);
        dx_write_top(a.keys, a.ids, met, k, a.spare_keys, a.spare_ids, ids + row * k, scores + row * k);
    }
}

/// Appends a row's entries, up to its padding, and returns the new number.
static inline int64_t append(const int32_t *ids, const float *scores, int64_t width, int32_t *keys, int32_t *all, int64_t n) {
    for (int64_t i = 0; i < width && ids[i] >= 0; i++, n++) {
        keys[n] = dx_key(scores[i]);
        all[n] = ids[i];
    }
    return n;
}

CLONES void dx_merge_lists(
    const int32_t *const *lists, const float *const *scores_of, const int64_t *widths, int64_t list_count, int64_t from,
    int64_t to, int32_t *memory, int64_t capacity, int64_t k, int32_t *ids, float *scores) {
    const arrays a = cut(memory, capacity);
    for (int64_t row = from; row < to; row++) {
        int64_t n = 0;
        for (int64_t list = 0; list < list_count; list++)
            n = append(
                lists[list] + row * widths[list], scores_of[list] + row * widths[list], widths[list], a.keys, a.ids, n);
        dx_sort_by_id(a.keys, a.ids, n, a.spare_keys, a.spare_ids);
        dx_write_top(a.keys, a.ids, n, k, a.spare_keys, a.spare_ids, ids + row * k, scores + row * k);
    }
}

CLONES void dx_blend_lists(
    const int32_t *left_ids, const float *left_scores, int64_t left_width, float left_weight, const int32_t *right_ids,
    const float *right_scores, int64_t right_width, float right_weight, int64_t rows, int32_t *memory, int64_t capacity,
    int64_t k, int32_t *ids, float *scores) {
    const arrays l = cut(memory, capacity), r = cut(memory + 4 * capacity, capacity);
    for (int64_t row = 0; row < rows; row++) {
        const int64_t ln = append(left_ids + row * left_width, left_scores + row * left_width, left_width, l.keys, l.ids, 0);
        const int64_t rn =
            append(right_ids + row * right_width, right_scores + row * right_width, right_width, r.keys, r.ids, 0);
        dx_sort_by_id(l.keys, l.ids, ln, l.spare_keys, l.spare_ids);
        dx_sort_by_id(r.keys, r.ids, rn, r.spare_keys, r.spare_ids);
        int64_t i = 0, j = 0, n = 0;
        int32_t *keys = l.spare_keys, *all = l.spare_ids;
        while (i < ln || j < rn) {
            const int take_left = i < ln && (j >= rn || l.ids[i] <= r.ids[j]);
            const int take_right = j < rn && (i >= ln || r.ids[j] <= l.ids[i]);
            all[n] = take_left ? l.ids[i] : r.ids[j];
            const float from_left = take_left ? left_weight * dx_score(l.keys[i]) : 0;
            const float from_right = take_right ? right_weight * dx_score(r.keys[j]) : 0;
            keys[n++] = dx_key(from_left + from_right);
            i += take_left;
            j += take_right;
        }
        dx_write_top(keys, all, n, k, r.spare_keys, r.spare_ids, ids + row * k, scores + row * k);
    }
}

CLONES void dx_unit_rows(float *rows, int64_t count, int64_t dims) {
    for (int64_t r = 0; r < count; r++) {
        float *row = rows + r * dims;
        double lanes[8] = {0}, square = 0;
        int64_t d = 0;
        for (; d + 8 <= dims; d += 8)
            for (int j = 0; j < 8; j++) lanes[j] += (double)row[d + j] * row[d + j];
        for (; d < dims; d++) square += (double)row[d] * row[d];
        for (int j = 0; j < 8; j++) square += lanes[j];
        const float scale = square > 0 ? (float)(1 / sqrt(square)) : 0;
        for (d = 0; d < dims; d++) row[d] *= scale;
    }
}

CLONES void dx_mean_rows(
    const float *rows, int64_t dims, const int64_t *starts, const int32_t *members, int64_t from, int64_t to, float *out) {
    for (int64_t l = from; l < to; l++) {
        float *mean = out + (l - from) * dims;
        for (int64_t at = starts[l]; at < starts[l + 1]; at++) {
            const float *row = rows + members[at] * dims;
            for (int64_t d = 0; d < dims; d++) mean[d] += row[d];
        }
        const float share = starts[l + 1] > starts[l] ? 1.0f / (float)(starts[l + 1] - starts[l]) : 0;
        for (int64_t d = 0; d < dims; d++) mean[d] *= share;
    }
}
