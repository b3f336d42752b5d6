// Newton's method for the squared hinge, over an operator that multiplies by the documents: shared by the sparse and the
// dense form.
//
// Steps by conjugate gradients, preconditioned by the Hessian's diagonal, with an exact line search (Keerthi & DeCoste, JMLR
// 2005). LIBLINEAR had a trust region, and since 2.40 a line search too: where features aren't scaled, a step may wake
// thousands of rows that the model knows nothing of, and a region shrinks a thousandfold while the line's minimum lets the
// next model know them.
#ifndef DEEPXML_LINEAR_NEWTON_H
#define DEEPXML_LINEAR_NEWTON_H
#include "linear_kernels.h"
#include "vector.h"
#pragma clang fp contract(fast)

typedef double v8d __attribute__((vector_size(64), aligned(8)));
typedef int64_t i8v __attribute__((vector_size(64), aligned(8)));
typedef float v8f __attribute__((vector_size(32), aligned(4)));

/// One label's problem. Arrays over features have the bias weight in place 0; all arrays are padded with zeros to eights.
typedef struct {
    const dx_sparse_documents *sparse; ///< or null: then `dense`
    dx_dense_documents dense;
    size_t rows, dims; ///< of the problem; dims counts the bias
    double bias, twice_cost;
    double *w, *g, *s, *r, *d, *h, *inverse; ///< dims: weights, gradient, step, residual, direction, H d, 1 / diagonal
    double *error, *t;                       ///< rows: y - w'x; a product
    float *sign, *active;                    ///< rows: y; 1 where y * error > 0, else 0
    int32_t *live;                           ///< the active rows
    size_t live_count;
    const int32_t *ids;      ///< dense: the row of each document
    float *narrow;           ///< dense: a vector of ld floats
    int32_t *columns;        ///< sparse: the feature of places 1, 2, …: those at work
    int32_t *place;          ///< sparse, cols: a feature's place, or 0
    double *wide;            ///< sparse, cols: sums over all features, zero between uses
    size_t entries;          ///< sparse: of the columns at work
    size_t positive_entries; ///< sparse: of the positives' rows
    /// Sparse: the active rows' entries whose features are at work, by place; where by_rows: they are fewer than the
    /// columns'.
    int by_rows;
    size_t room; ///< for entries
    int64_t *live_starts;
    int32_t *live_places;
    float *live_values;
} dx_newton;

DX_INLINE size_t dx_eights(size_t n) { return (n + 7) / 8 * 8; }

// By address and as macros: an argument of 64 bytes would be passed in a way of its own on each CPU.
DX_INLINE double dx_sum8(const v8d *a) {
    const double *x = (const double *)a;
    return ((x[0] + x[4]) + (x[2] + x[6])) + ((x[1] + x[5]) + (x[3] + x[7]));
}

/// Eight floats as doubles.
#define DX_WIDE(X) __builtin_convertvector(*(const v8f *)(X), v8d)

/// X where FLAG is true, else 0.
#define DX_WHERE(FLAG, X) ((v8d)((FLAG) & (i8v)(X)))

/// Solves to |gradient| <= tolerance from w, whose errors are known, and adds what it took to *result.
void dx_newton_solve(dx_newton *p, double tolerance, size_t max_products, dx_newton_result *result);
/// Sets the errors to y - Xw.
void dx_newton_begin(dx_newton *p);
/// |gradient| at w.
double dx_newton_norm(dx_newton *p);

/// t = Xv + bias v_0
void dx_sparse_forward(dx_newton *p, const double *v);
void dx_dense_forward(dx_newton *p, const double *v);
/// The same for active rows; what it leaves in others is no one's. Returns the sum of the active rows'.
double dx_sparse_forward_active(dx_newton *p, const double *v);
double dx_dense_forward_active(dx_newton *p, const double *v);
/// v = X't over the active rows, but for v_0.
void dx_sparse_backward(dx_newton *p, double *v);
void dx_dense_backward(dx_newton *p, double *v);
/// inverse = 1 / (1 + 2 cost * sum of squares over the active rows)
void dx_sparse_diagonal(dx_newton *p);
void dx_dense_diagonal(dx_newton *p);
/// After the active rows have changed: takes their features in where they are few or `all` is asked for, and says whether
/// all are.
int dx_sparse_widen(dx_newton *p, int all);
/// The sum of t over the active rows, from their list.
double dx_newton_live_sum(const dx_newton *p);
#endif
