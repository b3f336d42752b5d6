// Tiles of matrix products on tensor cores (`--fast-math`), in CUDA C++ from compute capability 8.0 on: behind tiles.cl, whose
// `tile_product` and places of entries these stand for. Numbers are rounded to bfloat16, to the nearest, ties to even, on their way to
// shared memory; mma.sync sums their products in float32. PTX ISA, "Matrix Fragments for mma.m16n8k16 with floating point type".

/// A group of 256, two of which are on a multiprocessor at a time: at most 128 registers a thread.
#undef KERNEL
#define KERNEL extern "C" __global__ __launch_bounds__(256, 2) void

/// Pairs of the inner dimension's numbers that are in shared memory at a time: one mma.sync's.
#define PAIRS 8
/// Words from a pair's row to the next pair's: 8 more than 128, so that what a warp reads is in 32 banks.
#define PITCH (SPAN + 8)
#undef ROOM
#define ROOM(name) LOCAL_ARRAY(UINT, name, 2 * PAIRS * PITCH)

/// Of a group, 8 warps: 2 × 4, each with 64 × 32 entries of the tile. A thread has rows and columns of them as mma.sync deals them out.
#define ITEM (local_id(1) * SIDE + local_id(0))
#define LANE (ITEM % 32)
#define WARP_ROW (ITEM / 128 * 64)
#define WARP_COL (ITEM / 32 % 4 * 32)
// Its address would be in registers meanwhile.
#undef OWN_FIRST
#define OWN_FIRST 0
#undef TILE_ROW
#undef TILE_COL
#undef COLUMN_PART
#define TILE_ROW(i) (WARP_ROW + LANE / 4 + (i) * 8)
#define TILE_COL(j) (WARP_COL + LANE % 4 * 2 + (j) / 2 * 8 + (j) % 2)
#define COLUMN_PART (ITEM / 128 * 8 + LANE / 4)

/// Two numbers as bfloat16, `low` in the lower half.
INLINE UINT bfloat_pair(float low, float high) {
    UINT pair;
    asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(pair) : "f"(high), "f"(low));
    return pair;
}

/// What a thread brings of an operand's PAIRS × SPAN pairs: four, on their way through its registers. The second and fourth are `near` to
/// the first and third, these are half the pairs apart.
struct TensorOperand {
    GLOBAL const float *next;
    LONG near, step;
    /// Vectors that there are from the first pair's on.
    int vectors, first_number, room;
    float low[4], high[4];

    __device__ __forceinline__ bool by_step() const { return step == 1; }

    /// Number d of vector v is at x[v * vector + d * step]. Threads that stand side by side read what does.
    __device__ __forceinline__ void begin(GLOBAL const float *x, LONG vector, LONG step_distance, LONG count) {
        step = step_distance;
        int v = by_step() ? ITEM / 4 : ITEM % SPAN, pair = by_step() ? ITEM % 4 : ITEM / SPAN;
        near = by_step() ? SPAN / 2 * vector : 4 * step;
        vectors = (int)(count < SPAN ? count : SPAN) - v;
        first_number = 2 * pair;
        room = pair * PITCH + v;
        next = x + v * vector + first_number * step;
    }

    /// Reads the next pairs; `depth` numbers of the inner dimension are left.
    __device__ __forceinline__ void fetch(LONG depth) {
        int numbers = (int)(depth < 2 * PAIRS ? depth : 2 * PAIRS) - first_number;
#pragma unroll
        for (int r = 0; r < 4; r++) {
            GLOBAL const float *at = next + r % 2 * near + r / 2 * PAIRS * step;
            bool is_there = (r % 2 && by_step() ? SPAN / 2 : 0) < vectors;
            int number = (r % 2 && !by_step() ? 4 : 0) + r / 2 * PAIRS;
            low[r] = is_there && number < numbers ? at[0] : 0.0f;
            high[r] = is_there && number + 1 < numbers ? at[step] : 0.0f;
        }
        next += 2 * PAIRS * step;
    }

    __device__ __forceinline__ void store(LOCAL UINT *rooms) const {
        LOCAL UINT *to = rooms + room;
#pragma unroll
        for (int r = 0; r < 4; r++)
            to[r % 2 * (by_step() ? SPAN / 2 : 2 * PITCH) + r / 2 * (PAIRS / 2 * PITCH)] = bfloat_pair(low[r], high[r]);
    }
};

/// sums += the products of what is in the rooms: 4 × 4 tiles of 16 × 8.
INLINE void multiply_rooms(float sums[TILE][TILE], LOCAL const UINT *left, LOCAL const UINT *right) {
    int place = LANE % 4 * PITCH + LANE / 4;
    left += place + WARP_ROW;
    right += place + WARP_COL;
    UINT b[4][2];
#pragma unroll
    for (int j = 0; j < 4; j++) {
        b[j][0] = right[8 * j];
        b[j][1] = right[8 * j + 4 * PITCH];
    }
#pragma unroll
    for (int i = 0; i < 4; i++) {
        UINT a0 = left[16 * i], a1 = left[16 * i + 8], a2 = left[16 * i + 4 * PITCH], a3 = left[16 * i + 8 + 4 * PITCH];
#pragma unroll
        for (int j = 0; j < 4; j++)
            asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 "
                         "{%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
                         : "+f"(sums[2 * i][2 * j]), "+f"(sums[2 * i][2 * j + 1]), "+f"(sums[2 * i + 1][2 * j]),
                           "+f"(sums[2 * i + 1][2 * j + 1])
                         : "r"(a0), "r"(a1), "r"(a2), "r"(a3), "r"(b[j][0]), "r"(b[j][1]));
    }
}

/// As tiles.cl's, of numbers rounded to bfloat16: while some are multiplied the next are on their way, and go to the rooms' other halves.
INLINE void tensor_product(float sums[TILE][TILE], LOCAL UINT *left, LOCAL UINT *right, LONG m, LONG n, LONG k, LONG first_row,
                           LONG first_col, OPERAND(a), OPERAND(b)) {
    TensorOperand rows, cols;
    rows.begin(a + first_row * a_row, a_row, a_col, m - first_row);
    cols.begin(b + first_col * b_col, b_col, b_row, n - first_col);
    rows.fetch(k);
    cols.fetch(k);
    int half = 0;
    for (; k > 0; k -= 2 * PAIRS) {
        rows.store(left + half);
        cols.store(right + half);
        BARRIER();
        if (k > 2 * PAIRS) {
            rows.fetch(k - 2 * PAIRS);
            cols.fetch(k - 2 * PAIRS);
        }
        multiply_rooms(sums, left + half, right + half);
        half = PAIRS * PITCH - half;
    }
    BARRIER();
}
#define tile_product tensor_product
