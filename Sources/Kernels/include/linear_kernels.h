/// Linear one-vs-all learners (DiSMEC: Babbar & Schölkopf, WSDM 2017; Slice: Jain et al., WSDM 2019): one label's classifier
/// by Newton's method, pruning, and prediction from an inverted index.
#ifndef DEEPXML_LINEAR_KERNELS_H
#define DEEPXML_LINEAR_KERNELS_H
#include <stddef.h>
#include <stdint.h>

/// Documents in sparse rows, the same by columns (`dx_sparse_columns`), and the columns' sums. Columns ascend in each row
/// and rows in each column.
typedef struct {
    size_t rows, cols;
    const int64_t *starts; ///< rows + 1
    const int32_t *columns;
    const float *values;
    const int64_t *col_starts; ///< cols + 1
    const int32_t *col_rows;
    const float *col_values;
    const double *col_sums; ///< cols
    double sums_squared;    ///< of col_sums
} dx_sparse_documents;

/// Documents in dense rows, `ld` floats apart; columns from `cols` to `ld` are zero, ld is a multiple of 16.
typedef struct {
    const float *values;
    size_t cols, ld;
} dx_dense_documents;

/// The problem: min over w, b of 1/2 (w'w + b^2) + cost * sum_i max(0, 1 - y_i (w'x_i + b * bias))^2. Done when |gradient|
/// <= eps * min(#pos, #neg) / n * |gradient at 0| (LIBLINEAR's rule), or after `max_products` products with the Hessian.
/// bias 0: none.
typedef struct {
    double cost, bias, eps;
    size_t max_products;
} dx_newton_settings;

/// `gradient` <= `tolerance` says that the solution is as good as asked. `steps`: of Newton; `products`:
/// with the Hessian; `count`: features with a weight (sparse form).
typedef struct {
    size_t steps, products, count;
    double gradient, tolerance;
} dx_newton_result;

/// Fills the column form of CSR rows: col_starts (cols + 1), col_rows and col_values (as many as entries), col_sums (cols).
/// Returns the sum of col_sums squared.
double dx_sparse_columns(size_t rows, size_t cols, const int64_t *starts, const int32_t *columns, const float *values,
                         int64_t *col_starts, int32_t *col_rows, float *col_values, double *col_sums);

/// Bytes of workspace for one thread, 64-byte aligned, with anything in it; `entries` of the sparse rows, `rows` of a dense
/// problem.
size_t dx_newton_sparse_workspace(size_t rows, size_t cols, size_t entries);
size_t dx_newton_dense_workspace(size_t rows, size_t ld);

/// One label over all documents; its positives are the rows `positives`, ascending.
///
/// `columns` and `weights` have room for x->cols each. Their first `start_count` entries and *bias_weight are the start (0
/// and 0: from zero; `dx_newton_mean_start`: better); then hold the solution: `count` features in ascending order, all
/// others being zero, and b. (A score is w'x + b * bias.)
///
/// Features that no positive and no active document has are never touched, and a step costs the entries of the columns of
/// the others, not those of all documents. The gradient that ends it is over all features.
dx_newton_result dx_newton_sparse(const dx_sparse_documents *x, const int32_t *positives, size_t positive_count,
                                  dx_newton_settings settings, size_t start_count, int32_t *columns, float *weights,
                                  double *bias_weight, void *workspace);

/// The mean-separating start (Schultheis & Babbar 2022): the combination of the mean of all documents and the mean of the
/// positives, either over the positives' features only, that gives the positives' mean the margin +1 and the negatives' mean
/// -1. Returns its number of features; 0 and a bias weight of 0 where there is no such combination.
size_t dx_newton_mean_start(const dx_sparse_documents *x, const int32_t *positives, size_t positive_count, double bias,
                            int32_t *columns, float *weights, double *bias_weight, void *workspace);

/// One label over the documents `rows` (ascending), document i being positive where positive[i] isn't zero. `weights` (x.ld
/// floats, zero from cols) and *bias_weight are the start, then the solution.
dx_newton_result dx_newton_dense(dx_dense_documents x, const int32_t *rows, const uint8_t *positive, size_t count,
                                 dx_newton_settings settings, float *weights, double *bias_weight, void *workspace);

/// Documents in sparse rows alone. Columns ascend in each row.
typedef struct {
    const int64_t *starts;
    const int32_t *columns;
    const float *values;
} dx_sparse_rows;

/// One label over some of the documents, the same problem, by coordinate descent in the dual (Hsieh et al., ICML 2008,
/// algorithm 1 with the L2 loss): for the few hundred documents of a shortlist, whose solution is wanted roughly. Done when
/// the projected gradients of a pass lie within `tolerance` of each other (LIBLINEAR's rule), or after `max_passes`.
/// Weights up to `threshold` are dropped.
typedef struct {
    double cost, bias, tolerance;
    size_t max_passes;
    float threshold;
} dx_dual_settings;

/// `count`: weights that are kept. `bias`: what is added to a score. `is_solved`: within the tolerance.
typedef struct {
    size_t passes, count;
    float bias;
    int is_solved;
} dx_dual_result;

/// Bytes of workspace for one thread, 64-byte aligned, for labels of up to `examples` documents that have up to `entries`
/// entries together; `dx_dual_begin` readies it, once, and each call leaves it so.
size_t dx_dual_workspace(size_t cols, size_t examples, size_t entries);
void dx_dual_begin(void *workspace, size_t cols);

/// The documents are `rows`, document i being positive where positive[i] isn't zero. `columns` and `weights` have room for
/// `cols` entries and get the kept ones, ascending. The result depends on the documents' contents and order alone.
dx_dual_result dx_dual_sparse(const dx_sparse_rows *x, size_t cols, const int32_t *rows, const uint8_t *positive, size_t count,
                              dx_dual_settings settings, int32_t *columns, float *weights, void *workspace);

/// The sum of some documents, scaled to length 1, without what is below `threshold` then: its columns, ascending, and values.
/// Returns their number. `workspace`: as for `dx_dual_sparse`, of any numbers of examples and entries.
size_t dx_sparse_mean(const dx_sparse_rows *x, size_t cols, const int32_t *rows, size_t count, float threshold,
                      int32_t *columns, float *weights, void *workspace);

/// A model by labels for scores of single pairs: a hash table for each label (open addressing), in which features stand with
/// their weights. Label l's table is bytes starts[l] ..< starts[l+1], a multiple of 8.
typedef struct {
    int32_t column;
    float weight;
} dx_weight;

typedef struct {
    size_t labels;
    const int64_t *starts;
    const uint8_t *tables;
    const float *biases;
} dx_weight_tables;

/// Bytes of the table of a label with `count` weights: about 12 a weight.
size_t dx_weight_bytes(size_t count);

/// Fills one label's table of so many bytes, 8-byte aligned.
void dx_fill_weights(const int32_t *columns, const float *weights, size_t count, uint8_t *table, size_t bytes);

/// Whether a search in a label's table of so many bytes stays within it and ends, for any feature: its size is one that tables have,
/// a place is empty, and the places behind the last are those at the start. For tables that came from a file.
int dx_weights_are_sound(const uint8_t *table, size_t bytes);

/// scores[i] = w x + b of one document with each of `labels`, summed in the document's order; first_label is the first of the
/// model's. Labels that are not the model's keep their score.
void dx_sparse_scores(const dx_weight_tables *model, int32_t first_label, const int32_t *columns, const float *values,
                      size_t count, const int32_t *labels, size_t label_count, float *scores);

/// The weights with |w| > delta: their places `kept_columns` (columns[i], or i where `columns` is null) and values, in their
/// order; returns how many. Null `kept_columns` and `kept_weights`: counts only. The kept ones may be the given arrays
/// themselves.
size_t dx_linear_prune(const int32_t *columns, const float *weights, size_t count, float delta, int32_t *kept_columns,
                       float *kept_weights);

/// A model by features: entries starts[f] ..< starts[f+1] are labels, ascending, with their weights; and a bias for each
/// label (what is added to a score: b * bias). `by_bias`: the labels by descending bias, ties ascending.
typedef struct {
    size_t labels;
    const int64_t *starts;
    const int32_t *label_ids;
    const float *weights;
    const float *biases;
    const int32_t *by_bias;
} dx_inverted_index;

/// Fills `by_bias` of `labels` biases. `spare`: 3 * labels numbers.
void dx_order_by_bias(const float *biases, size_t labels, int32_t *by_bias, int32_t *spare);

/// Fills the index (starts: features + 1; label_ids, weights: as many as entries) of a model by labels: label l's weights
/// are entries rows[l] ..< rows[l+1] of `columns`, ascending, and `values`.
void dx_invert_model(size_t labels, size_t features, const int64_t *rows, const int32_t *columns, const float *values,
                     int64_t *starts, int32_t *label_ids, float *weights);

/// Bytes of workspace for one thread, 64-byte aligned; `dx_inverted_begin` readies it, once.
size_t dx_inverted_workspace(size_t labels, size_t k);
void dx_inverted_begin(void *workspace, size_t labels);

/// The k best labels of one sparse document, by descending score, ties to the smaller label; first_id is added to each.
/// Where there are fewer than k labels: -1 and -infinity. A label's score is the sum of its weights times the document's
/// values, in the document's order, plus its bias: the same however labels are dealt over indices. Labels that share no
/// feature with the document cost nothing but the best of them. Leaves the workspace as `dx_inverted_begin` made it.
void dx_inverted_topk(const dx_inverted_index *model, const int32_t *columns, const float *values, size_t count, size_t k,
                      int32_t first_id, void *workspace, int32_t *ids, float *scores);

/// A model whose numbers are narrow: rows of (number, weight) pairs, numbers ascending, each as the gap from the one before (seven
/// bits a byte, the lowest first, the eighth bit set where another follows) and then its weight, of `width` bytes: 2, bfloat16; 1, a
/// whole number from -127 to 127. Row r is bytes starts[r] ..< starts[r+1]. By feature the numbers are labels, by label features.
/// `scales`: what a label's sum of products is times, or null; `by_bias`: as above, for rows by feature.
typedef struct {
    size_t labels;
    int width;
    const int64_t *starts;
    const uint8_t *bytes;
    const float *scales, *biases;
    const int32_t *by_bias;
} dx_narrow_model;

/// Packs a row; returns its bytes. With null `bytes` it only counts them.
size_t dx_narrow_pack(const int32_t *columns, const float *values, size_t count, int width, uint8_t *bytes);

/// Whether a row of `byte_count` bytes is whole entries whose numbers ascend and are below `bound`. For rows that came from a file.
int dx_narrow_is_sound(const uint8_t *bytes, size_t byte_count, int width, int64_t bound);

/// The entries of a row of `byte_count` bytes; returns how many. Null `columns` and `values`: counts only.
size_t dx_narrow_unpack(const uint8_t *bytes, size_t byte_count, int width, int32_t *columns, float *values);

/// `dx_inverted_topk` of a narrow model by feature; the workspace is the same.
void dx_narrow_topk(const dx_narrow_model *model, const int32_t *columns, const float *values, size_t count, size_t k,
                    int32_t first_id, void *workspace, int32_t *ids, float *scores);

/// `dx_sparse_scores` of a narrow model by label. `document`: a zero for each feature, before and after.
void dx_narrow_scores(const dx_narrow_model *model, int32_t first_label, const int32_t *columns, const float *values,
                      size_t count, const int32_t *labels, size_t label_count, float *document, float *scores);
#endif
