// Balanced 2-means of label centroids.
#include "search_kernels.h"
#include "search_select.h"
#include "tiles.h"
#include "vector.h"

/// side[i] = 0 for the ⌈n/2⌉ members that lean least to the second centroid (ties: the earlier member), 1 for the others.
static inline void halve(const float *leaning, size_t n, int32_t *keys, uint8_t *side) {
    // The ⌈n/2⌉ largest of the negated numbers; ties among them go to the earlier member, as everywhere.
    for (size_t i = 0; i < n; i++) keys[i] = dx_key(-leaning[i]);
    dx_cut cut = dx_cut_at(keys, n, n - n / 2);
    for (size_t i = 0; i < n; i++) side[i] = !dx_takes(&cut, keys[i]);
}

static inline float inverse(double norm) { return norm > 0 ? (float)(1 / norm) : 0; }

/// sums (zeroed here) = Σ of the unit rows of the members with side[i] == which (every member where `side` is null).
static inline void add_members(const dx_cluster *c, const uint8_t *side, int which, float *per_label, float *sums) {
    memset(per_label, 0, c->label_count * sizeof *per_label);
    memset(sums, 0, c->dims * sizeof *sums);
    for (size_t m = 0; m < c->count; m++)
        if (!side || side[m] == which)
            for (int64_t at = c->starts[m]; at < c->starts[m + 1]; at++) per_label[c->locals[at]] += c->weights[at];
    for (size_t j = 0; j < c->label_count; j++) {
        const float weight = per_label[j];
        if (weight == 0) continue;
        const int32_t label = c->labels[j];
        for (int64_t at = c->centroids->starts[label]; at < c->centroids->starts[label + 1]; at++)
            sums[c->centroids->columns[at]] += weight * c->centroids->values[at];
    }
}

/// leaning[m] = unit row of member m · direction.
static inline void project(const dx_cluster *c, const float *direction, float *per_label, float *leaning) {
    for (size_t j = 0; j < c->label_count; j++) {
        const int32_t label = c->labels[j];
        int64_t at = c->centroids->starts[label];
        const int64_t end = c->centroids->starts[label + 1];
        const int32_t *columns = c->centroids->columns;
        const float *values = c->centroids->values;
        float lanes[4] = {0};
        for (; at + 4 <= end; at += 4)
            for (int i = 0; i < 4; i++) lanes[i] += values[at + i] * direction[columns[at + i]];
        for (; at < end; at++) lanes[0] += values[at] * direction[columns[at]];
        per_label[j] = (lanes[0] + lanes[1]) + (lanes[2] + lanes[3]);
    }
    for (size_t m = 0; m < c->count; m++) {
        float sum = 0;
        for (int64_t at = c->starts[m]; at < c->starts[m + 1]; at++) sum += c->weights[at] * per_label[c->locals[at]];
        leaning[m] = sum;
    }
}

size_t dx_two_means_sparse(const dx_cluster *c, size_t first, size_t second, double tolerance, void *memory, uint8_t *side) {
    float *all = memory, *one = all + c->dims, *direction = one + c->dims, *per_label = direction + c->dims;
    float *leaning = per_label + c->label_count;
    int32_t *keys = (int32_t *)(leaning + c->count);
    memset(side, 0, c->count);
    side[first] = 1;
    side[second] = 2;
    add_members(c, side, 1, per_label, all);
    add_members(c, side, 2, per_label, one);
    for (size_t d = 0; d < c->dims; d++) direction[d] = one[d] - all[d];
    add_members(c, 0, 0, per_label, all);
    double before = -1000000, now = -2;
    size_t rounds = 0;
    for (; now - before >= tolerance; rounds++) {
        project(c, direction, per_label, leaning);
        halve(leaning, c->count, keys, side);
        // The first half's sum is the rest: one scattered pass in place of two.
        add_members(c, side, 1, per_label, one);
        for (size_t d = 0; d < c->dims; d++) direction[d] = all[d] - one[d];
        // A centroid is a half's sum made unit, so that half's total similarity is the length of its sum.
        const double left = sqrt(dx_square_sum(direction, c->dims)), right = sqrt(dx_square_sum(one, c->dims));
        const float by_left = inverse(left), by_right = inverse(right);
        for (size_t d = 0; d < c->dims; d++) direction[d] = one[d] * by_right - direction[d] * by_left;
        before = now;
        now = left + right;
    }
    return rounds;
}

size_t dx_two_means_gram(const float *gram, size_t n, size_t first, size_t second, double tolerance, void *memory,
                         uint8_t *side) {
    float *leaning = memory, *to_right = leaning + n, *row_sums = to_right + n;
    int32_t *keys = (int32_t *)(row_sums + n);
    const float by_first = inverse(sqrt(gram[first * n + first])), by_second = inverse(sqrt(gram[second * n + second]));
    for (size_t i = 0; i < n; i++) {
        leaning[i] = gram[second * n + i] * by_second - gram[first * n + i] * by_first;
        row_sums[i] = 0;
    }
    for (size_t j = 0; j < n; j++)
        for (size_t i = 0; i < n; i++) row_sums[i] += gram[j * n + i];
    double before = -1000000, now = -2;
    size_t rounds = 0;
    for (; now - before >= tolerance; rounds++) {
        halve(leaning, n, keys, side);
        memset(to_right, 0, n * sizeof *to_right);
        for (size_t j = 0; j < n; j++)
            if (side[j])
                for (size_t i = 0; i < n; i++) to_right[i] += gram[j * n + i];
        double left = 0, right = 0;
        for (size_t i = 0; i < n; i++) {
            if (side[i]) right += to_right[i];
            else left += row_sums[i] - to_right[i];
        }
        left = left > 0 ? sqrt(left) : 0;
        right = right > 0 ? sqrt(right) : 0;
        const float by_left = inverse(left), by_right = inverse(right);
        for (size_t i = 0; i < n; i++) leaning[i] = to_right[i] * by_right - (row_sums[i] - to_right[i]) * by_left;
        before = now;
        now = left + right;
    }
    return rounds;
}

enum { CHUNK = 512 };

/// The columns that the cluster's centroids use, ascending; `local_of` (one number a column, -1 before) gets their places.
static size_t vocabulary(const dx_cluster *c, int32_t *local_of) {
    size_t from = c->dims, to = 0, count = 0;
    for (size_t j = 0; j < c->label_count; j++)
        for (int64_t at = c->centroids->starts[c->labels[j]]; at < c->centroids->starts[c->labels[j] + 1]; at++) {
            const int32_t column = c->centroids->columns[at];
            local_of[column] = 0;
            from = (size_t)column < from ? (size_t)column : from;
            to = (size_t)column >= to ? (size_t)column + 1 : to;
        }
    for (size_t d = from; d < to; d++)
        if (local_of[d] >= 0) local_of[d] = (int32_t)count++;
    return count;
}

/// Adds to `rows` (count×CHUNK) those columns of the unit rows that lie in local columns from ..< from + CHUNK.
static void fill_chunk(const dx_cluster *c, const dx_transposed *by_label, const int32_t *local_of, size_t from,
                       int64_t *cursors, float *rows) {
    for (size_t j = 0; j < c->label_count; j++) {
        const int64_t begin = cursors[j], end = c->centroids->starts[c->labels[j] + 1];
        int64_t stop = begin;
        while (stop < end && (size_t)local_of[c->centroids->columns[stop]] < from + CHUNK) stop++;
        for (int64_t m = by_label->starts[j]; m < by_label->starts[j + 1]; m++) {
            float *row = rows + (size_t)by_label->members[m] * CHUNK;
            const float weight = by_label->weights[m];
            for (int64_t at = begin; at < stop; at++)
                row[(size_t)local_of[c->centroids->columns[at]] - from] += weight * c->centroids->values[at];
        }
        cursors[j] = stop;
    }
}

size_t dx_gram_workspace(size_t count, size_t label_count) {
    const size_t high = dx_round_up(count, DX_TILE_ROWS), wide = dx_round_up(count, DX_TILE_COLS);
    return (label_count + 8) * sizeof(int64_t) + ((count + high + wide) * CHUNK + high * wide + 64) * sizeof(float);
}

void dx_gram(const dx_cluster *c, const dx_transposed *by_label, int32_t *local_of, void *memory, float *gram) {
    const size_t n = c->count, high = dx_round_up(n, DX_TILE_ROWS), wide = dx_round_up(n, DX_TILE_COLS);
    int64_t *cursors = memory;
    float *rows = (float *)(cursors + dx_round_up(c->label_count, 8)), *left = rows + n * CHUNK, *right = left + high * CHUNK;
    float *products = right + wide * CHUNK;
    for (size_t j = 0; j < c->label_count; j++) cursors[j] = c->centroids->starts[c->labels[j]];
    memset(products, 0, high * wide * sizeof *products);
    const size_t columns = vocabulary(c, local_of);
    for (size_t from = 0; from < columns; from += CHUNK) {
        const size_t width = columns - from < CHUNK ? columns - from : CHUNK;
        memset(rows, 0, n * CHUNK * sizeof *rows);
        fill_chunk(c, by_label, local_of, from, cursors, rows);
        dx_pack_left(rows, CHUNK, 1, n, width, left);
        dx_pack_right(rows, CHUNK, 1, n, width, right);
        for (size_t i = 0; i < high; i += DX_TILE_ROWS)
            for (size_t j = i / DX_TILE_COLS * DX_TILE_COLS; j < wide; j += DX_TILE_COLS)
                dx_tile_product(left + i * width, right + j * width, width, products + i * wide + j, wide, 1);
    }
    for (size_t i = 0; i < n; i++)
        for (size_t j = i; j < n; j++) gram[i * n + j] = gram[j * n + i] = products[i * wide + j];
    for (size_t j = 0; j < c->label_count; j++)
        for (int64_t at = c->centroids->starts[c->labels[j]]; at < c->centroids->starts[c->labels[j] + 1]; at++)
            local_of[c->centroids->columns[at]] = -1;
}
