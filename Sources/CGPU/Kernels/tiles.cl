// Tiles of matrix products in local memory. Each entry is one chain of multiply-adds in ascending order of the inner dimension,
// as on the CPU, so that the bits depend neither on the tile nor on the place in it.
//
// With ROUNDED_INPUTS the operands are rounded to bfloat16 on their way into local memory, of two neighbours in the inner dimension
// the second comes first, and sums too small for a normal number are 0: what vdpbf16ps does (Sources/Kernels/gemm_bf16.c).

/// A group has 16 × 16 work-items, each of which makes TILE × TILE neighbouring entries.
#ifndef TILE
#define TILE 8
#endif
#define SIDE 16
#define SPAN (SIDE * TILE)
/// The inner dimension that is in local memory at a time.
#define DEPTH 8

/// Entry (i, j) of an operand stands at [at + i * row + j * col].
#define OPERAND(x) GLOBAL const float *x, LONG x##_row, LONG x##_col
#define ROOM(name) LOCAL_ARRAY(float, name, SPAN * DEPTH)

#ifdef ROUNDED_INPUTS
/// To nearest, ties to even; subnormal numbers to zero, NaN stays.
INLINE float operand_of(float x) {
    UINT bits = (UINT)BITS_OF(x), magnitude = bits & 0x7FFFFFFFu;
    UINT near = (bits + 0x7FFFu + (bits >> 16 & 1u)) & 0xFFFF0000u;
    bits = magnitude > 0x7F800000u ? bits | 0x400000u : magnitude < 0x800000u ? bits & 0x80000000u : near;
    return FLOAT_OF((int)bits);
}
#define ADD_PRODUCT(a, b, c) FMA_FLUSHED(a, b, c)
/// Where the d-th product's numbers are; of an odd number of them, the last is added after a zero.
#define INNER_PLACE(d) ((d) ^ 1)
#define INNER_COUNT(depth) (((depth) + 1) & ~1)
#else
#define operand_of(x) (x)
#define ADD_PRODUCT(a, b, c) FMA(a, b, c)
#define INNER_PLACE(d) (d)
#define INNER_COUNT(depth) (depth)
#endif

/// Brings `DEPTH` numbers each of SPAN vectors to room[d][vector]: number d of vector v is at x[v * vector + d * step]. Work-items
/// that stand side by side read what does.
INLINE void load_tile(GLOBAL const float *x, LONG vector, LONG step, LONG vectors, LONG depth, LOCAL float *room) {
    int item = local_id(1) * SIDE + local_id(0);
    for (int i = item; i < SPAN * DEPTH; i += SIDE * SIDE) {
        int v = step == 1 ? i / DEPTH : i % SPAN, d = step == 1 ? i % DEPTH : i / SPAN;
        room[d * SPAN + v] = v < vectors && d < depth ? operand_of(x[v * vector + d * step]) : 0.0f;
    }
}

/// sums += the products of rows first_row … of a (m × k) and columns first_col … of b (k × n), for this work-item's entries.
INLINE void tile_product(float sums[TILE][TILE], LOCAL float *left, LOCAL float *right, LONG m, LONG n, LONG k, LONG first_row,
                         LONG first_col, OPERAND(a), OPERAND(b)) {
    int y = local_id(1) * TILE, x = local_id(0) * TILE;
    for (LONG from = 0; from < k; from += DEPTH) {
        LONG depth = k - from < DEPTH ? k - from : DEPTH;
        load_tile(a + first_row * a_row + from * a_col, a_row, a_col, m - first_row, depth, left);
        load_tile(b + first_col * b_col + from * b_row, b_col, b_row, n - first_col, depth, right);
        BARRIER();
        for (int n = 0; n < INNER_COUNT((int)depth); n++) {
            int d = INNER_PLACE(n);
            float rows[TILE], cols[TILE];
#pragma unroll
            for (int i = 0; i < TILE; i++) rows[i] = left[d * SPAN + y + i];
#pragma unroll
            for (int j = 0; j < TILE; j++) cols[j] = right[d * SPAN + x + j];
#pragma unroll
            for (int i = 0; i < TILE; i++)
#pragma unroll
                for (int j = 0; j < TILE; j++) sums[i][j] = ADD_PRODUCT(rows[i], cols[j], sums[i][j]);
        }
        BARRIER();
    }
}

/// Where this work-item's first entry is.
#define FIRST_ROW (group_id(1) * SPAN)
#define FIRST_COL (group_id(0) * SPAN)
#define OWN_ROW (FIRST_ROW + local_id(1) * TILE)
#define OWN_COL (FIRST_COL + local_id(0) * TILE)
