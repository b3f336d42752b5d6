// Philox (include/philox.h) on sixteen counters side by side, which the compiler turns into vectors: the same numbers.
#ifndef DEEPXML_PHILOX_LANES_H
#define DEEPXML_PHILOX_LANES_H
#include "kernels.h"
#include "vector.h"

#define LANES 16

/// The four words each of the blocks first_block ..< first_block + LANES of row `row` of the stream.
DX_INLINE void philox_lanes(dx_stream s, uint32_t row, uint32_t first_block, uint32_t words[4 * LANES]) {
    uint32_t c0[LANES], c1[LANES], c2[LANES], c3[LANES], k0 = s.key0, k1 = s.key1;
    for (uint32_t i = 0; i < LANES; i++) {
        c0[i] = first_block + i;
        c1[i] = row;
        c2[i] = s.moment;
        c3[i] = s.purpose;
    }
    for (int round = 0; round < 10; round++) {
        for (int i = 0; i < LANES; i++) {
            uint64_t p0 = (uint64_t)0xD2511F53u * c0[i], p1 = (uint64_t)0xCD9E8D57u * c2[i];
            uint32_t n0 = (uint32_t)(p1 >> 32) ^ c1[i] ^ k0, n2 = (uint32_t)(p0 >> 32) ^ c3[i] ^ k1;
            c1[i] = (uint32_t)p1;
            c3[i] = (uint32_t)p0;
            c0[i] = n0;
            c2[i] = n2;
        }
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
    for (int i = 0; i < LANES; i++) {
        words[4 * i] = c0[i];
        words[4 * i + 1] = c1[i];
        words[4 * i + 2] = c2[i];
        words[4 * i + 3] = c3[i];
    }
}

/// The same as 16-bit draws, eight a block.
DX_INLINE void philox_bits(dx_stream s, uint32_t row, uint32_t first_block, uint16_t bits[8 * LANES]) {
    uint32_t words[4 * LANES];
    philox_lanes(s, row, first_block, words);
    memcpy(bits, words, sizeof words);
}
#endif
