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

#define BLOCK_LABELS 44
#define BLOCK_PAIRS 16384
// Vectors of 16 floats a chunk: as many as the registers hold sums of, where those are of 64 bytes; 44 labels * 10 * 64 bytes = 28 KiB.
#define WIDE_CHUNK 10
#define NARROW_CHUNK 7
// Pairs a document from which a block waits with dz.
#define BLOCK_DENSITY 3

typedef struct {
    float *value, *m, *v;
} parameter;

DX_INLINE row_step begin_step(parameter p, size_t from, size_t count, const float *g, dx_adam adam) {
    return (row_step){p.value + from, p.m + from, p.v + from, g, 0, count, adam};
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

DX_INLINE void keep_row(size_t chunk, block k, const float *w, size_t ld, size_t slot) {
    for (size_t from = 0; from < ld; from += 16 * chunk) {
        size_t width = ld - from < 16 * chunk ? ld - from : 16 * chunk;
        float *to = k.rows + BLOCK_LABELS * from + slot * width;
        for (size_t c = 0; c < width; c += 16) *(v16 *)(to + c) = *(const v16 *)(w + from + c);
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
        v16 sum[WIDE_CHUNK];
        UNROLL_FOR (int i = 0; i < v; i++) sum[i] = *(v16 *)(out + 16 * i);
        for (; p < to; p++) {
            const float *w = rows + (size_t)p->slot * (size_t)(16 * v);
            UNROLL_FOR (int i = 0; i < v; i++) sum[i] += p->g * *(const v16 *)(w + 16 * i);
        }
        UNROLL_FOR (int i = 0; i < v; i++) *(v16 *)(out + 16 * i) = sum[i];
    }
}

DX_INLINE void spread(const int chunk, block k, float *dz, size_t ld) {
    size_t c = 0;
    for (; c + 16 * (size_t)chunk <= ld; c += 16 * (size_t)chunk) spread_chunk(chunk, k, k.rows + BLOCK_LABELS * c, dz + c, ld);
    const float *rows = k.rows + BLOCK_LABELS * c;
    switch ((ld - c) / 16) {
    case 9: return spread_chunk(9, k, rows, dz + c, ld);
    case 8: return spread_chunk(8, k, rows, dz + c, ld);
    case 7: return spread_chunk(7, k, rows, dz + c, ld);
    case 6: return spread_chunk(6, k, rows, dz + c, ld);
    case 5: return spread_chunk(5, k, rows, dz + c, ld);
    case 4: return spread_chunk(4, k, rows, dz + c, ld);
    case 3: return spread_chunk(3, k, rows, dz + c, ld);
    case 2: return spread_chunk(2, k, rows, dz + c, ld);
    case 1: return spread_chunk(1, k, rows, dz + c, ld);
    }
}

/// Where the block that begins at label `first` ends: 44 labels with pairs, or as many pairs as there is room for.
DX_INLINE size_t block_end(size_t first, size_t last, const int64_t *starts) {
    size_t labels = 0, l = first;
    for (; l < last && labels < BLOCK_LABELS; l++) {
        if (starts[l + 1] - starts[first] > BLOCK_PAIRS) break;
        labels += starts[l + 1] > starts[l];
    }
    return l > first ? l : l + 1;
}

/// A label's gradient and that of the label before, its pairs' gradients, and a block, all in one workspace: their sizes go with D
/// and the batch, too much for a thread's stack.
typedef struct {
    float *gw[2], *gradients;
    block k;
} step_memory;

static int has_wide_registers(void) { return __builtin_cpu_supports("x86-64-v4") != 0; }

#define GRADIENTS ((BLOCK_PAIRS + GROUP + 15) / 16 * 16)

size_t dx_shortlist_workspace(size_t batch, size_t ld) {
    return (2 + BLOCK_LABELS) * ld + GRADIENTS +
           (BLOCK_PAIRS * sizeof(block_pair) + (batch + 1) * sizeof(int32_t)) / sizeof(float);
}

DX_INLINE step_memory divide(float *workspace, size_t batch, size_t ld) {
    float *rows = workspace + 2 * ld, *gradients = rows + BLOCK_LABELS * ld;
    block_pair *sorted = (block_pair *)(gradients + GRADIENTS);
    return (step_memory){{workspace, workspace + ld}, gradients, {rows, sorted, (int32_t *)(sorted + BLOCK_PAIRS), batch}};
}

/// `kind` is a constant at each call.
DX_INLINE double shortlist_step(const int kind, size_t first, size_t last, const int64_t *pair_starts, const uint16_t *pairs,
                                size_t batch, step_batch b, parameter weight, parameter biases, dx_adam adam,
                                float *workspace) {
    const size_t ld = b.ld;
    float *w = weight.value, *mw = weight.m, *vw = weight.v;
    const step_memory memory = divide(workspace, batch, ld);
    float *gradients = memory.gradients;
    const block k = memory.k;
    row_step before = {0};
    size_t turn = 0;
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
            float *gw = memory.gw[turn ^= 1];
            step_label label = {w + l * ld, gw, biases.value[l], 0, 0};
            memset(gw, 0, ld * sizeof(float));
            if (waits) {
                label_pairs(kind, 0, b, &label, pairs + from, (size_t)(to - from), gradients + (from - pair_starts[first]),
                            &before);
                keep_row(b.is_wide ? WIDE_CHUNK : NARROW_CHUNK, k, label.w, ld, slot++);
                for (int64_t i = from; i < to; i++) k.ends[(pairs[i] >> 1) + 1]++;
            } else {
                label_pairs(kind, 1, b, &label, pairs + from, (size_t)(to - from), 0, &before);
            }
            loss += label.loss;
            step_rest(&before);
            before = begin_step(weight, l * ld, ld, gw, adam);
            // With few pairs a label there is nothing to hide it behind.
            if (!waits) step_rest(&before);
            row_step bias = begin_step(biases, l, 1, &label.gbias, adam);
            step_rest(&bias);
        }
        if (waits) {
            sort_by_document(k, first, end, pair_starts, pairs, gradients);
            if (b.is_wide) spread(WIDE_CHUNK, k, b.dz, ld);
            else spread(NARROW_CHUNK, k, b.dz, ld);
        }
    }
    step_rest(&before);
    return loss;
}

DX_CLONES double dx_shortlist_step(size_t first, size_t last, const int64_t *pair_starts, const uint16_t *pairs, const float *z,
                                   size_t batch, float *dz, float *w, float *mw, float *vw, float *bias, float *mb, float *vb,
                                   size_t ld, float scale, dx_adam adam, float *workspace) {
    return shortlist_step(CROSS_ENTROPY, first, last, pair_starts, pairs, batch,
                          (step_batch){z, dz, ld, scale, 0, has_wide_registers()}, (parameter){w, mw, vw},
                          (parameter){bias, mb, vb}, adam, workspace);
}

DX_CLONES double dx_shortlist_margin_step(size_t first, size_t last, const int64_t *pair_starts, const uint16_t *pairs,
                                          const float *z, size_t batch, float *dz, float *w, float *mw, float *vw, float *bias,
                                          float *mb, float *vb, size_t ld, float scale, dx_adam adam, int squared,
                                          float *workspace) {
    return shortlist_step(MARGIN, first, last, pair_starts, pairs, batch,
                          (step_batch){z, dz, ld, scale, squared, has_wide_registers()}, (parameter){w, mw, vw},
                          (parameter){bias, mb, vb}, adam, workspace);
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
