// Label centroids of sparse rows, and the random walk that smooths them.
#include "philox.h"
#include "search_kernels.h"
#include "search_select.h"
#include "vector.h"

size_t dx_count_distinct(const int64_t *starts, const int32_t *columns, const int32_t *members, size_t count, int32_t stamp,
                         int32_t *stamps) {
    size_t distinct = 0;
    for (size_t m = 0; m < count; m++)
        for (int64_t at = starts[members[m]]; at < starts[members[m] + 1]; at++) {
            distinct += stamps[columns[at]] != stamp;
            stamps[columns[at]] = stamp;
        }
    return distinct;
}

void dx_sum_sparse_rows(const int64_t *starts, const int32_t *columns, const float *values, const int32_t *members,
                        size_t count, int32_t stamp, int32_t *stamps, float *sums, int32_t *spare, int32_t *out_columns,
                        float *out_values) {
    size_t n = 0;
    for (size_t m = 0; m < count; m++)
        for (int64_t at = starts[members[m]]; at < starts[members[m] + 1]; at++) {
            const int32_t column = columns[at];
            if (stamps[column] == stamp) {
                sums[column] += values[at];
            } else {
                stamps[column] = stamp;
                sums[column] = values[at];
                out_columns[n++] = column;
            }
        }
    dx_sort_by_id(spare, out_columns, n, spare + n, spare + 2 * n);
    for (size_t i = 0; i < n; i++) out_values[i] = sums[out_columns[i]];
}

static inline uint32_t below(uint32_t word, size_t bound) { return (uint32_t)(((uint64_t)word * (uint64_t)bound) >> 32); }

/// Where the walk of `steps` steps from `label` came by. A step: back to the start with probability `restart`, then to a
/// uniform document of the label, then to a uniform label of that document.
static void walk(const dx_bipartite *graph, int32_t label, size_t steps, double restart, const uint32_t key[2],
                 int32_t *visited) {
    const uint32_t restarts_below = (uint32_t)(restart * 4294967296.0);
    int32_t at = label;
    for (size_t step = 0; step < steps; step++) {
        uint32_t word[4];
        const uint32_t counter[4] = {(uint32_t)step, (uint32_t)label, 0, 0};
        dx_philox4x32(key, counter, word);
        if (word[0] < restarts_below) at = label;
        const int64_t first = graph->document_starts[at], documents = graph->document_starts[at + 1] - first;
        const int32_t document = graph->documents[first + below(word[1], (size_t)documents)];
        const int64_t start = graph->label_starts[document], labels = graph->label_starts[document + 1] - start;
        at = graph->labels[start + below(word[2], (size_t)labels)];
        visited[step] = at;
    }
}

/// The distinct ids among n ascending ones, and how often each occurs; returns their number.
static size_t tally(const int32_t *sorted, size_t n, int32_t *ids, int32_t *counts) {
    size_t distinct = 0;
    for (size_t i = 0; i < n; i++) {
        if (i == 0 || sorted[i] != sorted[i - 1]) {
            ids[distinct] = sorted[i];
            counts[distinct++] = 0;
        }
        counts[distinct - 1]++;
    }
    return distinct;
}

/// Keeps the `keep` most visited and the label itself, in ascending order of id. Returns their number.
static size_t prune(int32_t label, size_t keep, size_t distinct, int32_t *ids, int32_t *counts) {
    int32_t own = 0;
    for (size_t i = 0; i < distinct; i++)
        if (ids[i] == label) own = counts[i];
    if (distinct > keep) dx_keep_largest(counts, ids, distinct, keep);
    size_t n = distinct < keep ? distinct : keep, at = 0;
    while (at < n && ids[at] < label) at++;
    if (at < n && ids[at] == label) return n;
    memmove(ids + at + 1, ids + at, (n - at) * sizeof *ids);
    memmove(counts + at + 1, counts + at, (n - at) * sizeof *counts);
    ids[at] = label;
    counts[at] = own > 0 ? own : 1;
    return n + 1;
}

size_t dx_walk_row(const dx_bipartite *graph, int32_t label, size_t steps, double restart, size_t keep, size_t skip_above,
                   const uint32_t key[2], int32_t *memory, int32_t *ids, float *weights) {
    const size_t documents = (size_t)(graph->document_starts[label + 1] - graph->document_starts[label]);
    if (documents == 0 || documents > skip_above) {
        ids[0] = label;
        weights[0] = 1;
        return 1;
    }
    int32_t *visited = memory, *distinct_ids = memory + steps, *counts = memory + 2 * steps + 1,
            *spare = memory + 3 * steps + 2;
    walk(graph, label, steps, restart, key, visited);
    dx_sort_by_id(distinct_ids, visited, steps, spare, spare + steps);
    const size_t n = prune(label, keep, tally(visited, steps, distinct_ids, counts), distinct_ids, counts);
    float total = 0;
    for (size_t i = 0; i < n; i++) total += (float)counts[i];
    for (size_t i = 0; i < n; i++) {
        ids[i] = distinct_ids[i];
        weights[i] = (float)counts[i] / total;
    }
    return n;
}

DX_CLONES void dx_smoothed_norms(const dx_sparse *weights, const dx_sparse *centroids, size_t dims, size_t from, size_t to,
                                 float *sums, float *norms) {
    for (size_t l = from; l < to; l++) {
        size_t entries = 0;
        for (int64_t at = weights->starts[l]; at < weights->starts[l + 1]; at++) {
            const int32_t j = weights->columns[at];
            const float weight = weights->values[at];
            for (int64_t i = centroids->starts[j]; i < centroids->starts[j + 1]; i++)
                sums[centroids->columns[i]] += weight * centroids->values[i];
            entries += (size_t)(centroids->starts[j + 1] - centroids->starts[j]);
        }
        double square = 0;
        if (entries > dims / 4) {
            square = dx_square_sum(sums, dims);
            memset(sums, 0, dims * sizeof *sums);
        } else {
            for (int64_t at = weights->starts[l]; at < weights->starts[l + 1]; at++) {
                const int32_t j = weights->columns[at];
                for (int64_t i = centroids->starts[j]; i < centroids->starts[j + 1]; i++) {
                    const double sum = sums[centroids->columns[i]];
                    square += sum * sum;
                    sums[centroids->columns[i]] = 0;
                }
            }
        }
        norms[l] = (float)sqrt(square);
    }
}
