// Checks and conversions of dense arrays.
#include <math.h>
#include <string.h>

#include "clones.h"
#include "ctext.h"

#define BLOCK 4096

/// All-ones exponent bits: an integer test, which no floating-point flag of the compiler can optimise away.
static inline int not_finite(uint32_t bits) { return (bits & 0x7f800000u) == 0x7f800000u; }

CT_CLONES size_t ct_first_not_finite(const float *values, size_t count) {
    for (size_t from = 0; from < count; from += BLOCK) {
        size_t to = count - from < BLOCK ? count : from + BLOCK;
        uint32_t any = 0, bits;
        for (size_t i = from; i < to; i++) {
            memcpy(&bits, values + i, 4);
            any |= not_finite(bits);
        }
        for (size_t i = from; any && i < to; i++) {
            memcpy(&bits, values + i, 4);
            if (not_finite(bits)) return i;
        }
    }
    return count;
}

CT_CLONES void ct_half_to_float(const uint16_t *from, size_t count, float *to) {
    for (size_t i = 0; i < count; i++) {
        _Float16 half;
        memcpy(&half, from + i, 2);
        to[i] = (float)half;
    }
}

CT_CLONES void ct_bfloat_to_float(const uint16_t *from, size_t count, float *to) {
    for (size_t i = 0; i < count; i++) {
        uint16_t upper;
        memcpy(&upper, from + i, 2);
        uint32_t bits = (uint32_t)upper << 16;
        memcpy(to + i, &bits, 4);
    }
}

CT_CLONES void ct_double_to_float(const double *from, size_t count, float *to) {
    for (size_t i = 0; i < count; i++) to[i] = (float)from[i];
}

void ct_transpose(const float *from, size_t rows, size_t cols, float *to) {
    enum { tile = 32 };
    for (size_t r0 = 0; r0 < rows; r0 += tile)
        for (size_t c0 = 0; c0 < cols; c0 += tile)
            for (size_t r = r0; r < rows && r < r0 + tile; r++)
                for (size_t c = c0; c < cols && c < c0 + tile; c++) to[r * cols + c] = from[c * rows + r];
}

void ct_swap_bytes(void *elements, size_t count, int size) {
    uint8_t *p = elements;
    for (size_t i = 0; i < count; i++, p += size)
        for (int b = 0; b < size / 2; b++) {
            uint8_t byte = p[b];
            p[b] = p[size - 1 - b];
            p[size - 1 - b] = byte;
        }
}

void ct_normalize_rows(const int64_t *starts, size_t first, size_t last, float *values) {
    for (size_t r = first; r < last; r++) {
        // In double: no square of a float overflows or vanishes there.
        double squares = 0;
        for (int64_t i = starts[r]; i < starts[r + 1]; i++) squares += (double)values[i] * values[i];
        double norm = sqrt(squares);
        if (norm > 0)
            for (int64_t i = starts[r]; i < starts[r + 1]; i++) values[i] = (float)(values[i] / norm);
    }
}
