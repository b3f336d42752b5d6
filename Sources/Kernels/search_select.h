// Choosing the k best of many (score, id) pairs: shared by the search kernels, seen by no one else.
//
// Scores are held as integers in the same order, so that a selection is exact, stable and free of branches.
#ifndef DEEPXML_SEARCH_SELECT_H
#define DEEPXML_SEARCH_SELECT_H
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/// An integer that orders as the score does; -0 and 0 get the same.
static inline int32_t dx_key(float score) {
    int32_t bits;
    score += 0.0f;
    memcpy(&bits, &score, 4);
    return bits ^ ((bits >> 31) & 0x7fffffff);
}

static inline float dx_score(int32_t key) {
    const int32_t bits = key ^ ((key >> 31) & 0x7fffffff);
    float score;
    memcpy(&score, &bits, 4);
    return score;
}

/// The k-th largest of n >= k keys, by bisection: a count of n keys vectorises, so that ~25 of them cost less than one
/// quickselect with its mispredicted branches.
static inline int32_t dx_kth_largest(const int32_t *keys, size_t n, size_t k) {
    int32_t low = INT32_MAX, high = INT32_MIN;
    for (size_t i = 0; i < n; i++) {
        low = keys[i] < low ? keys[i] : low;
        high = keys[i] > high ? keys[i] : high;
    }
    while (low < high) {
        const int32_t middle = (int32_t)(low + ((int64_t)high - low + 1) / 2);
        uint32_t count = 0;
        for (size_t i = 0; i < n; i++) count += keys[i] >= middle;
        if (count >= k) low = middle;
        else high = middle - 1;
    }
    return low;
}

/// Which keys are among the k largest: those above the k-th, and of those equal to it the first few.
typedef struct {
    int32_t kth;
    size_t equal;
} dx_cut;

static inline dx_cut dx_cut_at(const int32_t *keys, size_t n, size_t k) {
    const int32_t kth = dx_kth_largest(keys, n, k);
    size_t above = 0;
    for (size_t i = 0; i < n; i++) above += keys[i] > kth;
    return (dx_cut){kth, k - above};
}

/// Whether the next key is among them; asked once for each key, in order.
static inline int dx_takes(dx_cut *cut, int32_t key) {
    const int tie = key == cut->kth && cut->equal > 0;
    cut->equal -= (size_t)tie;
    return (key > cut->kth) | tie;
}

/// Keeps the k largest keys in their present order; of equal keys the earlier ones. Returns the k-th largest.
static inline int32_t dx_keep_largest(int32_t *keys, int32_t *ids, size_t n, size_t k) {
    dx_cut cut = dx_cut_at(keys, n, k);
    size_t kept = 0;
    for (size_t i = 0; i < n; i++) {
        const int32_t key = keys[i], id = ids[i];
        keys[kept] = key;
        ids[kept] = id;
        kept += (size_t)dx_takes(&cut, key);
    }
    return cut.kth;
}

/// Sorts n pairs by `by`, ascending as unsigned numbers, equal ones in their present order. Spare arrays hold n each.
static inline void dx_radix_sort(uint32_t *by, int32_t *with, size_t n, uint32_t *spare_by, int32_t *spare_with) {
    uint32_t counts[4][256];
    memset(counts, 0, sizeof counts);
    for (size_t i = 0; i < n; i++)
        for (int digit = 0; digit < 4; digit++) counts[digit][(by[i] >> (8 * digit)) & 255]++;
    for (int digit = 0; digit < 4; digit++) {
        uint32_t *count = counts[digit], sum = 0;
        if (n == 0 || count[(by[0] >> (8 * digit)) & 255] == n) continue;
        for (int value = 0; value < 256; value++) {
            const uint32_t c = count[value];
            count[value] = sum;
            sum += c;
        }
        for (size_t i = 0; i < n; i++) {
            const uint32_t at = count[(by[i] >> (8 * digit)) & 255]++;
            spare_by[at] = by[i];
            spare_with[at] = with[i];
        }
        memcpy(by, spare_by, n * sizeof *by);
        memcpy(with, spare_with, n * sizeof *with);
    }
}

/// Puts pairs in ascending order of id.
static inline void dx_sort_by_id(int32_t *keys, int32_t *ids, size_t n, int32_t *spare_keys, int32_t *spare_ids) {
    dx_radix_sort((uint32_t *)ids, keys, n, (uint32_t *)spare_ids, spare_keys);
}

/// Moves the k best of n pairs (all where n is less) to the front, by descending score, ties in their present order. Their
/// keys are flipped afterwards. Returns how many. Spare arrays hold as many.
static inline size_t dx_best_first(int32_t *keys, int32_t *ids, size_t n, size_t k, int32_t *spare_keys, int32_t *spare_ids) {
    if (n > k) {
        if (k > 0) dx_keep_largest(keys, ids, n, k);
        n = k;
    }
    // Descending signed keys are ascending unsigned ones after this flip.
    for (size_t i = 0; i < n; i++) keys[i] ^= 0x7fffffff;
    dx_radix_sort((uint32_t *)keys, ids, n, (uint32_t *)spare_keys, spare_ids);
    return n;
}

/// Writes the k best of n pairs, whose ids ascend, by descending score, ties by id; pads with -1 and -infinity.
static inline void dx_write_top(int32_t *keys, int32_t *ids, size_t n, size_t k, int32_t *spare_keys, int32_t *spare_ids,
                                int32_t *out_ids, float *out_scores) {
    n = dx_best_first(keys, ids, n, k, spare_keys, spare_ids);
    for (size_t i = 0; i < n; i++) {
        out_ids[i] = ids[i];
        out_scores[i] = dx_score(keys[i] ^ 0x7fffffff);
    }
    for (size_t i = n; i < k; i++) {
        out_ids[i] = -1;
        out_scores[i] = -__builtin_inff();
    }
}
#endif
