// Reading data sets: XC text, and checks and conversions of dense arrays.
#ifndef DEEPXML_CTEXT_H
#define DEEPXML_CTEXT_H
#include <stddef.h>
#include <stdint.h>

/// What the parser refuses. The order is part of the interface: XCTextFailure.swift names each.
enum {
    CT_OK = 0,
    CT_NO_INDEX = 1,       // an index was expected, something else stands there
    CT_NO_COLON = 2,       // the index isn't followed by ':'
    CT_INDEX_RANGE = 3,    // index >= cols
    CT_INDEX_REPEATED = 4, // index equal to the one before it
    CT_INDEX_UNSORTED = 5, // index below the one before it
    CT_NO_NUMBER = 6,      // the value isn't a decimal number
    CT_NOT_FINITE = 7,     // nan, inf, or beyond the range of a float
    CT_NEGATIVE = 8,
    CT_TOO_LONG = 9,  // a number of more than CT_LONGEST_NUMBER characters
    CT_NO_LABEL = 10, // the list of labels of a one-file row isn't `l1,l2`
};
#define CT_LONGEST_NUMBER 512

/// What a row may hold beside `index:value` with ascending indices and values of 0 or more.
enum {
    CT_ANY_SIGN = 1,
    CT_ANY_ORDER = 2,   // a sequence: indices in any order, repeated, entries of value 0 kept
    CT_ONE_FILE = 4,    // the row starts with labels `l1,l2`, or with a blank where it has none: passed over
    CT_LABELS_ONLY = 8, // with CT_ONE_FILE: the labels are kept, in any order, and the rest is passed over
};

/// How far the parser came.
typedef struct {
    size_t rows;       // whole rows read
    size_t entries;    // entries written: those with a value above zero
    size_t error_at;   // byte of the refused index or value
    size_t line_start; // byte where its line starts
    int32_t error;     // CT_…
} ct_text_result;

/// Counts the line feeds and the separators of `length` bytes.
void ct_text_count(const char *text, size_t length, char separator, size_t *newlines, size_t *separators);

/// Parses rows `index:value index:value …`. `text[length - 1]` must be a line feed (length > 0).
///
/// Writes the column and the value of each entry that isn't zero (`values` may be NULL: checked, not kept) and, for
/// row r, row_ends[r] = entries written up to its end. Stops at the first error. `indices` and `values` need room for
/// min(colons, (length + 1) / 4) entries: no valid text of that length holds more (with CT_LABELS_ONLY: for
/// commas + rows). `flags`: CT_ANY_SIGN ….
void ct_text_parse(const char *text, size_t length, size_t cols, int32_t flags, int32_t *indices, float *values,
                   int64_t *row_ends, ct_text_result *result);

/// The float nearest to the decimal number in text[0 ..< length], as the parser reads it; CT_… code.
int32_t ct_text_number(const char *text, size_t length, float *value);

/// Index of the first NaN or infinity, or `count`.
size_t ct_first_not_finite(const float *values, size_t count);

/// Widens half precision.
void ct_half_to_float(const uint16_t *from, size_t count, float *to);

/// Widens bfloat16, the upper half of a float.
void ct_bfloat_to_float(const uint16_t *from, size_t count, float *to);

/// Rounds double precision; infinity where a double is too large.
void ct_double_to_float(const double *from, size_t count, float *to);

/// to[r * cols + c] = from[c * rows + r]
void ct_transpose(const float *from, size_t rows, size_t cols, float *to);

/// In-place byte swap of `count` elements of `size` bytes (2, 4 or 8).
void ct_swap_bytes(void *elements, size_t count, int size);

/// Divides values[starts[r] ..< starts[r + 1]] by its l2 norm, for rows first ..< last; rows of zeros stay.
void ct_normalize_rows(const int64_t *starts, size_t first, size_t last, float *values);
#endif
