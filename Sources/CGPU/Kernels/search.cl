// Exact search: of tiles of scores what is among the k best so far, and scores of single pairs.

/// Candidates in local memory, a power of two: the k best so far, at most half of them, and what a piece of scores adds.
#define ROOM_FOR 2048
#define PIECE 1024
#define ITEMS 256

/// Puts all candidates in order where there are `some`: descending scores, ties by ascending id. (No barrier stands under a condition:
/// PoCL 3.1 loses the values around it.)
INLINE void sort_candidates(LOCAL float *keys, LOCAL int *ids, int some) {
    for (int size = some ? 2 : 2 * ROOM_FOR; size <= ROOM_FOR; size *= 2)
        for (int step = size / 2; step > 0; step /= 2) {
            for (int i = local_id(0); i < ROOM_FOR; i += ITEMS) {
                int other = i ^ step;
                if (other > i) {
                    bool before = keys[i] > keys[other] || (keys[i] == keys[other] && ids[i] <= ids[other]);
                    if (before != ((i & size) == 0)) {
                        float key = keys[i];
                        int id = ids[i];
                        keys[i] = keys[other];
                        ids[i] = ids[other];
                        keys[other] = key;
                        ids[other] = id;
                    }
                }
            }
            BARRIER();
        }
}

/// Merges a tile of scores into each query's list of k, which is in order and padded with -1 and -infinity: a group a query. Ids
/// ascend from call to call: a score that equals the k-th comes too late.
KERNEL select_best(READ_MATRIX(scores), LONG count, GLOBAL const float *bias, LONG bias_at, int has_bias, int first_id, int k,
                   GLOBAL float *best, GLOBAL int *best_ids) {
    LOCAL_ARRAY(float, keys, ROOM_FOR);
    LOCAL_ARRAY(int, ids, ROOM_FOR);
    LOCAL_ARRAY(int, used, 1);
    int item = local_id(0);
    LONG query = group_id(0), list = query * k;
    for (int i = item; i < k; i += ITEMS) {
        keys[i] = best[list + i];
        ids[i] = best_ids[list + i] < 0 ? 0x7FFFFFFF : best_ids[list + i];
    }
    for (LONG from = 0; from < count; from += PIECE) {
        for (int i = k + item; i < ROOM_FOR; i += ITEMS) {
            keys[i] = -INFINITY;
            ids[i] = 0x7FFFFFFF;
        }
        if (item == 0) used[0] = k;
        BARRIER();
        float threshold = keys[k - 1];
        for (LONG c = from + item; c < from + PIECE && c < count; c += ITEMS) {
            float score = AT(scores, query, c);
            score = (has_bias ? score + bias[bias_at + c] : score) + 0.0f;
            if (score > threshold) {
                int place = LOCAL_INCREMENT(used);
                keys[place] = score;
                ids[place] = first_id + (int)c;
            }
        }
        BARRIER();
        sort_candidates(keys, ids, used[0] > k);
        BARRIER();
    }
    for (int i = item; i < k; i += ITEMS) {
        best[list + i] = keys[i];
        best_ids[list + i] = keys[i] == -INFINITY ? -1 : ids[i];
    }
}

#define LANES 16
#define ROWS 16

/// logits[p] = w[labels[p]] · z[rows[p]] + bias: LANES work-items a pair, which meet as in `sum16` of shortlist_groups.h.
KERNEL pair_logits(LONG count, GLOBAL const int *rows, GLOBAL const int *labels, LONG ld, READ_MATRIX(z), GLOBAL const float *w,
                   LONG w_at, GLOBAL const float *bias, LONG bias_at, GLOBAL float *logits) {
    LOCAL_ARRAY(float, parts, ROWS * LANES);
    int lane = local_id(0);
    LONG p = group_id(0) * ROWS + local_id(1);
    LOCAL float *own = parts + local_id(1) * LANES;
    float sum = 0;
    if (p < count)
        for (LONG c = lane; c < ld; c += LANES) sum = FMA(w[w_at + (LONG)labels[p] * ld + c], AT(z, rows[p], c), sum);
    own[lane] = sum;
    BARRIER();
    if (lane > 0 || p >= count) return;
    float quarter[4];
    for (int i = 0; i < 4; i++) quarter[i] = (own[i] + own[i + 8]) + (own[i + 4] + own[i + 12]);
    logits[p] = ((quarter[0] + quarter[2]) + (quarter[1] + quarter[3])) + bias[bias_at + labels[p]];
}
