// Tensor cores for kernel.h: PTX's mma.sync and the rounding to bfloat16, as functions that assembly.h calls. The 32 threads of a warp
// exchange what they hold as PTX ISA, "Matrix Fragments for mma.m16n8k16 with floating point type", deals it out.

extern "C" {
/// Waits until all threads of the warp are here; the stand-in of the driver writes it.
void (*standin_meet)();
}

/// Whole matrices of a warp; of the product before, too, whose last readers may still be there when the first goes on.
static struct {
    float a[16][16], b[8][16];
} standin_matrices[2];
static unsigned char standin_turn[1024];

static inline unsigned standin_bfloat(float x) {
    unsigned bits = __builtin_bit_cast(unsigned, x);
    return x != x ? 0x7FFF : (bits + 0x7FFF + (bits >> 16 & 1)) >> 16;
}
static inline float standin_float(unsigned half) { return __builtin_bit_cast(float, half << 16); }

/// The first number goes to the upper half.
static inline void standin_cvt_rn_bf16x2_f32(unsigned &pair, float high, float low) {
    pair = standin_bfloat(high) << 16 | standin_bfloat(low);
}

typedef float standin_eight __attribute__((vector_size(32), aligned(4)));

static inline float standin_sum(const float *a, const float *b, float c) {
    standin_eight s = *(const standin_eight *)a * *(const standin_eight *)b;
    s += *(const standin_eight *)(a + 8) * *(const standin_eight *)(b + 8);
    return c + (((s[0] + s[1]) + (s[2] + s[3])) + ((s[4] + s[5]) + (s[6] + s[7])));
}

static inline void standin_mma_sync_aligned_m16n8k16_row_col_f32_bf16_bf16_f32(float &d0, float &d1, float &d2, float &d3,
                                                                               unsigned a0, unsigned a1, unsigned a2,
                                                                               unsigned a3, unsigned b0, unsigned b1, float c0,
                                                                               float c1, float c2, float c3) {
    unsigned item = (threadIdx.z * blockDim.y + threadIdx.y) * blockDim.x + threadIdx.x, group = item % 32 / 4, own = item % 4;
    auto &matrices = standin_matrices[standin_turn[item] ^= 1];
    unsigned a[4] = {a0, a1, a2, a3}, b[2] = {b0, b1};
    for (unsigned i = 0; i < 8; i++) {
        // a_i, two a register: rows 8 further for i = 2, 3, 6, 7, columns 8 further from i = 4 on.
        unsigned row = group + (i / 2 % 2 ? 8 : 0), col = own * 2 + i % 2 + (i >= 4 ? 8 : 0);
        matrices.a[row][col] = standin_float(i % 2 ? a[i / 2] >> 16 : a[i / 2] & 0xFFFF);
    }
    for (unsigned i = 0; i < 4; i++) {
        unsigned row = own * 2 + i % 2 + (i >= 2 ? 8 : 0);
        matrices.b[group][row] = standin_float(i % 2 ? b[i / 2] >> 16 : b[i / 2] & 0xFFFF);
    }
    standin_meet();
    unsigned col = own * 2;
    d0 = standin_sum(matrices.a[group], matrices.b[col], c0);
    d1 = standin_sum(matrices.a[group], matrices.b[col + 1], c1);
    d2 = standin_sum(matrices.a[group + 8], matrices.b[col], c2);
    d3 = standin_sum(matrices.a[group + 8], matrices.b[col + 1], c3);
}
