// Rows that are sequences of vectors: the vectors of row r are starts[r] ..< starts[r + 1]. Columns on axis 0, rows on axis 1.

KERNEL reduce_vectors(READ_MATRIX(x), GLOBAL const LONG *starts, GLOBAL const float *weights, LONG weights_at, int has_weights,
                      int is_mean, MATRIX(y), LONG rows, LONG cols) {
    LONG c = global_id(0);
    if (c >= cols) return;
    FOR_ROWS(r, rows) {
        LONG length = starts[r + 1] - starts[r];
        float sum = 0;
        for (LONG i = starts[r]; i < starts[r + 1]; i++)
            sum = FMA(has_weights ? weights[weights_at + i] : 1.0f, AT(x, i, c), sum);
        AT(y, r, c) = is_mean && length > 0 ? sum / (float)length : sum;
    }
}

KERNEL reduce_backward(READ_MATRIX(g), GLOBAL const LONG *starts, GLOBAL const float *weights, LONG weights_at, int has_weights,
                       int is_mean, MATRIX(dx), LONG rows, LONG cols) {
    LONG c = global_id(0);
    if (c >= cols) return;
    FOR_ROWS(r, rows) {
        float part = is_mean ? 1.0f / (float)(starts[r + 1] - starts[r]) : 1.0f;
        for (LONG i = starts[r]; i < starts[r + 1]; i++)
            AT(dx, i, c) = (has_weights ? weights[weights_at + i] : 1.0f) * part * AT(g, r, c);
    }
}

/// Rows are vectors here: bounds[2 i] ..< bounds[2 i + 1] are those of the row of vector i. Columns are size · cols.
KERNEL windows(READ_MATRIX(x), GLOBAL const int *bounds, LONG size, LONG cols, GLOBAL float *out, LONG out_at, LONG vectors) {
    LONG place = global_id(0), width = size * cols;
    if (place >= width) return;
    LONG j = place / cols, c = place % cols, left = (size - 1) / 2;
    FOR_ROWS(i, vectors) {
        LONG from = i + j - left;
        bool inside = from >= bounds[2 * i] && from < bounds[2 * i + 1];
        out[out_at + i * width + place] = inside ? AT(x, from, c) : 0.0f;
    }
}

/// dx[k] += the parts of g that were copied from vector k, in the order of the windows' middles.
KERNEL windows_backward(GLOBAL const float *g, LONG g_at, GLOBAL const int *bounds, LONG size, LONG cols, MATRIX(dx),
                        LONG vectors) {
    LONG c = global_id(0), width = size * cols, left = (size - 1) / 2;
    if (c >= cols) return;
    FOR_ROWS(k, vectors) {
        float sum = AT(dx, k, c);
        LONG first = k + left - size + 1;
        if (first < bounds[2 * k]) first = bounds[2 * k];
        for (LONG i = first; i <= k + left && i < bounds[2 * k + 1]; i++) sum = sum + g[g_at + i * width + (k + left - i) * cols + c];
        AT(dx, k, c) = sum;
    }
}

/// Columns are filters · chunks.
KERNEL chunk_max(READ_MATRIX(x), GLOBAL const LONG *starts, GLOBAL const float *bias, LONG bias_at, LONG chunks, MATRIX(y),
                 GLOBAL int *places, LONG places_at, LONG places_ld, LONG rows, LONG cols) {
    LONG place = global_id(0);
    if (place >= cols) return;
    LONG f = place / chunks, j = place % chunks;
    float b = bias[bias_at + f];
    FOR_ROWS(r, rows) {
        LONG first = starts[r], length = starts[r + 1] - first;
        if (length == 0) continue;
        LONG from = j * length / chunks, to = ((j + 1) * length + chunks - 1) / chunks;
        float best = 0;
        int where = -1;
        for (LONG i = from; i < to; i++) {
            float value = AT(x, first + i, f) + b;
            if (value > best) {
                best = value;
                where = (int)i;
            }
        }
        AT(y, r, place) = best;
        places[places_at + r * places_ld + place] = where;
    }
}

/// Columns are filters: a filter's chunks in their order.
KERNEL chunk_max_backward(READ_MATRIX(g), GLOBAL const LONG *starts, LONG chunks, GLOBAL const int *places, LONG places_at,
                          LONG places_ld, MATRIX(dx), LONG rows, LONG cols) {
    LONG f = global_id(0);
    if (f >= cols) return;
    FOR_ROWS(r, rows) {
        LONG first = starts[r];
        for (LONG i = first; i < starts[r + 1]; i++) AT(dx, i, f) = 0;
        if (starts[r + 1] == first) continue;
        for (LONG j = f * chunks; j < (f + 1) * chunks; j++) {
            int where = places[places_at + r * places_ld + j];
            if (where >= 0) AT(dx, first + where, f) = AT(dx, first + where, f) + AT(g, r, j);
        }
    }
}
