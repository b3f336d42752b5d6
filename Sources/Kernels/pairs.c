// Which (document, label) pairs a shortlist step works on.
#include "kernels.h"
#include "philox_lanes.h"
#include "vector.h"
#include <stdlib.h>
#include <string.h>

/// Draw `index` of document `document`: 32 uniform bits.
static inline uint32_t draw(dx_stream s, uint32_t document, uint32_t index, uint32_t block[4], uint32_t *have) {
    if (*have != index / 4) {
        uint32_t key[2] = {s.key0, s.key1}, counter[4] = {index / 4, document, s.moment, s.purpose};
        dx_philox4x32(key, counter, block);
        *have = index / 4;
    }
    return block[index % 4];
}

static inline size_t put(int32_t label, uint32_t row, uint32_t target, size_t at, int32_t *labels, uint16_t *pairs) {
    labels[at] = label;
    pairs[at] = (uint16_t)(row << 1 | target);
    return at + 1;
}

/// What comes before a document's random labels: pairs written, room that is left for them, and draws used.
typedef struct {
    size_t written, room;
    uint32_t draws;
} list_head;

/// Positives by selection sampling (Knuth 3.4.2 S: each remaining one with probability left / remaining), then the shortlist's
/// negatives. `stamps`: all positives get the mark; `writes`: pairs are put out; both are constants at each call.
DX_INLINE list_head begin_list(const int stamps, const int writes, const int32_t *positives, size_t positive_count,
                               size_t max_positives, const int32_t *negatives, size_t negative_count, size_t total_negatives,
                               size_t limit, int32_t lo, int32_t hi, int32_t document, uint16_t batch_row, dx_stream stream,
                               uint32_t *stamp, uint32_t mark, int32_t *out_labels, uint16_t *out_pairs) {
    uint32_t block[4], have = UINT32_MAX, next = 0;
    size_t written = 0, chosen = positive_count < max_positives ? positive_count : max_positives;
    if (chosen > limit) chosen = limit;
    size_t left = chosen;
    for (size_t i = 0; i < positive_count; i++) {
        int32_t label = positives[i];
        if (stamps) stamp[label] = mark;
        if (left == 0) continue;
        size_t remaining = positive_count - i;
        if (remaining > left) {
            uint64_t u = draw(stream, (uint32_t)document, next++, block, &have);
            if (((u * remaining) >> 32) >= left) continue;
        }
        left--;
        if (writes && label >= lo && label < hi) written = put(label - lo, batch_row, 1, written, out_labels, out_pairs);
    }
    size_t room = limit - chosen;
    // Else: cannot be with the original's sizes (20 + 500 <= 650); the caller cuts the shortlist to fit.
    if (total_negatives > room) return (list_head){written, 0, next};
    for (size_t i = 0; writes && i < negative_count; i++)
        written = put(negatives[i] - lo, batch_row, 0, written, out_labels, out_pairs);
    return (list_head){written, room - total_negatives, next};
}

DX_CLONES size_t dx_document_pairs(const int32_t *positives, size_t positive_count, size_t max_positives,
                                   const int32_t *negatives, size_t negative_count, size_t total_negatives, size_t random_count,
                                   size_t limit, int32_t label_count, int32_t lo, int32_t hi, int32_t document,
                                   uint16_t batch_row, dx_stream stream, uint32_t *stamp, uint32_t mark, int32_t *out_labels,
                                   uint16_t *out_pairs) {
    const list_head head =
        begin_list(1, 1, positives, positive_count, max_positives, negatives, negative_count, total_negatives, limit, lo, hi,
                   document, batch_row, stream, stamp, mark, out_labels, out_pairs);
    size_t written = head.written, room = head.room;
    uint32_t words[4 * LANES], first_block = (head.draws + 3) / 4;
    for (size_t i = 0; i < random_count && room > 0; i++) {
        if (i % (4 * LANES) == 0) philox_lanes(stream, (uint32_t)document, first_block + (uint32_t)(i / 4), words);
        int32_t label = (int32_t)(((uint64_t)words[i % (4 * LANES)] * (uint64_t)label_count) >> 32);
        if (stamp[label] == mark) continue;
        room--;
        // Which worker's label it is is a coin's toss: no branch. There is room, since fewer than `limit` are written.
        put(label - lo, batch_row, 0, written, out_labels, out_pairs);
        written += (label >= lo) & (label < hi);
    }
    return written;
}

DX_CLONES size_t dx_random_labels(const int32_t *positives, size_t positive_count, size_t max_positives, size_t total_negatives,
                                  size_t random_count, size_t limit, int32_t label_count, int32_t document, dx_stream stream,
                                  uint32_t *stamp, uint32_t mark, int32_t *out_labels) {
    const list_head head = begin_list(1, 0, positives, positive_count, max_positives, 0, 0, total_negatives, limit, 0, 0,
                                      document, 0, stream, stamp, mark, 0, 0);
    size_t count = 0;
    uint32_t words[4 * LANES], first_block = (head.draws + 3) / 4;
    for (size_t i = 0; i < random_count && count < head.room; i++) {
        if (i % (4 * LANES) == 0) philox_lanes(stream, (uint32_t)document, first_block + (uint32_t)(i / 4), words);
        int32_t label = (int32_t)(((uint64_t)words[i % (4 * LANES)] * (uint64_t)label_count) >> 32);
        if (stamp[label] != mark) out_labels[count++] = label;
    }
    return count;
}

DX_CLONES size_t dx_known_pairs(const int32_t *positives, size_t positive_count, size_t max_positives, const int32_t *negatives,
                                size_t negative_count, size_t total_negatives, const int32_t *random, size_t random_count,
                                size_t limit, int32_t lo, int32_t hi, int32_t document, uint16_t batch_row, dx_stream stream,
                                int32_t *out_labels, uint16_t *out_pairs) {
    const list_head head = begin_list(0, 1, positives, positive_count, max_positives, negatives, negative_count,
                                      total_negatives, limit, lo, hi, document, batch_row, stream, 0, 0, out_labels, out_pairs);
    size_t written = head.written;
    for (size_t i = 0; i < random_count; i++) written = put(random[i] - lo, batch_row, 0, written, out_labels, out_pairs);
    return written;
}

size_t dx_group_tokens(const int64_t *doc_starts, const int32_t *doc_tokens, const float *doc_weights, const int32_t *docs,
                       size_t rows, int32_t *slot, int32_t *tokens, int64_t *starts, uint32_t *token_rows,
                       float *token_weights) {
    size_t distinct = 0;
    for (size_t r = 0; r < rows; r++)
        for (int64_t i = doc_starts[docs[r]]; i < doc_starts[docs[r] + 1]; i++) {
            int32_t token = doc_tokens[i];
            if (slot[token] < 0) {
                slot[token] = (int32_t)distinct;
                tokens[distinct] = token;
                starts[distinct++] = 0;
            }
            starts[slot[token]]++;
        }
    int64_t at = 0;
    for (size_t t = 0; t < distinct; t++) {
        int64_t n = starts[t];
        starts[t] = at;
        at += n;
    }
    for (size_t r = 0; r < rows; r++)
        for (int64_t i = doc_starts[docs[r]]; i < doc_starts[docs[r] + 1]; i++) {
            int64_t to = starts[slot[doc_tokens[i]]]++;
            token_rows[to] = (uint32_t)r;
            token_weights[to] = doc_weights[i];
        }
    memmove(starts + 1, starts, distinct * sizeof(int64_t));
    starts[0] = 0;
    for (size_t t = 0; t < distinct; t++) slot[tokens[t]] = -1;
    return distinct;
}

void dx_sort_pairs(const int32_t *labels, const uint16_t *pairs, size_t count, size_t label_count, int64_t *starts,
                   uint16_t *sorted) {
    memset(starts, 0, (label_count + 1) * sizeof(int64_t));
    for (size_t i = 0; i < count; i++) starts[labels[i]]++;
    int64_t at = 0;
    for (size_t l = 0; l <= label_count; l++) {
        int64_t n = starts[l];
        starts[l] = at;
        at += n;
    }
    for (size_t i = 0; i < count; i++) sorted[starts[labels[i]]++] = pairs[i];
    memmove(starts + 1, starts, label_count * sizeof(int64_t));
    starts[0] = 0;
}
