// The sparse form. A label's solution has few active rows: its positives and the negatives that look like them (of
// WordNetSmall's 13,114 documents a hundred). So what is worked on stays small on all sides:
// - Features: first the positives', then, once the active rows are few, those of the active rows. All others have neither
//   weight nor gradient, since only active rows make one.
// - Rows: products within conjugate gradients go over the active rows, copied with places for features; or over the columns
//   of the features at work, where these have fewer entries.
// - A step's effect on all rows' margins is one pass over the columns of features that it moves.
#include "kernels.h"
#include "linear_newton.h"
#pragma clang fp contract(fast)

/// Active rows are few, so that their features are taken in, below this many times the positives' entries and a share of
/// all.
enum { FEW_OF_POSITIVES = 4, FEW_OF_ALL = 64 };

double dx_sparse_columns(size_t rows, size_t cols, const int64_t *starts, const int32_t *columns, const float *values,
                         int64_t *col_starts, int32_t *col_rows, float *col_values, double *col_sums) {
    memset(col_starts, 0, (cols + 1) * sizeof *col_starts);
    memset(col_sums, 0, cols * sizeof *col_sums);
    for (int64_t i = 0; i < starts[rows]; i++) {
        col_starts[columns[i] + 1] += 1;
        col_sums[columns[i]] += values[i];
    }
    double squares = 0;
    for (size_t c = 0; c < cols; c++) {
        col_starts[c + 1] += col_starts[c];
        squares += col_sums[c] * col_sums[c];
    }
    for (size_t r = 0; r < rows; r++)
        for (int64_t i = starts[r]; i < starts[r + 1]; i++) {
            const int64_t at = col_starts[columns[i]]++;
            col_rows[at] = (int32_t)r;
            col_values[at] = values[i];
        }
    // Each start has moved to its column's end, which is the next one's start.
    memmove(col_starts + 1, col_starts, cols * sizeof *col_starts);
    col_starts[0] = 0;
    return squares;
}

/// Active rows with more entries than a quarter of all are left to the columns.
static size_t lay_out(dx_newton *p, char *memory, size_t rows, size_t cols, size_t entries) {
    size_t at = 0;
    p->room = entries / 4;
#define PART(FIELD, NUMBER)           \
    p->FIELD = (void *)(memory + at); \
    at += ((NUMBER) * sizeof *p->FIELD + 63) / 64 * 64;
    PART(error, dx_eights(rows))
    PART(t, dx_eights(rows))
    PART(sign, dx_eights(rows))
    PART(active, dx_eights(rows))
    PART(live, dx_eights(rows) + 1)
    PART(place, cols)
    PART(columns, cols + 1)
    PART(wide, cols)
    PART(w, dx_eights(cols + 1))
    PART(g, dx_eights(cols + 1))
    PART(s, dx_eights(cols + 1))
    PART(r, dx_eights(cols + 1))
    PART(d, dx_eights(cols + 1))
    PART(h, dx_eights(cols + 1))
    PART(inverse, dx_eights(cols + 1))
    PART(live_starts, rows + 1)
    PART(live_places, p->room)
    PART(live_values, p->room)
#undef PART
    return at;
}

size_t dx_newton_sparse_workspace(size_t rows, size_t cols, size_t entries) {
    dx_newton p;
    return lay_out(&p, 0, rows, cols, entries);
}

/// Column by column: every row, since columns know nothing of what is active.
DX_CLONES void dx_sparse_forward(dx_newton *p, const double *v) {
    const dx_sparse_documents *x = p->sparse;
    double *restrict t = p->t;
    const double all = p->bias * v[0];
    for (size_t i = 0; i < p->rows; i++) t[i] = all;
    for (size_t j = 1; j < p->dims; j++) {
        const double by = v[j];
        if (by == 0) continue;
        const size_t from = (size_t)x->col_starts[p->columns[j]], to = (size_t)x->col_starts[p->columns[j] + 1];
        for (size_t k = from; k < to; k++) t[x->col_rows[k]] += by * (double)x->col_values[k];
    }
}

/// t of rows that aren't active becomes 0; returns the sum.
DX_CLONES static double mask(dx_newton *p) {
    v8d sum = {0};
    for (size_t i = 0; i < p->rows; i += 8) {
        const v8d t = DX_WIDE(p->active + i) * *(v8d *)(p->t + i);
        *(v8d *)(p->t + i) = t;
        sum += t;
    }
    return dx_sum8(&sum);
}

DX_CLONES static void forward_live(dx_newton *p, const double *v) {
    const double all = p->bias * v[0];
    for (size_t i = 0; i < p->live_count; i++) {
        const size_t to = (size_t)p->live_starts[i + 1];
        double a = all, b = 0;
        size_t k = (size_t)p->live_starts[i];
        for (; k + 2 <= to; k += 2) {
            a += (double)p->live_values[k] * v[p->live_places[k]];
            b += (double)p->live_values[k + 1] * v[p->live_places[k + 1]];
        }
        if (k < to) a += (double)p->live_values[k] * v[p->live_places[k]];
        p->t[p->live[i]] = a + b;
    }
}

double dx_sparse_forward_active(dx_newton *p, const double *v) {
    if (!p->by_rows) {
        dx_sparse_forward(p, v);
        return mask(p);
    }
    forward_live(p, v);
    return dx_newton_live_sum(p);
}

/// v = X't from columns, t being 0 in rows that aren't active.
DX_CLONES static void backward_by_columns(dx_newton *p, double *v) {
    const dx_sparse_documents *x = p->sparse;
    const double *t = p->t;
    for (size_t j = 1; j < p->dims; j++) {
        const size_t from = (size_t)x->col_starts[p->columns[j]], count = (size_t)x->col_starts[p->columns[j] + 1] - from;
        const int32_t *rows = x->col_rows + from;
        const float *values = x->col_values + from;
        double a = 0, b = 0, c = 0, d = 0;
        size_t k = 0;
        for (; k + 4 <= count; k += 4) {
            a += (double)values[k] * t[rows[k]];
            b += (double)values[k + 1] * t[rows[k + 1]];
            c += (double)values[k + 2] * t[rows[k + 2]];
            d += (double)values[k + 3] * t[rows[k + 3]];
        }
        for (; k < count; k++) a += (double)values[k] * t[rows[k]];
        v[j] = (a + c) + (b + d);
    }
}

/// The same from the active rows.
DX_CLONES static void backward_by_rows(dx_newton *p, double *v) {
    for (size_t j = 1; j < p->dims; j++) v[j] = 0;
    for (size_t i = 0; i < p->live_count; i++) {
        const double t = p->t[p->live[i]];
        const size_t to = (size_t)p->live_starts[i + 1];
        for (size_t k = (size_t)p->live_starts[i]; k < to; k++) v[p->live_places[k]] += t * (double)p->live_values[k];
    }
}

void dx_sparse_backward(dx_newton *p, double *v) {
    if (p->by_rows) backward_by_rows(p, v);
    else backward_by_columns(p, v);
}

DX_CLONES void dx_sparse_diagonal(dx_newton *p) {
    const dx_sparse_documents *x = p->sparse;
    double *sums = p->inverse;
    for (size_t j = 1; j < p->dims; j++) sums[j] = 0;
    sums[0] = p->bias * p->bias * (double)p->live_count;
    if (p->by_rows) {
        for (int64_t k = 0; k < p->live_starts[p->live_count]; k++)
            sums[p->live_places[k]] += (double)p->live_values[k] * (double)p->live_values[k];
    } else {
        for (size_t j = 1; j < p->dims; j++)
            for (int64_t k = x->col_starts[p->columns[j]]; k < x->col_starts[p->columns[j] + 1]; k++)
                sums[j] += (double)x->col_values[k] * (double)x->col_values[k] * (double)p->active[x->col_rows[k]];
    }
    for (size_t j = 0; j < p->dims; j++) p->inverse[j] = 1 / (1 + p->twice_cost * sums[j]);
}

/// Takes a feature in, with a weight, unless it is in.
static void take_in(dx_newton *p, int32_t column, double weight) {
    if (p->place[column]) return;
    const size_t at = p->dims++;
    p->place[column] = (int32_t)at;
    p->columns[at] = column;
    p->entries += (size_t)(p->sparse->col_starts[column + 1] - p->sparse->col_starts[column]);
    if (at % 8 == 0) {
        // A new eight: zeros behind the last feature.
        double *arrays[] = {p->w, p->g, p->s, p->r, p->d, p->h, p->inverse};
        for (int a = 0; a < 7; a++) memset(arrays[a] + at, 0, 8 * sizeof(double));
    }
    p->w[at] = weight;
}

static void take_in_rows(dx_newton *p, const int32_t *rows, size_t count) {
    const dx_sparse_documents *x = p->sparse;
    for (size_t i = 0; i < count; i++)
        for (int64_t k = x->starts[rows[i]]; k < x->starts[rows[i] + 1]; k++) take_in(p, x->columns[k], 0);
}

/// Copies what the active rows have of features at work.
static void gather_rows(dx_newton *p) {
    const dx_sparse_documents *x = p->sparse;
    int64_t at = 0;
    for (size_t i = 0; i < p->live_count; i++) {
        p->live_starts[i] = at;
        for (int64_t k = x->starts[p->live[i]]; k < x->starts[p->live[i] + 1]; k++) {
            const int32_t place = p->place[x->columns[k]];
            p->live_places[at] = place;
            p->live_values[at] = x->values[k];
            at += place != 0;
        }
    }
    p->live_starts[p->live_count] = at;
}

int dx_sparse_widen(dx_newton *p, int all) {
    const dx_sparse_documents *x = p->sparse;
    size_t entries = 0;
    for (size_t i = 0; i < p->live_count; i++) entries += (size_t)(x->starts[p->live[i] + 1] - x->starts[p->live[i]]);
    const int whole = all || entries < FEW_OF_POSITIVES * p->positive_entries + (size_t)x->starts[x->rows] / FEW_OF_ALL;
    if (whole) take_in_rows(p, p->live, p->live_count);
    p->by_rows = entries < p->entries && entries < p->room;
    if (p->by_rows) gather_rows(p);
    return whole;
}

static void begin(dx_newton *p, const dx_sparse_documents *x, const int32_t *positives, size_t count, double bias,
                  double bias_weight, void *memory) {
    memset(p, 0, sizeof *p);
    lay_out(p, memory, x->rows, x->cols, (size_t)x->starts[x->rows]);
    p->sparse = x;
    p->rows = x->rows;
    p->bias = bias;
    p->dims = 1;
    double *arrays[] = {p->w, p->g, p->s, p->r, p->d, p->h, p->inverse};
    for (int a = 0; a < 7; a++) memset(arrays[a], 0, 8 * sizeof(double));
    p->w[0] = bias_weight;
    memset(p->place, 0, x->cols * sizeof *p->place);
    memset(p->wide, 0, x->cols * sizeof *p->wide);
    for (size_t i = 0; i < dx_eights(x->rows); i++) {
        p->sign[i] = i < x->rows ? -1 : 0;
        p->error[i] = p->t[i] = 0;
    }
    for (size_t i = 0; i < count; i++) {
        p->sign[positives[i]] = 1;
        p->positive_entries += (size_t)(x->starts[positives[i] + 1] - x->starts[positives[i]]);
    }
}

/// |gradient at 0|: 2 cost by the sum of all y x, which differs from minus the columns' sums where positives have features.
static double first_gradient(dx_newton *p, const int32_t *positives, size_t count) {
    const dx_sparse_documents *x = p->sparse;
    double squares = x->sums_squared;
    for (size_t i = 0; i < count; i++)
        for (int64_t k = x->starts[positives[i]]; k < x->starts[positives[i] + 1]; k++) p->wide[x->columns[k]] += x->values[k];
    for (size_t j = 1; j < p->dims; j++) {
        const double sum = x->col_sums[p->columns[j]], signed_sum = 2 * p->wide[p->columns[j]] - sum;
        squares += signed_sum * signed_sum - sum * sum;
        p->wide[p->columns[j]] = 0;
    }
    const double bias = p->bias * (2 * (double)count - (double)x->rows);
    return p->twice_cost * sqrt(fmax(squares, 0) + bias * bias);
}

/// Writes the solution by ascending feature.
static size_t write_solution(const dx_newton *p, int32_t *columns, float *weights) {
    size_t count = 0;
    for (size_t c = 0; c < p->sparse->cols; c++)
        if (p->place[c]) {
            columns[count] = (int32_t)c;
            weights[count++] = (float)p->w[p->place[c]];
        }
    return count;
}

dx_newton_result dx_newton_sparse(const dx_sparse_documents *x, const int32_t *positives, size_t positive_count,
                                  dx_newton_settings settings, size_t start_count, int32_t *columns, float *weights,
                                  double *bias_weight, void *workspace) {
    dx_newton problem, *p = &problem;
    dx_newton_result result = {0};
    begin(p, x, positives, positive_count, settings.bias, *bias_weight, workspace);
    p->twice_cost = 2 * settings.cost;
    for (size_t i = 0; i < start_count; i++) take_in(p, columns[i], weights[i]);
    take_in_rows(p, positives, positive_count);
    const size_t negatives = x->rows - positive_count, fewer = positive_count < negatives ? positive_count : negatives;
    result.tolerance =
        settings.eps * (double)(fewer ? fewer : 1) / (double)x->rows * first_gradient(p, positives, positive_count);
    dx_newton_begin(p);
    dx_newton_solve(p, result.tolerance, settings.max_products, &result);
    result.count = write_solution(p, columns, weights);
    *bias_weight = p->w[0];
    return result;
}

size_t dx_newton_mean_start(const dx_sparse_documents *x, const int32_t *positives, size_t positive_count, double bias,
                            int32_t *columns, float *weights, double *bias_weight, void *workspace) {
    dx_newton problem, *p = &problem;
    *bias_weight = 0;
    if (positive_count == 0 || positive_count == x->rows) return 0;
    begin(p, x, positives, positive_count, bias, 0, workspace);
    take_in_rows(p, positives, positive_count);
    for (size_t i = 0; i < positive_count; i++)
        for (int64_t k = x->starts[positives[i]]; k < x->starts[positives[i] + 1]; k++)
            p->w[p->place[x->columns[k]]] += (double)x->values[k] / (double)positive_count;
    // Inner products of the means: of all documents (a), positives (p), negatives (n).
    const double all = (double)x->rows, share = (double)positive_count / all;
    double ap = bias * bias, pp = ap, an = ap, pn = ap;
    for (size_t j = 1; j < p->dims; j++) {
        const double a = x->col_sums[p->columns[j]] / all, positive = p->w[j], n = (a - share * positive) / (1 - share);
        ap += a * positive;
        pp += positive * positive;
        an += a * n;
        pn += positive * n;
    }
    const double determinant = ap * pn - pp * an;
    if (!(fabs(determinant) > 1e-9 * (fabs(ap * pn) + fabs(pp * an)))) return 0;
    const double of_all = (pn + pp) / determinant, of_positives = -(an + ap) / determinant;
    for (size_t j = 1; j < p->dims; j++) p->w[j] = of_all * x->col_sums[p->columns[j]] / all + of_positives * p->w[j];
    *bias_weight = (of_all + of_positives) * bias;
    return write_solution(p, columns, weights);
}
