// The shortlist step, label-major: a label's row is read once and meets its documents in groups of eight, whose z rows
// (1.2 KiB each at D = 300) stay in the first-level cache between the dots and the outer products.
//
// dz += g w is the dear part: a store of 64 bytes takes two cycles, so that adding to a row of dz for each pair costs as
// much as the dots. Where documents meet a block of neighbouring labels several times, it waits until the block is
// done, and goes document by document with the sums in registers, over chunks of columns whose part of the block's
// rows fits the first-level cache. Either way a row of dz is summed in ascending order of labels: the same bits.
#include "kernels.h"
#include "optimiser.h"
#include "shortlist_groups.h"
#pragma clang fp contract(fast)

#define BLOCK_LABELS 64
#define BLOCK_PAIRS 16384
// Vectors of 16 floats a chunk: 64 labels * 7 * 64 bytes = 28 KiB.
#define CHUNK 7
#define CHUNK_FLOATS (16 * CHUNK)
// Pairs a document from which a block waits with dz.
#define BLOCK_DENSITY 4

typedef struct {
    float *value, *m, *v;
} parameter;

DX_INLINE void optimise_row(parameter p, size_t from, size_t count, const float *g, dx_adam adam) {
    dx_optimise(p.value + from, p.m + from, p.v + from, g, count, adam);
}

DX_INLINE void prefetch_row(const float *row, size_t ld) {
    for (size_t c = 0; c < ld; c += 16) __builtin_prefetch(row + c, 1, 2);
}

/// A pair of a block, in document order: its gradient and the place of its label in the block.
typedef struct {
    float g;
    uint32_t slot;
} block_pair;

/// The rows of W that a block's labels had before Adam, by chunks of columns; and the block's pairs by document.
typedef struct {
    float *rows;
    block_pair *pairs;
    int32_t *ends; // batch + 1: where each document's pairs end
    size_t batch;
} block;

DX_INLINE void keep_row(block k, const float *w, size_t ld, size_t slot) {
    for (size_t chunk = 0; chunk < ld; chunk += CHUNK_FLOATS) {
        size_t width = ld - chunk < CHUNK_FLOATS ? ld - chunk : CHUNK_FLOATS;
        float *to = k.rows + BLOCK_LABELS * chunk + slot * width;
        for (size_t c = 0; c < width; c += 16) *(v16 *)(to + c) = *(const v16 *)(w + chunk + c);
    }
}

/// Counting sort by document of the pairs of the labels [first, last); stable, so that labels ascend.
DX_INLINE void sort_by_document(block k, size_t first, size_t last, const int64_t *starts, const uint16_t *pairs,
                                const float *g) {
    for (size_t d = 0; d < k.batch; d++) k.ends[d + 1] += k.ends[d];
    uint32_t slot = 0;
    for (size_t l = first; l < last; l++) {
        for (int64_t i = starts[l]; i < starts[l + 1]; i++)
            k.pairs[k.ends[pairs[i] >> 1]++] = (block_pair){g[i - starts[first]], slot};
        slot += starts[l + 1] > starts[l];
    }
}

/// dz += g w over v vectors of columns (v a constant at each call).
DX_INLINE void spread_chunk(const int v, block k, const float *rows, float *dz, size_t ld) {
    const block_pair *p = k.pairs;
    for (size_t d = 0; d < k.batch; d++) {
        const block_pair *to = k.pairs + k.ends[d];
        if (p == to) continue;
        float *out = dz + d * ld;
        v16 sum[CHUNK];
        UNROLL_FOR (int i = 0; i < v; i++) sum[i] = *(v16 *)(out + 16 * i);
        for (; p < to; p++) {
            const float *w = rows + (size_t)p->slot * (size_t)(16 * v);
            UNROLL_FOR (int i = 0; i < v; i++) sum[i] += p->g * *(const v16 *)(w + 16 * i);
        }
        UNROLL_FOR (int i = 0; i < v; i++) *(v16 *)(out + 16 * i) = sum[i];
    }
}

DX_INLINE void spread(block k, float *dz, size_t ld) {
    size_t c = 0;
    for (; c + CHUNK_FLOATS <= ld; c += CHUNK_FLOATS) spread_chunk(CHUNK, k, k.rows + BLOCK_LABELS * c, dz + c, ld);
    const float *rows = k.rows + BLOCK_LABELS * c;
    switch ((ld - c) / 16) {
    case 6: return spread_chunk(6, k, rows, dz + c, ld);
    case 5: return spread_chunk(5, k, rows, dz + c, ld);
    case 4: return spread_chunk(4, k, rows, dz + c, ld);
    case 3: return spread_chunk(3, k, rows, dz + c, ld);
    case 2: return spread_chunk(2, k, rows, dz + c, ld);
    case 1: return spread_chunk(1, k, rows, dz + c, ld);
    }
}

/// Where the block that begins at label `first` ends: 64 labels with pairs, or as many pairs as there is room for.
DX_INLINE size_t block_end(size_t first, size_t last, const int64_t *starts) {
    size_t labels = 0, l = first;
    for (; l < last && labels < BLOCK_LABELS; l++) {
        if (starts[l + 1] - starts[first] > BLOCK_PAIRS) break;
        labels += starts[l + 1] > starts[l];
    }
    return l > first ? l : l + 1;
}

/// A label's gradient, its pairs' gradients, and a block, all in one workspace: their sizes go with D and the batch, too much
/// for a thread's stack.
typedef struct {
    float *gw, *gradients;
    block k;
} step_memory;

#define GRADIENTS ((BLOCK_PAIRS + GROUP + 15) / 16 * 16)

size_t dx_shortlist_workspace(size_t batch, size_t ld) {
    return (1 + BLOCK_LABELS) * ld + GRADIENTS +
           (BLOCK_PAIRS * sizeof(block_pair) + (batch + 1) * sizeof(int32_t)) / sizeof(float);
}

DX_INLINE step_memory divide(float *workspace, size_t batch, size_t ld) {
    float *rows = workspace + ld, *gradients = rows + BLOCK_LABELS * ld;
    block_pair *sorted = (block_pair *)(gradients + GRADIENTS);
    return (step_memory){workspace, gradients, {rows, sorted, (int32_t *)(sorted + BLOCK_PAIRS), batch}};
}

/// `kind` is a constant at each call.
DX_INLINE double shortlist_step(const int kind, size_t first, size_t last, const int64_t *pair_starts, const uint16_t *pairs,
                                size_t batch, step_batch b, parameter weight, parameter biases, dx_adam adam,
                                float *workspace) {
    const size_t ld = b.ld;
    float *w = weight.value, *mw = weight.m, *vw = weight.v;
    const step_memory memory = divide(workspace, batch, ld);
    float *gw = memory.gw, *gradients = memory.gradients;
    const block k = memory.k;
    double loss = 0;
    size_t ahead = first;
    for (size_t end; first < last; first = end) {
        end = block_end(first, last, pair_starts);
        size_t count = (size_t)(pair_starts[end] - pair_starts[first]), slot = 0;
        const int waits = count >= BLOCK_DENSITY * batch && count <= BLOCK_PAIRS;
        if (waits) memset(k.ends, 0, (batch + 1) * sizeof(int32_t));
        for (size_t l = first; l < end; l++) {
            int64_t from = pair_starts[l], to = pair_starts[l + 1];
            if (from == to) continue;
            // The next label that has pairs: its rows are on their way while this one is worked on.
            if (ahead <= l) ahead = l + 1;
            while (ahead < last && pair_starts[ahead] == pair_starts[ahead + 1]) ahead++;
            if (ahead < last) {
                prefetch_row(w + ahead * ld, ld);
                prefetch_row(mw + ahead * ld, ld);
                prefetch_row(vw + ahead * ld, ld);
            }
            step_label label = {w + l * ld, gw, biases.value[l], 0, 0};
            memset(gw, 0, ld * sizeof(float));
            if (waits) {
                label_pairs(kind, 0, b, &label, pairs + from, (size_t)(to - from), gradients + (from - pair_starts[first]));
                keep_row(k, label.w, ld, slot++);
                for (int64_t i = from; i < to; i++) k.ends[(pairs[i] >> 1) + 1]++;
            } else {
                label_pairs(kind, 1, b, &label, pairs + from, (size_t)(to - from), 0);
            }
            loss += label.loss;
            optimise_row(weight, l * ld, ld, gw, adam);
            optimise_row(biases, l, 1, &label.gbias, adam);
        }
        if (waits) {
            sort_by_document(k, first, end, pair_starts, pairs, gradients);
            spread(k, b.dz, ld);
        }
    }
    return loss;
}

DX_CLONES double dx_shortlist_step(size_t first, size_t last, const int64_t *pair_starts, const uint16_t *pairs, const float *z,
                                   size_t batch, float *dz, float *w, float *mw, float *vw, float *bias, float *mb, float *vb,
                                   size_t ld, float scale, dx_adam adam, float *workspace) {
    return shortlist_step(CROSS_ENTROPY, first, last, pair_starts, pairs, batch, (step_batch){z, dz, ld, scale, 0},
                          (parameter){w, mw, vw}, (parameter){bias, mb, vb}, adam, workspace);
}

DX_CLONES double dx_shortlist_margin_step(size_t first, size_t last, const int64_t *pair_starts, const uint16_t *pairs,
                                          const float *z, size_t batch, float *dz, float *w, float *mw, float *vw, float *bias,
                                          float *mb, float *vb, size_t ld, float scale, dx_adam adam, int squared,
                                          float *workspace) {
    return shortlist_step(MARGIN, first, last, pair_starts, pairs, batch, (step_batch){z, dz, ld, scale, squared},
                          (parameter){w, mw, vw}, (parameter){bias, mb, vb}, adam, workspace);
}

DX_CLONES void dx_pair_logits(const float *z, const float *w, const float *bias, const int32_t *labels, size_t count, size_t ld,
                              float *logits) {
    for (size_t i = 0; i < count; i++) {
        const float *row = w + (size_t)labels[i] * ld;
        v16 a = {0};
        for (size_t c = 0; c < ld; c += 16) a += *(const v16 *)(row + c) * *(const v16 *)(z + c);
        logits[i] = sum16(&a) + bias[labels[i]];
    }
}
