// Exact search: tiles of products, and of each tile only what beats the k-th best so far.
#include "search_kernels.h"
#include "search_select.h"
#include "tiles.h"
#include "training_kernels.h"
#include "vector.h"

/// 8 groups of 32 vectors of 300 numbers are 307 KB: they stay in the second-level cache while all queries pass.
enum { DATABASE_TILE = 256, SCAN = 16 };

static size_t capacity_for(size_t k) { return k + (k > 240 ? k : 240) + SCAN; }

/// What one query has found so far: `count` candidates in ascending order of id, none below `threshold`.
typedef struct {
    size_t count;
    float threshold;
} progress;

typedef struct {
    float *queries, *database, *scores;
    int32_t *keys, *ids, *spare_keys, *spare_ids;
    progress *found;
} workspace;

static size_t lay_out(workspace *w, char *memory, size_t count, size_t dims, size_t k) {
    const size_t padded = dx_round_up(count, DX_TILE_ROWS), capacity = capacity_for(k);
    size_t at = 0;
#define PART(FIELD, NUMBER)           \
    w->FIELD = (void *)(memory + at); \
    at += dx_round_up((NUMBER) * sizeof *w->FIELD, 64);
    PART(queries, padded * dims)
    PART(database, DATABASE_TILE * dims)
    PART(scores, DX_TILE_ROWS * DATABASE_TILE)
    PART(keys, count * capacity)
    PART(ids, count * capacity)
    PART(spare_keys, capacity)
    PART(spare_ids, capacity)
    PART(found, count)
#undef PART
    return at;
}

size_t dx_search_workspace(size_t count, size_t dims, size_t k) {
    workspace w;
    return lay_out(&w, 0, count, dims, k);
}

typedef _Bool flags16 __attribute__((ext_vector_type(16)));

/// Appends those of n scores that may be among the best k. Ids ascend from call to call, so an equal score comes too late.
DX_CLONES static void scan(const float *restrict scores, size_t n, int32_t first_id, size_t k, size_t capacity,
                           int32_t *restrict keys, int32_t *restrict ids, progress *found) {
    size_t count = found->count;
    float threshold = found->threshold;
    for (size_t at = 0; at < n; at += SCAN) {
        const flags16 above = __builtin_convertvector(*(const v16 *)(scores + at) > threshold, flags16);
        uint16_t hits;
        memcpy(&hits, &above, sizeof hits);
        if (n - at < SCAN) hits &= (uint16_t)((1 << (n - at)) - 1);
        if (!hits) continue;
        if (count > capacity - SCAN) {
            threshold = dx_score(dx_keep_largest(keys, ids, count, k));
            count = k;
        }
        for (uint32_t left = hits; left; left &= left - 1) {
            const size_t i = at + (size_t)__builtin_ctz(left);
            keys[count] = dx_key(scores[i]);
            ids[count++] = first_id + (int32_t)i;
        }
    }
    found->count = count;
    found->threshold = threshold;
}

static void search_tile(const workspace *w, const float *database, size_t count, size_t columns, size_t dims, const float *bias,
                        int32_t first_id, size_t k) {
    const size_t capacity = capacity_for(k);
    for (size_t q = 0; q < count; q += DX_TILE_ROWS) {
        for (size_t c = 0; c < columns; c += DX_TILE_COLS)
            dx_tile_product(w->queries + q * dims, database + c * dims, dims, w->scores + c, DATABASE_TILE, 0);
        if (bias) dx_add_bias(w->scores, DX_TILE_ROWS, columns, DATABASE_TILE, bias);
        for (size_t i = q; i < count && i < q + DX_TILE_ROWS; i++)
            scan(w->scores + (i - q) * DATABASE_TILE, columns, first_id, k, capacity, w->keys + i * capacity,
                 w->ids + i * capacity, w->found + i);
    }
}

DX_CLONES static void write_rows(const workspace *w, size_t count, size_t k, int32_t *ids, float *scores) {
    const size_t capacity = capacity_for(k);
    for (size_t q = 0; q < count; q++)
        dx_write_top(w->keys + q * capacity, w->ids + q * capacity, w->found[q].count, k, w->spare_keys, w->spare_ids,
                     ids + q * k, scores + q * k);
}

/// Some groups of a narrow database as 32-bit floats; `first` is a multiple of DX_TILE_COLS.
DX_CLONES static void widen(const dx_narrow_panels *panels, size_t first, size_t columns, size_t dims, float *restrict out) {
    for (size_t c = 0; c < columns; c += DX_TILE_COLS) {
        const size_t at = (first + c) * dims, count = DX_TILE_COLS * dims;
        if (panels->scales) {
            const float *scales = panels->scales + first + c;
            const int8_t *from = (const int8_t *)panels->numbers + at;
            for (size_t i = 0; i < count; i += DX_TILE_COLS)
                for (size_t lane = 0; lane < DX_TILE_COLS; lane++)
                    out[c * dims + i + lane] = (float)from[i + lane] * scales[lane];
        } else {
            const uint16_t *from = (const uint16_t *)panels->numbers + at;
            uint32_t *to = (uint32_t *)(out + c * dims);
            for (size_t i = 0; i < count; i++) to[i] = (uint32_t)from[i] << 16;
        }
    }
}

void dx_narrow_panel(const float *packed, size_t dims, int width, float *scales, void *numbers) {
    for (size_t lane = 0; lane < DX_TILE_COLS && width == 1; lane++) {
        float largest = 0;
        for (size_t d = 0; d < dims; d++) {
            const float size = __builtin_fabsf(packed[d * DX_TILE_COLS + lane]);
            largest = size > largest ? size : largest;
        }
        scales[lane] = largest / 127;
    }
    for (size_t i = 0; i < dims * DX_TILE_COLS; i++) {
        if (width == 1) {
            const float scale = scales[i % DX_TILE_COLS];
            // Among numbers too small to be divided well, the quotient may be larger than a byte holds; none compares with NaN.
            const float whole = scale > 0 ? __builtin_rintf(packed[i] / scale) : 0;
            ((int8_t *)numbers)[i] = whole >= -127 ? (int8_t)(whole > 127 ? 127 : whole) : -127;
        } else {
            uint32_t bits;
            memcpy(&bits, packed + i, 4);
            ((uint16_t *)numbers)[i] = (uint16_t)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
        }
    }
}

/// Rows of either side are `stride` apart; `bias`: one number a row of the database, or null. Where `packed` or
/// `narrow` isn't null, it is the database, laid out already.
static void search(const float *queries, size_t count, const float *database, const float *packed,
                   const dx_narrow_panels *narrow, const float *bias, size_t rows, size_t dims, size_t stride, int32_t first_id,
                   size_t k, void *memory, int32_t *ids, float *scores) {
    workspace w;
    lay_out(&w, memory, count, dims, k);
    dx_pack_left(queries, stride, 1, count, dims, w.queries);
    for (size_t q = 0; q < count; q++) w.found[q] = (progress){0, -__builtin_inff()};
    for (size_t r = 0; r < rows; r += DATABASE_TILE) {
        const size_t columns = rows - r < DATABASE_TILE ? rows - r : DATABASE_TILE;
        if (narrow) widen(narrow, r, columns, dims, w.database);
        else if (!packed) dx_pack_right(database + r * stride, stride, 1, columns, dims, w.database);
        search_tile(&w, packed ? packed + r * dims : w.database, count, columns, dims, bias ? bias + r : 0,
                    first_id + (int32_t)r, k);
    }
    write_rows(&w, count, k, ids, scores);
}

void dx_search_exact(const float *queries, size_t count, const float *database, size_t rows, size_t dims, int32_t first_id,
                     size_t k, void *memory, int32_t *ids, float *scores) {
    search(queries, count, database, 0, 0, 0, rows, dims, dims, first_id, k, memory, ids, scores);
}

void dx_search_logits(const float *queries, size_t count, const float *database, const float *bias, size_t rows, size_t dims,
                      size_t stride, int32_t first_id, size_t k, void *memory, int32_t *ids, float *scores) {
    search(queries, count, database, 0, 0, bias, rows, dims, stride, first_id, k, memory, ids, scores);
}

void dx_search_packed(const float *queries, size_t count, const float *packed, const float *bias, size_t rows, size_t dims,
                      size_t stride, int32_t first_id, size_t k, void *memory, int32_t *ids, float *scores) {
    search(queries, count, 0, packed, 0, bias, rows, dims, stride, first_id, k, memory, ids, scores);
}

void dx_search_narrow(const float *queries, size_t count, const dx_narrow_panels *panels, const float *bias, size_t rows,
                      size_t dims, size_t stride, int32_t first_id, size_t k, void *memory, int32_t *ids, float *scores) {
    search(queries, count, 0, 0, panels, bias, rows, dims, stride, first_id, k, memory, ids, scores);
}
