// Matrix products.

/// c(m × n) = (accumulate ? c : 0) + a(m × k) b(k × n), any operand transposed by its strides.
KERNEL multiply(LONG m, LONG n, LONG k, GLOBAL const float *a, LONG a_at, LONG a_row, LONG a_col, GLOBAL const float *b, LONG b_at,
                LONG b_row, LONG b_col, MATRIX(c), int accumulate) {
    ROOM(left);
    ROOM(right);
    float sums[TILE][TILE];
    for (int i = 0; i < TILE; i++)
        for (int j = 0; j < TILE; j++) {
            LONG row = OWN_ROW(i), col = OWN_COL(j);
            sums[i][j] = OWN_FIRST && accumulate && row < m && col < n ? AT(c, row, col) : 0.0f;
        }
    tile_product(sums, left, right, m, n, k, FIRST_ROW, FIRST_COL, a + a_at, a_row, a_col, b + b_at, b_row, b_col);
    if (!OWN_FIRST && accumulate)
        for (int i = 0; i < TILE; i++)
            for (int j = 0; j < TILE; j++) {
                LONG row = OWN_ROW(i), col = OWN_COL(j);
                if (row < m && col < n) sums[i][j] = sums[i][j] + AT(c, row, col);
            }
    for (int i = 0; i < TILE; i++)
        for (int j = 0; j < TILE; j++) {
            LONG row = OWN_ROW(i), col = OWN_COL(j);
            if (row < m && col < n) AT(c, row, col) = sums[i][j];
        }
}

/// Lays out a matrix (rows × cols) turned: y[c, r] = x[r, c].
KERNEL transpose(READ_MATRIX(x), MATRIX(y), LONG rows, LONG cols) {
    LONG c = global_id(0);
    if (c >= cols) return;
    FOR_ROWS(r, rows) AT(y, c, r) = AT(x, r, c);
}
