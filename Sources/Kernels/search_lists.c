// Lists of the best: made from neighbours, merged, blended, chosen; and the unit rows and means that a search works on.
#include "search_kernels.h"
#include "search_select.h"
#include "vector.h"

/// The four arrays of `capacity` that a selection works in.
typedef struct {
    int32_t *keys, *ids, *spare_keys, *spare_ids;
} arrays;

static inline arrays cut(int32_t *memory, size_t capacity) {
    return (arrays){memory, memory + capacity, memory + 2 * capacity, memory + 3 * capacity};
}

/// Sums into `sums`, which holds -infinity where nothing was added; lists the labels met in `labels`.
static size_t add_neighbours(const int32_t *neighbours, const float *similarities, size_t count, const int64_t *starts,
                             const int32_t *columns, float *sums, int32_t *labels) {
    size_t met = 0;
    for (size_t i = 0; i < count && neighbours[i] >= 0; i++)
        for (int64_t at = starts[neighbours[i]]; at < starts[neighbours[i] + 1]; at++) {
            const int32_t label = columns[at];
            const int first = sums[label] == -INFINITY;
            labels[met] = label;
            met += (size_t)first;
            sums[label] = first ? similarities[i] : sums[label] + similarities[i];
        }
    return met;
}

DX_CLONES void dx_label_scores(const int32_t *neighbours, const float *similarities, size_t rows, size_t width,
                               const int64_t *starts, const int32_t *columns, float *sums, int32_t *memory, size_t capacity,
                               size_t k, int32_t *ids, float *scores) {
    const arrays a = cut(memory, capacity);
    for (size_t row = 0; row < rows; row++) {
        const size_t met =
            add_neighbours(neighbours + row * width, similarities + row * width, width, starts, columns, sums, a.ids);
        float largest = 0;
        for (size_t i = 0; i < met; i++) largest = sums[a.ids[i]] > largest ? sums[a.ids[i]] : largest;
        const float divisor = largest > 0 ? largest : 1;
        for (size_t i = 0; i < met; i++) {
            a.keys[i] = dx_key(sums[a.ids[i]] / divisor);
            sums[a.ids[i]] = -INFINITY;
        }
        dx_sort_by_id(a.keys, a.ids, met, a.spare_keys, a.spare_ids);
        dx_write_top(a.keys, a.ids, met, k, a.spare_keys, a.spare_ids, ids + row * k, scores + row * k);
    }
}

/// Appends a row's entries, up to its padding, and returns the new number.
static inline size_t append(const int32_t *ids, const float *scores, size_t width, int32_t *keys, int32_t *all, size_t n) {
    for (size_t i = 0; i < width && ids[i] >= 0; i++, n++) {
        keys[n] = dx_key(scores[i]);
        all[n] = ids[i];
    }
    return n;
}

DX_CLONES void dx_merge_lists(const int32_t *const *lists, const float *const *scores_of, const size_t *widths,
                              size_t list_count, size_t from, size_t to, int32_t *memory, size_t capacity, size_t k,
                              int32_t *ids, float *scores) {
    const arrays a = cut(memory, capacity);
    for (size_t row = from; row < to; row++) {
        size_t n = 0;
        for (size_t list = 0; list < list_count; list++)
            n = append(lists[list] + row * widths[list], scores_of[list] + row * widths[list], widths[list], a.keys, a.ids, n);
        dx_sort_by_id(a.keys, a.ids, n, a.spare_keys, a.spare_ids);
        dx_write_top(a.keys, a.ids, n, k, a.spare_keys, a.spare_ids, ids + row * k, scores + row * k);
    }
}

DX_CLONES void dx_blend_lists(const int32_t *left_ids, const float *left_scores, size_t left_width, float left_weight,
                              const int32_t *right_ids, const float *right_scores, size_t right_width, float right_weight,
                              size_t rows, int32_t *memory, size_t capacity, size_t k, int32_t *ids, float *scores) {
    const arrays l = cut(memory, capacity), r = cut(memory + 4 * capacity, capacity);
    for (size_t row = 0; row < rows; row++) {
        const size_t ln = append(left_ids + row * left_width, left_scores + row * left_width, left_width, l.keys, l.ids, 0);
        const size_t rn =
            append(right_ids + row * right_width, right_scores + row * right_width, right_width, r.keys, r.ids, 0);
        dx_sort_by_id(l.keys, l.ids, ln, l.spare_keys, l.spare_ids);
        dx_sort_by_id(r.keys, r.ids, rn, r.spare_keys, r.spare_ids);
        size_t i = 0, j = 0, n = 0;
        int32_t *keys = l.spare_keys, *all = l.spare_ids;
        while (i < ln || j < rn) {
            const int take_left = i < ln && (j >= rn || l.ids[i] <= r.ids[j]);
            const int take_right = j < rn && (i >= ln || r.ids[j] <= l.ids[i]);
            all[n] = take_left ? l.ids[i] : r.ids[j];
            const float from_left = take_left ? left_weight * dx_score(l.keys[i]) : 0;
            const float from_right = take_right ? right_weight * dx_score(r.keys[j]) : 0;
            keys[n++] = dx_key(from_left + from_right);
            i += (size_t)take_left;
            j += (size_t)take_right;
        }
        dx_write_top(keys, all, n, k, r.spare_keys, r.spare_ids, ids + row * k, scores + row * k);
    }
}

DX_CLONES size_t dx_top_k(const float *scores, const int32_t *ids, size_t count, size_t k, int32_t *memory, int32_t *order) {
    const arrays a = cut(memory, count);
    int ascend = 1;
    for (size_t i = 0; i < count; i++) {
        a.keys[i] = ids[i];
        a.ids[i] = (int32_t)i;
        ascend &= i == 0 || ids[i - 1] <= ids[i];
    }
    // Places go with the scores, in ascending order of id.
    if (!ascend) dx_radix_sort((uint32_t *)a.keys, a.ids, count, (uint32_t *)a.spare_keys, a.spare_ids);
    for (size_t i = 0; i < count; i++) a.keys[i] = dx_key(scores[a.ids[i]]);
    const size_t found = dx_best_first(a.keys, a.ids, count, k, a.spare_keys, a.spare_ids);
    memcpy(order, a.ids, found * sizeof *order);
    return found;
}

DX_CLONES void dx_unit_rows(float *rows, size_t count, size_t dims) {
    for (size_t r = 0; r < count; r++) {
        float *row = rows + r * dims;
        const double square = dx_square_sum(row, dims);
        const float scale = square > 0 ? (float)(1 / sqrt(square)) : 0;
        for (size_t d = 0; d < dims; d++) row[d] *= scale;
    }
}

DX_CLONES void dx_mean_rows(const float *rows, size_t dims, const int64_t *starts, const int32_t *members, size_t from,
                            size_t to, float *out) {
    for (size_t l = from; l < to; l++) {
        float *mean = out + (l - from) * dims;
        for (int64_t at = starts[l]; at < starts[l + 1]; at++) {
            const float *row = rows + (size_t)members[at] * dims;
            for (size_t d = 0; d < dims; d++) mean[d] += row[d];
        }
        const float share = starts[l + 1] > starts[l] ? 1.0f / (float)(starts[l + 1] - starts[l]) : 0;
        for (size_t d = 0; d < dims; d++) mean[d] *= share;
    }
}
