#include <math.h>
#include <string.h>

#include "search_kernels.h"
#include "search_product.h"
#include "search_select.h"

#define CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))

/// side[i] = 0 for the ⌈n/2⌉ members that lean least to the second centroid (ties: the earlier member), 1 for the others.
static inline void halve(const float *leaning, int64_t n, int32_t *keys, uint8_t *side) {
    // The ⌈n/2⌉ largest of the negated numbers; ties among them go to the earlier member, as everywhere.
    for (int64_t i = 0; i < n; i++) keys[i] = dx_key(-leaning[i]);
    const int64_t first = n - n / 2;
    const int32_t kth = dx_kth_largest(keys, n, first);
    int64_t above = 0;
    for (int64_t i = 0; i < n; i++) above += keys[i] > kth;
    int64_t equal = first - above;
    for (int64_t i = 0; i < n; i++) {
        const int tie = keys[i] == kth && equal > 0;
        equal -= tie;
        side[i] = !(keys[i] > kth || tie);
    }
}

/// Sum of squares in a fixed order.
static inline double square_of(const float *x, int64_t n) {
    double lanes[8] = {0}, sum = 0;
    int64_t i = 0;
    for (; i + 8 <= n; i += 8)
        for (int j = 0; j < 8; j++) lanes[j] += (double)x[i + j] * x[i + j];
    for (; i < n; i++) sum += (double)x[i] * x[i];
    for (int j = 0; j < 8; j++) sum += lanes[j];
    return sum;
}

static inline float inverse(double norm) { return norm > 0 ? (float)(1 / norm) : 0; }

/// sums (zeroed here) = Σ of the unit rows of the members with side[i] == which (every member where `side` is null).
static inline void add_members(
    const dx_cluster *c, const uint8_t *side, int which, float *per_label, float *sums) {
    memset(per_label, 0, c->label_count * sizeof *per_label);
    memset(sums, 0, c->dims * sizeof *sums);
    for (int64_t m = 0; m < c->count; m++)
        if (!side || side[m] == which)
            for (int64_t at = c->starts[m]; at < c->starts[m + 1]; at++) per_label[c->locals[at]] += c->weights[at];
    for (int64_t j = 0; j < c->label_count; j++) {
        const float weight = per_label[j];
        if (weight == 0) continue;
        const int64_t label = c->labels[j];
        for (int64_t at = c->centroids->starts[label]; at < c->centroids->starts[label + 1]; at++)
            sums[c->centroids->columns[at]] += weight * c->centroids->values[at];
    }
}

/// leaning[m] = unit row of member m · direction.
static inline void project(const dx_cluster *c, const float *direction, float *per_label, float *leaning) {
    for (int64_t j = 0; j < c->label_count; j++) {
        const int64_t label = c->labels[j];
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
    for (int64_t m = 0; m < c->count; m++) {
        float sum = 0;
        for (int64_t at = c->starts[m]; at < c->starts[m + 1]; at++) sum += c->weights[at] * per_label[c->locals[at]];
        leaning[m] = sum;
    }
}

int64_t dx_two_means_sparse(
    const dx_cluster *c, int64_t first, int64_t second, double tolerance, void *memory, uint8_t *side) {
    float *all = memory, *one = all + c->dims, *direction = one + c->dims, *per_label = direction + c->dims;
    float *leaning = per_label + c->label_count;
    int32_t *keys = (int32_t *)(leaning + c->count);
    memset(side, 0, c->count);
    side[first] = 1;
    side[second] = 2;
    add_members(c, side, 1, per_label, all);
    add_members(c, side, 2, per_label, one);
    for (int64_t d = 0; d < c->dims; d++) direction[d] = one[d] - all[d];
    add_members(c, 0, 0, per_label, all);
    double before = -1000000, now = -2;
    int64_t rounds = 0;
    for (; now - before >= tolerance; rounds++) {
        project(c, direction, per_label, leaning);
        halve(leaning, c->count, keys, side);
        // The first half's sum is the rest: one scattered pass in place of two.
        add_members(c, side, 1, per_label, one);
        for (int64_t d = 0; d < c->dims; d++) direction[d] = all[d] - one[d];
        // A centroid is a half's sum made unit, so that half's total similarity is the length of its sum.
        const double left = sqrt(square_of(direction, c->dims)), right = sqrt(square_of(one, c->dims));
        const float by_left = inverse(left), by_right = inverse(right);
        for (int64_t d = 0; d < c->dims; d++) direction[d] = one[d] * by_right - direction[d] * by_left;
        before = now;
        now = left + right;
    }
    return rounds;
}

int64_t dx_two_means_gram(
    const float *gram, int64_t n, int64_t first, int64_t second, double tolerance, void *memory, uint8_t *side) {
    float *leaning = memory, *to_right = leaning + n, *row_sums = to_right + n;
    int32_t *keys = (int32_t *)(row_sums + n);
    const float by_first = inverse(sqrt(gram[first * n + first])), by_second = inverse(sqrt(gram[second * n + second]));
    for (int64_t i = 0; i < n; i++) {
        leaning[i] = gram[second * n + i] * by_second - gram[first * n + i] * by_first;
        row_sums[i] = 0;
    }
    for (int64_t j = 0; j < n; j++)
        for (int64_t i = 0; i < n; i++) row_sums[i] += gram[j * n + i];
    double before = -1000000, now = -2;
    int64_t rounds = 0;
    for (; now - before >= tolerance; rounds++) {
        halve(leaning, n, keys, side);
        memset(to_right, 0, n * sizeof *to_right);
        for (int64_t j = 0; j < n; j++)
            if (side[j])
                for (int64_t i = 0; i < n; i++) to_right[i] += gram[j * n + i];
        double left = 0, right = 0;
        for (int64_t i = 0; i < n; i++) {
            if (side[i]) right += to_right[i];
            else left += row_sums[i] - to_right[i];
        }
        left = left > 0 ? sqrt(left) : 0;
        right = right > 0 ? sqrt(right) : 0;
        const float by_left = inverse(left), by_right = inverse(right);
        for (int64_t i = 0; i < n; i++) leaning[i] = to_right[i] * by_right - (row_sums[i] - to_right[i]) * by_left;
        before = now;
        now = left + right;
    }
    return rounds;
}

enum { CHUNK = 512 };

/// The columns that the cluster's centroids use, ascending; `local_of` (one number a column, -1 before) gets their places.
static int64_t vocabulary(const dx_cluster *c, int32_t *local_of) {
    int64_t lowest = c->dims, highest = -1, count = 0;
    for (int64_t j = 0; j < c->label_count; j++)
        for (int64_t at = c->centroids->starts[c->labels[j]]; at < c->centroids->starts[c->labels[j] + 1]; at++) {
            const int32_t column = c->centroids->columns[at];
            local_of[column] = 0;
            lowest = column < lowest ? column : lowest;
            highest = column > highest ? column : highest;
        }
    for (int64_t d = lowest; d <= highest; d++)
        if (local_of[d] >= 0) local_of[d] = (int32_t)count++;
    return count;
}

/// Adds to `rows` (count×CHUNK) those columns of the unit rows that lie in local columns from ..< from + CHUNK.
static void fill_chunk(
    const dx_cluster *c, const dx_transposed *by_label, const int32_t *local_of, int64_t from, int64_t *cursors, float *rows) {
    for (int64_t j = 0; j < c->label_count; j++) {
        const int64_t begin = cursors[j], end = c->centroids->starts[c->labels[j] + 1];
        int64_t stop = begin;
        while (stop < end && local_of[c->centroids->columns[stop]] < from + CHUNK) stop++;
        for (int64_t m = by_label->starts[j]; m < by_label->starts[j + 1]; m++) {
            float *row = rows + (int64_t)by_label->members[m] * CHUNK;
            const float weight = by_label->weights[m];
            for (int64_t at = begin; at < stop; at++)
                row[local_of[c->centroids->columns[at]] - from] += weight * c->centroids->values[at];
        }
        cursors[j] = stop;
    }
}

int64_t dx_gram_workspace(int64_t count, int64_t label_count) {
    const int64_t high = (count + DX_TILE_ROWS - 1) / DX_TILE_ROWS * DX_TILE_ROWS;
    const int64_t wide = (count + DX_TILE_COLS - 1) / DX_TILE_COLS * DX_TILE_COLS;
    return (label_count + 8) * (int64_t)sizeof(int64_t) + ((count + high + wide) * CHUNK + high * wide + 64) * (int64_t)sizeof(float);
}

void dx_gram(
    const dx_cluster *c, const dx_transposed *by_label, int32_t *local_of, void *memory, float *gram) {
    const int64_t n = c->count, high = (n + DX_TILE_ROWS - 1) / DX_TILE_ROWS * DX_TILE_ROWS;
    const int64_t wide = (n + DX_TILE_COLS - 1) / DX_TILE_COLS * DX_TILE_COLS;
    int64_t *cursors = memory;
    float *rows = (float *)(cursors + (c->label_count + 7) / 8 * 8), *left = rows + n * CHUNK, *right = left + high * CHUNK;
    float *products = right + wide * CHUNK;
    for (int64_t j = 0; j < c->label_count; j++) cursors[j] = c->centroids->starts[c->labels[j]];
    memset(products, 0, high * wide * sizeof *products);
    const int64_t columns = vocabulary(c, local_of);
    for (int64_t from = 0; from < columns; from += CHUNK) {
        const int64_t width = columns - from < CHUNK ? columns - from : CHUNK;
        memset(rows, 0, n * CHUNK * sizeof *rows);
        fill_chunk(c, by_label, local_of, from, cursors, rows);
        dx_pack_lanes(rows, CHUNK, n, width, DX_TILE_ROWS, left);
        dx_pack_lanes(rows, CHUNK, n, width, DX_TILE_COLS, right);
        for (int64_t i = 0; i < high; i += DX_TILE_ROWS)
            for (int64_t j = i / DX_TILE_COLS * DX_TILE_COLS; j < wide; j += DX_TILE_COLS)
                dx_tile_product(left + i * width, right + j * width, width, products + i * wide + j, wide, 1);
    }
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = i; j < n; j++) gram[i * n + j] = gram[j * n + i] = products[i * wide + j];
    for (int64_t j = 0; j < c->label_count; j++)
        for (int64_t at = c->centroids->starts[c->labels[j]]; at < c->centroids->starts[c->labels[j] + 1]; at++)
            local_of[c->centroids->columns[at]] = -1;
}
