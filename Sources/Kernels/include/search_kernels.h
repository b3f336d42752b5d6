// Nearest-neighbour search, the lists it makes, and label clustering. Results depend on the data alone, not on how it is cut.
#ifndef DEEPXML_SEARCH_KERNELS_H
#define DEEPXML_SEARCH_KERNELS_H
#include <stddef.h>
#include <stdint.h>

/// Bytes of working memory (64-byte aligned) that a search for `count` queries needs.
size_t dx_search_workspace(size_t count, size_t dims, size_t k);

/// The k largest inner products of each query with the database's rows: ids (first_id + row) and scores are count×k,
/// by descending score, ties by smaller id, padded with -1 and -infinity. A score that is NaN or -infinity is left out.
void dx_search_exact(const float *queries, size_t count, const float *database, size_t rows, size_t dims, int32_t first_id,
                     size_t k, void *memory, int32_t *ids, float *scores);

/// The same for the logits of a linear classifier: queries and database rows are `stride` apart (the first `dims` numbers
/// of each are read), and bias[row] is added to each product.
void dx_search_logits(const float *queries, size_t count, const float *database, const float *bias, size_t rows, size_t dims,
                      size_t stride, int32_t first_id, size_t k, void *memory, int32_t *ids, float *scores);

/// The same over a database that `dx_gemm_pack` has laid out (one of its columns a row here); `bias` may be null.
void dx_search_packed(const float *queries, size_t count, const float *packed, const float *bias, size_t rows, size_t dims,
                      size_t stride, int32_t first_id, size_t k, void *memory, int32_t *ids, float *scores);

/// A database in the layout of `dx_gemm_pack` whose numbers are narrow: bfloat16, or where there are `scales` whole numbers from
/// -127 to 127 in a byte each, times the scale of their row. There are scales for whole groups of 32 rows.
typedef struct {
    const void *numbers;
    const float *scales;
} dx_narrow_panels;

/// Narrows one group of 32 rows in the layout of `dx_gemm_pack`: dims x 32 numbers of `width` bytes; with 1, 32 `scales` are filled.
void dx_narrow_panel(const float *packed, size_t dims, int width, float *scales, void *numbers);

/// The same over a narrow database, whose rows begin with the first of the panels.
void dx_search_narrow(const float *queries, size_t count, const dx_narrow_panels *panels, const float *bias, size_t rows,
                      size_t dims, size_t stride, int32_t first_id, size_t k, void *memory, int32_t *ids, float *scores);

/// Positions of the k largest of `count` scores, in descending order, ties by smaller id; `ids` may come in any order, and
/// are not negative. `memory`: 4·count. Returns how many, at most `count`.
size_t dx_top_k(const float *scores, const int32_t *ids, size_t count, size_t k, int32_t *memory, int32_t *order);

/// A label's score = sum of the similarities of the neighbours that have it, over the row's largest; the k best a row.
///
/// `sums`: one float a label, all -infinity before and after. `memory`: 4·capacity, where capacity > labels met in a row.
void dx_label_scores(const int32_t *neighbours, const float *similarities, size_t rows, size_t width, const int64_t *starts,
                     const int32_t *columns, float *sums, int32_t *memory, size_t capacity, size_t k, int32_t *ids,
                     float *scores);

/// The k best over several lists with different ids, for rows from ..< to. `memory`: 4·capacity, capacity >= sum of widths.
void dx_merge_lists(const int32_t *const *lists, const float *const *scores_of, const size_t *widths, size_t list_count,
                    size_t from, size_t to, int32_t *memory, size_t capacity, size_t k, int32_t *ids, float *scores);

/// The k best of left_weight·left + right_weight·right over the union of two lists; an absent entry counts as 0.
/// `memory`: 8·capacity, capacity >= left_width + right_width.
void dx_blend_lists(const int32_t *left_ids, const float *left_scores, size_t left_width, float left_weight,
                    const int32_t *right_ids, const float *right_scores, size_t right_width, float right_weight, size_t rows,
                    int32_t *memory, size_t capacity, size_t k, int32_t *ids, float *scores);

/// Scales each row to length 1; a row of zeros stays.
void dx_unit_rows(float *rows, size_t count, size_t dims);

/// out[l - from] (zeros before) = mean of the rows that members[starts[l] ..< starts[l+1]] name; zeros where none.
void dx_mean_rows(const float *rows, size_t dims, const int64_t *starts, const int32_t *members, size_t from, size_t to,
                  float *out);

/// Compressed rows: entries starts[r] ..< starts[r+1] of `columns` (ascending) and `values` are row r.
typedef struct {
    const int64_t *starts;
    const int32_t *columns;
    const float *values;
} dx_sparse;

/// Labels and documents: the documents of each label and the labels of each document.
typedef struct {
    const int64_t *document_starts;
    const int32_t *documents;
    const int64_t *label_starts;
    const int32_t *labels;
} dx_bipartite;

/// Distinct columns over the rows that `members` names. `stamps`: one number a column, none equal to `stamp` before.
size_t dx_count_distinct(const int64_t *starts, const int32_t *columns, const int32_t *members, size_t count, int32_t stamp,
                         int32_t *stamps);

/// Sum of the rows that `members` names, as ascending columns and values; `sums`: one float a column; `spare`: 3 numbers
/// an output column.
void dx_sum_sparse_rows(const int64_t *starts, const int32_t *columns, const float *values, const int32_t *members,
                        size_t count, int32_t stamp, int32_t *stamps, float *sums, int32_t *spare, int32_t *out_columns,
                        float *out_values);

/// One label's row of the co-occurrence matrix by a random walk: the `keep` most visited labels and itself, ascending,
/// weights summing to 1; only itself when it has more than `skip_above` documents. `memory`: 5·steps + 2; returns the
/// number of entries, at most keep + 1.
size_t dx_walk_row(const dx_bipartite *graph, int32_t label, size_t steps, double restart, size_t keep, size_t skip_above,
                   const uint32_t key[2], int32_t *memory, int32_t *ids, float *weights);

/// norms[l] = |Σ_j weights[l][j]·centroids[j]| for rows from ..< to; `sums`: dims zeros before and after.
void dx_smoothed_norms(const dx_sparse *weights, const dx_sparse *centroids, size_t dims, size_t from, size_t to, float *sums,
                       float *norms);

/// Members of a cluster: unit row m = Σ over starts[m] ..< starts[m+1] of weights·centroids[labels[locals]].
typedef struct {
    size_t count, label_count, dims;
    const int64_t *starts;
    const int32_t *locals;
    const float *weights;
    const int32_t *labels;
    const dx_sparse *centroids;
} dx_cluster;

/// The same weights by label: members starts[j] ..< starts[j+1] use labels[j].
typedef struct {
    const int64_t *starts;
    const int32_t *members;
    const float *weights;
} dx_transposed;

/// Balanced 2-means (cosine) from the members `first` and `second`: side[m] becomes 0 or 1, ⌈count/2⌉ of 0. Returns the
/// rounds. `memory`: 4·(3·dims + label_count + 2·count) bytes.
size_t dx_two_means_sparse(const dx_cluster *cluster, size_t first, size_t second, double tolerance, void *memory,
                           uint8_t *side);

/// The same from the members' inner products alone (n×n). `memory`: 16·n bytes.
size_t dx_two_means_gram(const float *gram, size_t n, size_t first, size_t second, double tolerance, void *memory,
                         uint8_t *side);

/// Bytes that `dx_gram` works in.
size_t dx_gram_workspace(size_t count, size_t label_count);

/// gram[i][j] = unit row i · unit row j. Its entries depend on the two rows alone. `local_of`: -1 a column, before and after.
void dx_gram(const dx_cluster *cluster, const dx_transposed *by_label, int32_t *local_of, void *memory, float *gram);
#endif
