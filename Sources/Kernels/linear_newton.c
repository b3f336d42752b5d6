#include "linear_newton.h"
#include "kernels.h"
#pragma clang fp contract(fast)

/// The line search: how many times it looks at most.
enum { MAX_LOOKS = 30 };
/// What may be left of the slope along the line.
static const double LINE_ACCURACY = 0.1;
/// Steps in a row without a new smallest gradient that end it: what is left is rounding.
enum { MAX_IN_VAIN = 500 };

static void forward(dx_newton *p, const double *v) {
    if (p->sparse) dx_sparse_forward(p, v);
    else dx_dense_forward(p, v);
}

static double forward_active(dx_newton *p, const double *v) {
    return p->sparse ? dx_sparse_forward_active(p, v) : dx_dense_forward_active(p, v);
}

static void backward(dx_newton *p, double *v) {
    if (p->sparse) dx_sparse_backward(p, v);
    else dx_dense_backward(p, v);
}

static void diagonal(dx_newton *p) {
    if (p->sparse) dx_sparse_diagonal(p);
    else dx_dense_diagonal(p);
}

/// a'b
DX_CLONES static double inner(const double *a, const double *b, size_t n) {
    v8d sum = {0};
    for (size_t i = 0; i < n; i += 8) sum += *(const v8d *)(a + i) * *(const v8d *)(b + i);
    return dx_sum8(&sum);
}

/// error -= by * t; then the active rows, and in t the loss's slope by w'x over 2 cost.
DX_CLONES static void find_active(dx_newton *p, double by) {
    const v8d one = {1, 1, 1, 1, 1, 1, 1, 1};
    size_t count = 0;
    for (size_t i = 0; i < p->rows; i += 8) {
        v8d e = *(v8d *)(p->error + i);
        if (by != 0) e -= by * *(v8d *)(p->t + i);
        *(v8d *)(p->error + i) = e;
        const v8d on = DX_WHERE(DX_WIDE(p->sign + i) * e > 0, one);
        *(v8f *)(p->active + i) = __builtin_convertvector(on, v8f);
        *(v8d *)(p->t + i) = -on * e;
        uint64_t pairs[4];
        memcpy(pairs, p->active + i, sizeof pairs);
        if (!(pairs[0] | pairs[1] | pairs[2] | pairs[3])) continue;
        for (size_t k = i; k < i + 8; k++) {
            p->live[count] = (int32_t)k;
            count += p->active[k] != 0;
        }
    }
    p->live_count = count;
}

double dx_newton_live_sum(const dx_newton *p) {
    double a = 0, b = 0, c = 0, d = 0;
    size_t i = 0;
    for (; i + 4 <= p->live_count; i += 4) {
        a += p->t[p->live[i]];
        b += p->t[p->live[i + 1]];
        c += p->t[p->live[i + 2]];
        d += p->t[p->live[i + 3]];
    }
    for (; i < p->live_count; i++) a += p->t[p->live[i]];
    return (a + c) + (b + d);
}

/// Along error - by * t, with half the loss over cost: its slope, and its curvature in *bend.
DX_CLONES static double loss_slope(const dx_newton *p, double by, double *bend) {
    v8d slopes = {0}, bends = {0};
    for (size_t i = 0; i < p->rows; i += 8) {
        const v8d t = *(v8d *)(p->t + i), e = *(v8d *)(p->error + i) - by * t;
        const v8d on = DX_WHERE(DX_WIDE(p->sign + i) * e > 0, t);
        slopes -= on * e;
        bends += on * t;
    }
    *bend = dx_sum8(&bends);
    return dx_sum8(&slopes);
}

/// g = w + 2 cost X't, t being the slopes; returns |g|.
static double gradient(dx_newton *p) {
    backward(p, p->g);
    p->g[0] = p->bias * dx_newton_live_sum(p);
    for (size_t j = 0; j < p->dims; j++) p->g[j] = p->w[j] + p->twice_cost * p->g[j];
    return sqrt(inner(p->g, p->g, p->dims));
}

double dx_newton_norm(dx_newton *p) {
    find_active(p, 0);
    return gradient(p);
}

/// h = Hd; returns d'h.
static double curvature(dx_newton *p) {
    const double sum = forward_active(p, p->d);
    backward(p, p->h);
    p->h[0] = p->bias * sum;
    for (size_t j = 0; j < p->dims; j++) p->h[j] = p->d[j] + p->twice_cost * p->h[j];
    return inner(p->d, p->h, p->dims);
}

/// s += by * d, r -= by * h; returns r'r, and in *scaled r'Pr with P = inverse.
DX_CLONES static double advance(dx_newton *p, double by, double *scaled) {
    v8d plain = {0}, sum = {0};
    for (size_t j = 0; j < p->dims; j += 8) {
        *(v8d *)(p->s + j) += by * *(v8d *)(p->d + j);
        const v8d r = *(v8d *)(p->r + j) - by * *(v8d *)(p->h + j);
        *(v8d *)(p->r + j) = r;
        plain += r * r;
        sum += r * r * *(v8d *)(p->inverse + j);
    }
    *scaled = dx_sum8(&sum);
    return dx_sum8(&plain);
}

/// The step s: minimises the model at w until the residual is below `enough`.
static void conjugate_gradients(dx_newton *p, double enough, size_t *products, size_t max_products) {
    for (size_t j = 0; j < p->dims; j++) {
        p->s[j] = 0;
        p->r[j] = -p->g[j];
        p->d[j] = p->inverse[j] * p->r[j];
    }
    double rz = inner(p->r, p->d, p->dims);
    // In exact arithmetic they end after as many products as there are features.
    for (size_t left = p->dims + 10; left > 0 && *products < max_products; left--) {
        double scaled;
        const double rr = advance(p, rz / curvature(p), &scaled);
        *products += 1;
        if (rr <= enough * enough) break;
        const double beta = scaled / rz;
        for (size_t j = 0; j < p->dims; j++) p->d[j] = p->inverse[j] * p->r[j] + beta * p->d[j];
        rz = scaled;
    }
}

/// How far along s to go, Xs being in t. The objective's slope along s is piecewise linear and rises, so that Newton's
/// method for its root, kept within what is known to hold the root, ends soon; most often at once with 1.
static double distance(const dx_newton *p) {
    const double ws = inner(p->w, p->s, p->dims), ss = inner(p->s, p->s, p->dims);
    double low = 0, high = __builtin_inf(), at = 1, bend;
    const double start = fabs(ws + p->twice_cost * loss_slope(p, 0, &bend));
    for (int i = 0; i < MAX_LOOKS; i++) {
        const double slope = ws + at * ss + p->twice_cost * loss_slope(p, at, &bend);
        if (fabs(slope) <= LINE_ACCURACY * start) break;
        if (slope < 0) low = at;
        else high = at;
        const double next = at - slope / (ss + p->twice_cost * bend);
        at = next > low && next < high ? next : high < __builtin_inf() ? 0.5 * (low + high) : 2 * at;
    }
    return at;
}

void dx_newton_begin(dx_newton *p) {
    forward(p, p->w);
    for (size_t i = 0; i < p->rows; i++) p->error[i] = p->sign[i] - p->t[i];
}

/// The gradient's norm after error -= by * t. *whole: no feature outside has a gradient; `all` makes it so.
static double renew(dx_newton *p, double by, int all, int *whole) {
    find_active(p, by);
    *whole = p->sparse ? dx_sparse_widen(p, all) : 1;
    const double norm = gradient(p);
    diagonal(p);
    return norm;
}

void dx_newton_solve(dx_newton *p, double tolerance, size_t max_products, dx_newton_result *result) {
    int whole, in_vain = 0;
    double norm = renew(p, 0, 0, &whole), best = norm;
    while (in_vain < MAX_IN_VAIN) {
        if (norm <= tolerance && !whole) norm = renew(p, 0, 1, &whole);
        if (norm <= tolerance || result->products >= max_products) break;
        conjugate_gradients(p, fmax(0.1 * norm, 0.5 * tolerance), &result->products, max_products);
        forward(p, p->s);
        const double by = distance(p);
        for (size_t j = 0; j < p->dims; j++) p->w[j] += by * p->s[j];
        norm = renew(p, by, 0, &whole);
        result->steps += 1;
        in_vain = norm < best ? 0 : in_vain + 1;
        best = fmin(best, norm);
    }
    if (!whole) norm = renew(p, 0, 1, &whole);
    result->gradient = norm;
}
