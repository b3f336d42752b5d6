// The dense form: rows of active documents, four at a time. Products are in float, sixteen lanes wide; what is summed over
// many documents for the rule that ends it all is in double.
#include "kernels.h"
#include "linear_newton.h"
#pragma clang fp contract(fast)

static size_t lay_out(dx_newton *p, char *memory, size_t rows, size_t ld) {
    size_t at = 0;
#define PART(FIELD, NUMBER)           \
    p->FIELD = (void *)(memory + at); \
    at += ((NUMBER) * sizeof *p->FIELD + 63) / 64 * 64;
    PART(error, dx_eights(rows))
    PART(t, dx_eights(rows))
    PART(sign, dx_eights(rows))
    PART(active, dx_eights(rows))
    PART(live, rows + 1)
    PART(narrow, ld)
    PART(w, ld + 8)
    PART(g, ld + 8)
    PART(s, ld + 8)
    PART(r, ld + 8)
    PART(d, ld + 8)
    PART(h, ld + 8)
    PART(inverse, ld + 8)
#undef PART
    return at;
}

size_t dx_newton_dense_workspace(size_t rows, size_t ld) {
    dx_newton p;
    return lay_out(&p, 0, rows, ld);
}

DX_INLINE float sum16(const v16 *v) {
    const float *a = (const float *)v;
    float s[8];
    for (int i = 0; i < 8; i++) s[i] = a[i] + a[i + 8];
    return ((s[0] + s[4]) + (s[2] + s[6])) + ((s[1] + s[5]) + (s[3] + s[7]));
}

DX_INLINE const float *row_of(const dx_newton *p, const int32_t *live, size_t i) {
    const size_t at = live ? (size_t)live[i] : i;
    return p->dense.values + (size_t)p->ids[at] * p->dense.ld;
}

DX_CLONES static void forward_rows(dx_newton *p, const double *v, int active) {
    const size_t ld = p->dense.ld, count = active ? p->live_count : p->rows;
    const int32_t *live = active ? p->live : 0;
    const double all = p->bias * v[0];
    float *narrow = p->narrow;
    for (size_t c = 0; c < p->dense.cols; c++) narrow[c] = (float)v[c + 1];
    size_t i = 0;
    for (; i + 4 <= count; i += 4) {
        const float *x0 = row_of(p, live, i), *x1 = row_of(p, live, i + 1);
        const float *x2 = row_of(p, live, i + 2), *x3 = row_of(p, live, i + 3);
        v16 a = {0}, b = {0}, c = {0}, d = {0};
        for (size_t k = 0; k < ld; k += 16) {
            const v16 by = *(const v16 *)(narrow + k);
            a += by * *(const v16 *)(x0 + k);
            b += by * *(const v16 *)(x1 + k);
            c += by * *(const v16 *)(x2 + k);
            d += by * *(const v16 *)(x3 + k);
        }
        p->t[live ? live[i] : (int32_t)i] = all + sum16(&a);
        p->t[live ? live[i + 1] : (int32_t)i + 1] = all + sum16(&b);
        p->t[live ? live[i + 2] : (int32_t)i + 2] = all + sum16(&c);
        p->t[live ? live[i + 3] : (int32_t)i + 3] = all + sum16(&d);
    }
    for (; i < count; i++) {
        const float *x = row_of(p, live, i);
        v16 a = {0};
        for (size_t k = 0; k < ld; k += 16) a += *(const v16 *)(narrow + k) * *(const v16 *)(x + k);
        p->t[live ? live[i] : (int32_t)i] = all + sum16(&a);
    }
}

void dx_dense_forward(dx_newton *p, const double *v) { forward_rows(p, v, 0); }

double dx_dense_forward_active(dx_newton *p, const double *v) {
    forward_rows(p, v, 1);
    return dx_newton_live_sum(p);
}

DX_CLONES void dx_dense_backward(dx_newton *p, double *v) {
    const size_t ld = p->dense.ld;
    float *narrow = p->narrow;
    memset(narrow, 0, ld * sizeof *narrow);
    size_t i = 0;
    for (; i + 4 <= p->live_count; i += 4) {
        const int32_t *live = p->live;
        const float *x0 = row_of(p, live, i), *x1 = row_of(p, live, i + 1);
        const float *x2 = row_of(p, live, i + 2), *x3 = row_of(p, live, i + 3);
        const float a = (float)p->t[live[i]], b = (float)p->t[live[i + 1]];
        const float c = (float)p->t[live[i + 2]], d = (float)p->t[live[i + 3]];
        for (size_t k = 0; k < ld; k += 16) {
            v16 sum = *(v16 *)(narrow + k);
            sum += a * *(const v16 *)(x0 + k);
            sum += b * *(const v16 *)(x1 + k);
            sum += c * *(const v16 *)(x2 + k);
            sum += d * *(const v16 *)(x3 + k);
            *(v16 *)(narrow + k) = sum;
        }
    }
    for (; i < p->live_count; i++) {
        const float *x = row_of(p, p->live, i), a = (float)p->t[p->live[i]];
        for (size_t k = 0; k < ld; k += 16) *(v16 *)(narrow + k) += a * *(const v16 *)(x + k);
    }
    for (size_t c = 0; c < p->dense.cols; c++) v[c + 1] = narrow[c];
}

DX_CLONES void dx_dense_diagonal(dx_newton *p) {
    float *narrow = p->narrow;
    memset(narrow, 0, p->dense.ld * sizeof *narrow);
    for (size_t i = 0; i < p->live_count; i++) {
        const float *x = row_of(p, p->live, i);
        for (size_t k = 0; k < p->dense.ld; k += 16) {
            const v16 value = *(const v16 *)(x + k);
            *(v16 *)(narrow + k) += value * value;
        }
    }
    p->inverse[0] = 1 / (1 + p->twice_cost * p->bias * p->bias * (double)p->live_count);
    for (size_t c = 0; c < p->dense.cols; c++) p->inverse[c + 1] = 1 / (1 + p->twice_cost * narrow[c]);
}

dx_newton_result dx_newton_dense(dx_dense_documents x, const int32_t *rows, const uint8_t *positive, size_t count,
                                 dx_newton_settings settings, float *weights, double *bias_weight, void *workspace) {
    dx_newton problem = {0}, *p = &problem;
    dx_newton_result result = {0};
    memset(workspace, 0, lay_out(p, workspace, count, x.ld));
    p->dense = x;
    p->ids = rows;
    p->rows = count;
    p->dims = x.cols + 1;
    p->bias = settings.bias;
    p->twice_cost = 2 * settings.cost;
    size_t positives = 0;
    for (size_t i = 0; i < count; i++) {
        p->sign[i] = positive[i] ? 1 : -1;
        positives += positive[i] != 0;
    }
    dx_newton_begin(p);
    const size_t negatives = count - positives, fewer = positives < negatives ? positives : negatives;
    result.tolerance = settings.eps * (double)(fewer ? fewer : 1) / (double)(count ? count : 1) * dx_newton_norm(p);
    p->w[0] = *bias_weight;
    for (size_t c = 0; c < x.cols; c++) p->w[c + 1] = weights[c];
    dx_newton_begin(p);
    dx_newton_solve(p, result.tolerance, settings.max_products, &result);
    *bias_weight = p->w[0];
    for (size_t c = 0; c < x.cols; c++) weights[c] = (float)p->w[c + 1];
    return result;
}
