// Scores of single pairs from a hash table of weights for each label. Most features of a document have no weight of a label: so a
// byte a place says which feature may stand there, and sixteen of them are compared at once.
#include "kernels.h"
#include "vector.h"
#include <emmintrin.h>
#pragma clang fp contract(fast)

enum { GROUP = 16 };

/// Places for `count` weights: three quarters are taken at most, and there is an empty one.
static size_t places_for(size_t count) { return (count + count / 3 + 1 + 7) / 8 * 8; }

size_t dx_weight_bytes(size_t count) { return count ? places_for(count) * (1 + sizeof(dx_weight)) + GROUP : 0; }

DX_INLINE size_t places_in(size_t bytes) { return bytes ? (bytes - GROUP) / (1 + sizeof(dx_weight)) : 0; }

DX_INLINE uint32_t hash_of(int32_t column) { return (uint32_t)column * 2654435769u; }

DX_INLINE size_t first_place(uint32_t hash, size_t places) { return (size_t)(((uint64_t)hash * places) >> 32); }

/// 0 is an empty place's.
DX_INLINE uint8_t tag_of(uint32_t hash) {
    const uint8_t tag = (uint8_t)(hash >> 12);
    return tag ? tag : 1;
}

void dx_fill_weights(const int32_t *columns, const float *weights, size_t count, uint8_t *table, size_t bytes) {
    const size_t places = places_in(bytes);
    uint8_t *tags = table;
    dx_weight *entries = (dx_weight *)(table + places + GROUP);
    memset(table, 0, bytes);
    for (size_t i = 0; i < count; i++) {
        const uint32_t hash = hash_of(columns[i]);
        size_t at = first_place(hash, places);
        while (tags[at]) at = at + 1 < places ? at + 1 : 0;
        tags[at] = tag_of(hash);
        entries[at] = (dx_weight){columns[i], weights[i]};
    }
    // So that a group that begins near the end goes on at the start.
    for (size_t i = 0; i < GROUP && places; i++) tags[places + i] = tags[i % places];
}

int dx_weights_are_sound(const uint8_t *table, size_t bytes) {
    if (!bytes) return 1;
    if (bytes < GROUP || (bytes - GROUP) % (8 * (1 + sizeof(dx_weight)))) return 0;
    const size_t places = places_in(bytes);
    if (!places || !memchr(table, 0, places)) return 0;
    int is_sound = 1;
    for (size_t i = 0; i < GROUP; i++) is_sound &= table[places + i] == table[i % places];
    return is_sound;
}

/// The feature's entry, or null.
DX_INLINE const dx_weight *find(const uint8_t *tags, const dx_weight *entries, size_t places, int32_t column) {
    const uint32_t hash = hash_of(column);
    const __m128i wanted = _mm_set1_epi8((char)tag_of(hash)), none = _mm_setzero_si128();
    for (size_t at = first_place(hash, places);; at = at + GROUP < places ? at + GROUP : at + GROUP - places) {
        const __m128i here = _mm_loadu_si128((const __m128i *)(tags + at));
        const uint32_t empty = (uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(here, none));
        uint32_t hits = (uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(here, wanted));
        if (empty) hits &= (empty & -empty) - 1;
        for (; hits; hits &= hits - 1) {
            const size_t place = at + (size_t)__builtin_ctz(hits);
            const dx_weight *entry = entries + (place < places ? place : place - places);
            if (entry->column == column) return entry;
        }
        if (empty) return 0;
    }
}

/// Asks for the beginning of a label's table before it is needed: labels come in random order.
DX_INLINE void expect_table(const dx_weight_tables *model, int64_t row) {
    if (row < 0 || row >= (int64_t)model->labels) return;
    for (size_t line = 0; line < 3; line++) __builtin_prefetch(model->tables + model->starts[row] + 64 * line);
}

DX_CLONES void dx_sparse_scores(const dx_weight_tables *model, int32_t first_label, const int32_t *columns, const float *values,
                                size_t count, const int32_t *labels, size_t label_count, float *scores) {
    for (size_t i = 0; i < label_count; i++) {
        if (i + 4 < label_count) expect_table(model, (int64_t)labels[i + 4] - first_label);
        const int64_t row = (int64_t)labels[i] - first_label;
        if (row < 0 || row >= (int64_t)model->labels) continue;
        const uint8_t *tags = model->tables + model->starts[row];
        const size_t places = places_in((size_t)(model->starts[row + 1] - model->starts[row]));
        const dx_weight *entries = (const dx_weight *)(tags + places + GROUP);
        float score = 0;
        for (size_t e = 0; e < count && places; e++) {
            const dx_weight *entry = find(tags, entries, places, columns[e]);
            if (entry) score += entry->weight * values[e];
        }
        scores[i] = score + model->biases[row];
    }
}
