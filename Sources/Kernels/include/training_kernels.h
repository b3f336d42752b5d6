// The training step: encoder, losses, optimiser.
#ifndef DEEPXML_TRAINING_KERNELS_H
#define DEEPXML_TRAINING_KERNELS_H
#include <stddef.h>
#include <stdint.h>

/// A stream of counter-based random numbers (philox.h): the key of everything that one purpose draws.
typedef struct {
    uint32_t key0, key1;      // seed
    uint32_t purpose, moment; // what for; which step of which module
} dx_stream;

/// Optimisers.
enum { DX_ADAM = 0, DX_SGD = 1, DX_ADAMW = 2 };

/// An optimiser's numbers for one step. With g' = g + weight_decay * p (torch's L2):
/// DX_ADAM (Kingma & Ba 2015): step = lr/(1-beta1^t); denominator = sqrt(v)*inv_sqrt_bc2 + eps.
/// DX_ADAMW (Loshchilov & Hutter 2019): p *= 1 - weight_decay, which holds lr * lambda, then Adam's step with g' = g.
/// DX_SGD (torch's SGD): m = beta1 * m + g'; p -= step * m. v stays as it is.
typedef struct {
    float beta1, beta2, eps;
    float step;
    float inv_sqrt_bc2;
    float weight_decay;
    int32_t kind;
} dx_adam;

/// out[r, 0..<cols) = sum over the row's tokens of weight * table[token, 0..<cols); rows are documents `docs[r]` of a
/// CSR matrix.
void dx_embed_rows(const float *table, size_t cols, const int64_t *starts, const int32_t *tokens, const float *weights,
                   const int32_t *docs, size_t rows, float *out);

/// x = max(x, 0), then dropout: kept with probability keep (quantised to 1/65536) and scaled by 1/keep. Column c of row
/// r draws from (stream, id[r], first_col + c), so any cut of rows or columns draws the same numbers. keep >= 1: ReLU.
void dx_relu_dropout(float *x, size_t rows, size_t cols, size_t ld, size_t first_col, const int32_t *ids, dx_stream stream,
                     float keep);

/// Gradient through the above, given its output: g *= (out > 0 ? 1/keep : 0), element by element.
void dx_relu_dropout_backward(float *g, const float *out, size_t count, float keep);

/// out = a + b
void dx_sum(float *out, const float *a, const float *b, size_t count);

/// a += b
void dx_add(float *a, const float *b, size_t count);

/// out[c] = sum over rows of x[r, c]
void dx_column_sums(const float *x, size_t rows, size_t cols, size_t ld, float *out);

/// x += bias on each row
void dx_add_bias(float *x, size_t rows, size_t cols, size_t ld, const float *bias);

/// The inner product.
float dx_dot(const float *a, const float *b, size_t count);

/// y = A x, each entry dx_dot of its row. A: rows x cols.
void dx_times_vector(const float *a, size_t rows, size_t cols, size_t ld, const float *x, float *y);

/// y = A^T x, each entry one chain of multiply-adds in ascending rows.
void dx_transposed_times_vector(const float *a, size_t rows, size_t cols, size_t ld, const float *x, float *y);

/// One step of the optimiser on `count` parameters.
void dx_adam_update(float *p, float *m, float *v, const float *g, size_t count, dx_adam adam);

/// In place: logits (rows x cols, leading dimension ld) -> sigma(logit + bias[c]) * scale. Returns the sum of
/// softplus(logit + bias), the binary cross-entropy of all-negative targets.
double dx_sigmoid_tile(float *logits, size_t rows, size_t cols, size_t ld, const float *bias, float scale);

/// The same for the hinge loss of all-negative targets: with h = max(0, 1 + logit + bias[c]), logit -> (h > 0) * scale and
/// the sum of h; squared: logit -> 2 h * scale and the sum of h^2.
double dx_margin_tile(float *logits, size_t rows, size_t cols, size_t ld, const float *bias, float scale, int squared);

/// out[i] = sigma(x[i])
void dx_sigmoid(const float *x, float *out, size_t count);

/// Documents of a batch whose rows a pair can hold: row * 2 + target in 16 bits.
#define DX_LARGEST_PAIR_BATCH 32768

/// Floats that a shortlist step works in.
size_t dx_shortlist_workspace(size_t batch, size_t ld);

/// One shortlist step over the labels [first, last) of a shard, label-major (DESIGN.md section 2). For each label l with
/// pairs[pair_starts[l] ..< pair_starts[l+1]), a pair being (row in the batch) * 2 + target:
///   g = (sigma(w.z + b) - y) * scale;  gw += g z;  dz += g w;  then the optimiser on w, its moments and the bias.
/// z, dz: batch x ld, batch at most DX_LARGEST_PAIR_BATCH; w, mw, vw: labels x ld; ld a multiple of 16; workspace:
/// dx_shortlist_workspace floats. Returns the summed binary cross-entropy.
double dx_shortlist_step(size_t first, size_t last, const int64_t *pair_starts, const uint16_t *pairs, const float *z,
                         size_t batch, float *dz, float *w, float *mw, float *vw, float *bias, float *mb, float *vb, size_t ld,
                         float scale, dx_adam adam, float *workspace);

/// The same for the hinge loss: h = max(0, 1 - y (w.z + b)), y = 1 or -1; the sum of h, or of h^2 where `squared`.
double dx_shortlist_margin_step(size_t first, size_t last, const int64_t *pair_starts, const uint16_t *pairs, const float *z,
                                size_t batch, float *dz, float *w, float *mw, float *vw, float *bias, float *mb, float *vb,
                                size_t ld, float scale, dx_adam adam, int squared, float *workspace);

/// logits[i] = w[label[i]] . z + bias, for the labels of one document.
void dx_pair_logits(const float *z, const float *w, const float *bias, const int32_t *labels, size_t count, size_t ld,
                    float *logits);

/// Gradient and one step of the optimiser for the token rows of a batch: for each of the distinct tokens [first, last), the
/// entries [starts[i], starts[i+1]) give (batch row, weight); gradient = sum weight * dx[row, :].
void dx_embedding_step(size_t first, size_t last, const int32_t *tokens, const int64_t *starts, const uint32_t *rows,
                       const float *weights, const float *dx, size_t cols, float *table, float *m, float *v, dx_adam adam);

/// The pairs of one document of a batch within the label range [lo, hi), appended as (label - lo, pair): positives (sorted, at
/// most max_positives, a random subset where there are more), the shortlist's negatives in the range (positives already
/// removed; total_negatives counts those of the whole row), then uniform random labels with positives removed, until `limit`
/// pairs in all (counted over the whole label range). Returns the number appended. `stamp` has one entry a label of the whole
/// range and holds values other than `mark`.
size_t dx_document_pairs(const int32_t *positives, size_t positive_count, size_t max_positives, const int32_t *negatives,
                         size_t negative_count, size_t total_negatives, size_t random_count, size_t limit, int32_t label_count,
                         int32_t lo, int32_t hi, int32_t document, uint16_t batch_row, dx_stream stream, uint32_t *stamp,
                         uint32_t mark, int32_t *out_labels, uint16_t *out_pairs);

/// The random labels that dx_document_pairs would append, of the whole label range, in the order in which they are drawn;
/// `out_labels` has room for random_count. Returns their number.
size_t dx_random_labels(const int32_t *positives, size_t positive_count, size_t max_positives, size_t total_negatives,
                        size_t random_count, size_t limit, int32_t label_count, int32_t document, dx_stream stream,
                        uint32_t *stamp, uint32_t mark, int32_t *out_labels);

/// dx_document_pairs where those of the random labels that lie in [lo, hi) are drawn already: it works on this range alone.
size_t dx_known_pairs(const int32_t *positives, size_t positive_count, size_t max_positives, const int32_t *negatives,
                      size_t negative_count, size_t total_negatives, const int32_t *random, size_t random_count, size_t limit,
                      int32_t lo, int32_t hi, int32_t document, uint16_t batch_row, dx_stream stream, int32_t *out_labels,
                      uint16_t *out_pairs);

/// Groups the tokens of a batch of documents: distinct tokens in order of appearance, and for each its (batch row,
/// weight) entries in batch order. `slot` has one entry a token of the vocabulary, all -1, and is left so. Returns the
/// number of distinct tokens; the outputs have room for all tokens of the batch (starts: one more).
size_t dx_group_tokens(const int64_t *doc_starts, const int32_t *doc_tokens, const float *doc_weights, const int32_t *docs,
                       size_t rows, int32_t *slot, int32_t *tokens, int64_t *starts, uint32_t *token_rows,
                       float *token_weights);

/// Counting sort by label: starts (labels + 1) and sorted pairs; stable, so a label's pairs are in batch order.
void dx_sort_pairs(const int32_t *labels, const uint16_t *pairs, size_t count, size_t label_count, int64_t *starts,
                   uint16_t *sorted);

/// Floats that `dx_gemm` works in.
size_t dx_gemm_workspace(size_t m, size_t n, size_t k);

/// c(m x n) = (accumulate ? c : 0) + a(m x k) b(k x n), entry (i, j) of a matrix at [i * row + j * col] (so a transpose is a
/// swap of strides). Each entry is one chain of multiply-adds in ascending k: cutting a product along its rows or columns
/// changes no bit. workspace: dx_gemm_workspace floats.
void dx_gemm(size_t m, size_t n, size_t k, const float *a, size_t a_row, size_t a_col, const float *b, size_t b_row,
             size_t b_col, float *c, size_t ldc, int accumulate, float *workspace);
#endif
