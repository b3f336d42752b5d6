// Rows of tables by number. A launch has the columns on axis 0 and rows on axis 1.

/// y[i] = x[from[i]]; zeros where that is negative.
KERNEL gather_rows(READ_MATRIX(x), GLOBAL const int *from, MATRIX(y), LONG rows, LONG cols) {
    LONG c = global_id(0);
    if (c >= cols) return;
    FOR_ROWS(r, rows) {
        LONG row = from[r];
        AT(y, r, c) = row < 0 ? 0.0f : AT(x, row, c);
    }
}

/// y[to[i]] = x[i], but where that is negative.
KERNEL scatter_rows(READ_MATRIX(x), GLOBAL const int *to, MATRIX(y), LONG rows, LONG cols) {
    LONG c = global_id(0);
    if (c >= cols) return;
    FOR_ROWS(r, rows) {
        LONG row = to[r];
        if (row >= 0) AT(y, row, c) = AT(x, r, c);
    }
}

/// x[i] += table[from[i]].
KERNEL add_table_rows(READ_MATRIX(table), GLOBAL const int *from, MATRIX(x), LONG rows, LONG cols) {
    LONG c = global_id(0);
    if (c >= cols) return;
    FOR_ROWS(r, rows) {
        LONG row = from[r];
        AT(x, r, c) = AT(x, r, c) + AT(table, row, c);
    }
}

/// y[to[i]] += x[from[i]], or =, pair after pair: one work-item a column.
KERNEL add_pairs(READ_MATRIX(x), GLOBAL const int *from, GLOBAL const int *to, MATRIX(y), LONG count, LONG cols, int adds) {
    LONG c = global_id(0);
    if (c >= cols) return;
    for (LONG i = 0; i < count; i++) {
        LONG source = from[i], target = to[i];
        AT(y, target, c) = adds ? AT(y, target, c) + AT(x, source, c) : AT(x, source, c);
    }
}

/// y[i] = the sum of weight · table[token] over the entries of the document docs[i].
KERNEL bag_sums(READ_MATRIX(table), GLOBAL const LONG *starts, GLOBAL const int *tokens, GLOBAL const float *weights,
                GLOBAL const int *docs, MATRIX(y), LONG rows, LONG cols) {
    LONG c = global_id(0);
    if (c >= cols) return;
    FOR_ROWS(r, rows) {
        float sum = 0;
        for (LONG i = starts[docs[r]]; i < starts[docs[r] + 1]; i++) {
            LONG token = tokens[i];
            sum = FMA(weights[i], AT(table, token, c), sum);
        }
        AT(y, r, c) = sum;
    }
}

/// y[i] = the values of the document docs[i], which stores all its entries.
KERNEL copy_document_rows(GLOBAL const LONG *starts, GLOBAL const float *values, GLOBAL const int *docs, MATRIX(y), LONG rows,
                          LONG cols) {
    LONG c = global_id(0);
    if (c >= cols) return;
    FOR_ROWS(r, rows) AT(y, r, c) = values[starts[docs[r]] + c];
}

/// The optimiser's step on the rows of distinct tokens: the gradient of tokens[t] is the sum of weight · g[row] over its entries.
KERNEL embedding_step(GLOBAL const int *tokens, GLOBAL const LONG *starts, GLOBAL const int *entry_rows,
                      GLOBAL const float *weights, READ_MATRIX(g), GLOBAL float *p, LONG p_at, GLOBAL float *m, LONG m_at,
                      GLOBAL float *v, LONG v_at, LONG count, LONG cols, STEP) {
    LONG c = global_id(0);
    if (c >= cols) return;
    FOR_ROWS(t, count) {
        float gradient = 0;
        for (LONG i = starts[t]; i < starts[t + 1]; i++) {
            LONG row = entry_rows[i];
            gradient = FMA(weights[i], AT(g, row, c), gradient);
        }
        LONG token = tokens[t];
        optimise(p + p_at, m + m_at, v + v_at, token * cols + c, gradient, STEP_OF);
    }
}

/// U(-bound, bound): column c of row r is number first_column + c of row first_row + r of the stream.
KERNEL fill_uniform(MATRIX(x), LONG rows, LONG cols, STREAM, LONG first_row, LONG first_column, float bound) {
    LONG c = global_id(0);
    if (c >= cols) return;
    LONG column = first_column + c;
    FOR_ROWS(r, rows) {
        UINT words[4];
        philox(key0, key1, (UINT)(column / 4), (UINT)(first_row + r), moment, purpose, words);
        AT(x, r, c) = bound * ((float)(words[column % 4] >> 8) * (2.0f / 16777216.0f) - 1.0f);
    }
}
