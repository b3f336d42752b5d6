// Normalisation: of columns (batch), of rows (layer), of a matrix (spectral). Sums in sixteen lanes, as Sources/Kernels has them: lane
// l takes the elements l, l + 16, …; the lanes are summed from the first to the last, then what is left over.

#define LANES 16
/// Rows that a group of LANES × ROWS work-items takes.
#define ROWS 16

/// The mean of each column, and the sum of squares around it: one work-item a column.
KERNEL column_moments(READ_MATRIX(x), LONG rows, LONG cols, GLOBAL float *mean, LONG mean_at, GLOBAL float *squares,
                      LONG squares_at) {
    LONG c = global_id(0);
    if (c >= cols) return;
    float sum = 0, square = 0;
    for (LONG r = 0; r < rows; r++) sum = sum + AT(x, r, c);
    sum = sum / (float)rows;
    for (LONG r = 0; r < rows; r++) {
        float away = AT(x, r, c) - sum;
        square = FMA(away, away, square);
    }
    mean[mean_at + c] = sum;
    squares[squares_at + c] = square;
}

KERNEL inverse_deviation(GLOBAL const float *squares, LONG squares_at, GLOBAL float *inverse, LONG inverse_at, LONG cols,
                         float count, float eps) {
    LONG c = global_id(0);
    if (c < cols) inverse[inverse_at + c] = 1.0f / SQRT(squares[squares_at + c] / count + eps);
}

KERNEL batch_norm(READ_MATRIX(x), LONG rows, LONG cols, GLOBAL const float *mean, LONG mean_at, GLOBAL const float *inverse,
                  LONG inverse_at, GLOBAL const float *weight, LONG weight_at, GLOBAL const float *bias, LONG bias_at,
                  MATRIX(standard), MATRIX(y)) {
    LONG c = global_id(0);
    if (c >= cols) return;
    float m = mean[mean_at + c], i = inverse[inverse_at + c], w = weight[weight_at + c], b = bias[bias_at + c];
    FOR_ROWS(r, rows) {
        float value = (AT(x, r, c) - m) * i;
        AT(standard, r, c) = value;
        AT(y, r, c) = FMA(value, w, b);
    }
}

KERNEL batch_norm_backward(MATRIX(g), READ_MATRIX(standard), LONG rows, LONG cols, GLOBAL const float *weight, LONG weight_at,
                           GLOBAL const float *inverse, LONG inverse_at, GLOBAL const float *sums, LONG sums_at,
                           GLOBAL const float *products, LONG products_at) {
    LONG c = global_id(0);
    if (c >= cols) return;
    float part = 1.0f / (float)rows, scale = inverse[inverse_at + c] * weight[weight_at + c];
    FOR_ROWS(r, rows) {
        float inner = FMA(AT(standard, r, c), products[products_at + c], sums[sums_at + c]);
        AT(g, r, c) = scale * FMA(-part, inner, AT(g, r, c));
    }
}

KERNEL move_statistics(GLOBAL float *mean, LONG mean_at, GLOBAL float *variance, LONG variance_at, GLOBAL const float *sums,
                       LONG sums_at, GLOBAL const float *squares, LONG squares_at, GLOBAL const float *counts, LONG counts_at,
                       LONG cols, float blocks, float momentum) {
    LONG c = global_id(0);
    float count = counts[counts_at], freedom = count - blocks;
    if (c >= cols || !(count > 0)) return;
    float m = mean[mean_at + c], v = variance[variance_at + c];
    mean[mean_at + c] = m + momentum * (sums[sums_at + c] / count - m);
    if (freedom > 0) variance[variance_at + c] = v + momentum * (squares[squares_at + c] / freedom - v);
}

/// The sum of the lanes of each row, in parts[row][lane]: for the item of lane 0.
INLINE float lanes_sum(LOCAL const float *parts) {
    float total = 0;
    for (int lane = 0; lane < LANES; lane++) total = total + parts[lane];
    return total;
}

/// Layer normalisation: a row has LANES work-items.
KERNEL layer_norm(MATRIX(x), LONG rows, LONG cols, float eps, GLOBAL const float *weight, LONG weight_at, GLOBAL const float *bias,
                  LONG bias_at, GLOBAL float *inverse, LONG inverse_at, MATRIX(y)) {
    LOCAL_ARRAY(float, parts, ROWS * LANES);
    LOCAL_ARRAY(float, means, ROWS);
    LOCAL_ARRAY(float, scales, ROWS);
    int lane = local_id(0), row = local_id(1);
    LONG r = group_id(0) * ROWS + row, whole = cols / LANES * LANES;
    float sum = 0;
    if (r < rows)
        for (LONG c = lane; c < whole; c += LANES) sum = sum + AT(x, r, c);
    parts[row * LANES + lane] = sum;
    BARRIER();
    if (lane == 0 && r < rows) {
        float total = lanes_sum(parts + row * LANES);
        for (LONG c = whole; c < cols; c++) total = total + AT(x, r, c);
        means[row] = total / (float)cols;
    }
    BARRIER();
    float mean = means[row];
    sum = 0;
    if (r < rows)
        for (LONG c = lane; c < whole; c += LANES) {
            float away = AT(x, r, c) - mean;
            sum = FMA(away, away, sum);
        }
    parts[row * LANES + lane] = sum;
    BARRIER();
    if (lane == 0 && r < rows) {
        float total = lanes_sum(parts + row * LANES);
        for (LONG c = whole; c < cols; c++) {
            float away = AT(x, r, c) - mean;
            total = FMA(away, away, total);
        }
        scales[row] = 1.0f / SQRT(total / (float)cols + eps);
        inverse[inverse_at + r] = scales[row];
    }
    BARRIER();
    if (r >= rows) return;
    for (LONG c = lane; c < cols; c += LANES) {
        float value = (AT(x, r, c) - mean) * scales[row];
        AT(x, r, c) = value;
        AT(y, r, c) = FMA(value, weight[weight_at + c], bias[bias_at + c]);
    }
}

KERNEL layer_norm_backward(MATRIX(g), READ_MATRIX(standard), LONG rows, LONG cols, GLOBAL const float *weight, LONG weight_at,
                           GLOBAL const float *inverse, LONG inverse_at) {
    LOCAL_ARRAY(float, parts, ROWS * LANES);
    LOCAL_ARRAY(float, more, ROWS * LANES);
    int lane = local_id(0), row = local_id(1);
    LONG r = group_id(0) * ROWS + row, whole = cols / LANES * LANES;
    float sum = 0, product = 0;
    if (r < rows)
        for (LONG c = lane; c < whole; c += LANES) {
            float weighted = AT(g, r, c) * weight[weight_at + c];
            sum = sum + weighted;
            product = FMA(weighted, AT(standard, r, c), product);
        }
    parts[row * LANES + lane] = sum;
    more[row * LANES + lane] = product;
    BARRIER();
    if (lane == 0 && r < rows) {
        sum = lanes_sum(parts + row * LANES);
        product = lanes_sum(more + row * LANES);
        for (LONG c = whole; c < cols; c++) {
            float weighted = AT(g, r, c) * weight[weight_at + c];
            sum = sum + weighted;
            product = product + weighted * AT(standard, r, c);
        }
        parts[row * LANES] = sum;
        more[row * LANES] = product;
    }
    BARRIER();
    if (r >= rows) return;
    sum = parts[row * LANES];
    product = more[row * LANES];
    float part = 1.0f / (float)cols, scale = inverse[inverse_at + r];
    for (LONG c = lane; c < cols; c += LANES) {
        float inner = part * FMA(AT(standard, r, c), product, sum);
        AT(g, r, c) = scale * FMA(AT(g, r, c), weight[weight_at + c], -inner);
    }
}

/// Numbers that a dot product brings to local memory at a time.
#define PIECE 1024

/// The inner product of two vectors, by a whole group of 256 work-items; known to all of them.
INLINE float group_dot(GLOBAL const float *a, GLOBAL const float *b, LONG count, LOCAL float *left, LOCAL float *right) {
    int item = local_id(0);
    LONG whole = count / LANES * LANES;
    float sum = 0;
    for (LONG from = 0; from < whole; from += PIECE) {
        LONG size = whole - from < PIECE ? whole - from : PIECE;
        for (LONG i = item; i < size; i += 256) {
            left[i] = a[from + i];
            right[i] = b[from + i];
        }
        BARRIER();
        if (item < LANES)
            for (LONG i = item; i < size; i += LANES) sum = FMA(left[i], right[i], sum);
        BARRIER();
    }
    if (item < LANES) left[item] = sum;
    BARRIER();
    float total = 0;
    for (int lane = 0; lane < LANES; lane++) total = total + left[lane];
    for (LONG i = whole; i < count; i++) total = FMA(a[i], b[i], total);
    BARRIER();
    return total;
}

/// out = a · b. One group.
KERNEL vector_dot(GLOBAL const float *a, LONG a_at, GLOBAL const float *b, LONG b_at, LONG count, GLOBAL float *out, LONG out_at) {
    LOCAL_ARRAY(float, left, PIECE);
    LOCAL_ARRAY(float, right, PIECE);
    float sum = group_dot(a + a_at, b + b_at, count, left, right);
    if (local_id(0) == 0) out[out_at] = sum;
}

/// x /= |x|. One group.
KERNEL normalise(GLOBAL float *x, LONG x_at, LONG count) {
    LOCAL_ARRAY(float, left, PIECE);
    LOCAL_ARRAY(float, right, PIECE);
    float length = SQRT(group_dot(x + x_at, x + x_at, count, left, right));
    float scale = 1.0f / (length > 1e-12f ? length : 1e-12f);
    for (LONG i = local_id(0); i < count; i += 256) x[x_at + i] = x[x_at + i] * scale;
}

/// y = a x, each entry in lanes: groups of LANES × ROWS.
KERNEL times_vector(READ_MATRIX(a), LONG rows, LONG cols, GLOBAL const float *x, LONG x_at, GLOBAL float *y, LONG y_at) {
    LOCAL_ARRAY(float, parts, ROWS * LANES);
    int lane = local_id(0), row = local_id(1);
    LONG r = group_id(0) * ROWS + row, whole = cols / LANES * LANES;
    float sum = 0;
    if (r < rows)
        for (LONG c = lane; c < whole; c += LANES) sum = FMA(AT(a, r, c), x[x_at + c], sum);
    parts[row * LANES + lane] = sum;
    BARRIER();
    if (lane > 0 || r >= rows) return;
    sum = lanes_sum(parts + row * LANES);
    for (LONG c = whole; c < cols; c++) sum = FMA(AT(a, r, c), x[x_at + c], sum);
    y[y_at + r] = sum;
}

/// y = aᵀ x: one work-item a column, rows ascending.
KERNEL transposed_times_vector(READ_MATRIX(a), LONG rows, LONG cols, GLOBAL const float *x, LONG x_at, GLOBAL float *y,
                               LONG y_at) {
    LONG c = global_id(0);
    if (c >= cols) return;
    float sum = 0;
    for (LONG r = 0; r < rows; r++) sum = FMA(x[x_at + r], AT(a, r, c), sum);
    y[y_at + c] = sum;
}

/// out = (g - inner u vᵀ) / sigma, on some rows.
KERNEL spectral_gradient(READ_MATRIX(g), MATRIX(out), LONG first, LONG rows, LONG cols, GLOBAL const float *sigma, LONG sigma_at,
                         GLOBAL const float *u, LONG u_at, GLOBAL const float *v, LONG v_at, GLOBAL const float *inner) {
    LONG c = global_id(0);
    if (c >= cols) return;
    float inverse = 1.0f / sigma[sigma_at];
    FOR_ROWS(i, rows) {
        LONG r = first + i;
        float scale = inner[0] * u[u_at + r];
        AT(out, r, c) = (AT(g, r, c) - scale * v[v_at + c]) * inverse;
    }
}
