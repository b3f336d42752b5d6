// Sums of squares in double precision, for devices that have it.

#define SQUARE_LANES 256
#define SQUARE_BLOCK (32 * SQUARE_LANES)

/// sums[first + b] = the sum of squares of block b of x, in the order of dx_squares (Sources/Kernels/transformer.c): a group a block.
KERNEL square_sums(GLOBAL const float *x, LONG x_at, LONG count, GLOBAL double *sums, LONG first) {
    LOCAL_ARRAY(double, lanes, SQUARE_LANES);
    int item = local_id(0);
    LONG from = group_id(0) * SQUARE_BLOCK, end = from + SQUARE_BLOCK < count ? from + SQUARE_BLOCK : count;
    double sum = 0;
    // A square of 24 bits has 48: it is exact, fused or not.
    for (LONG i = from + item; i < end; i += SQUARE_LANES) sum += (double)x[x_at + i] * (double)x[x_at + i];
    lanes[item] = sum;
    BARRIER();
    for (int width = SQUARE_LANES / 2; width > 0; width /= 2) {
        if (item < width) lanes[item] += lanes[item + width];
        BARRIER();
    }
    if (item == 0) sums[first + group_id(0)] = lanes[0];
}
