// XC text: `index:value index:value …`, a row a line.
//
// Digits are read eight at a time (Lemire & Muła's "SWAR" trick), so that the branches don't depend on how many
// digits a number has. Little-endian machines only, as all of the binary formats of this program.
#define _GNU_SOURCE // strtof_l
#include <float.h>
#include <locale.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "clones.h"
#include "ctext.h"

CT_CLONES void ct_text_count(const char *text, size_t length, char separator, size_t *newlines, size_t *separators) {
    size_t lines = 0, entries = 0;
    for (size_t from = 0; from < length; from += 4096) {
        size_t to = length - from < 4096 ? length : from + 4096;
        // Sixteen-bit sums of one block can't overflow, and are cheap to widen once a block.
        uint16_t l = 0, e = 0;
        for (size_t i = from; i < to; i++) {
            l += text[i] == '\n';
            e += text[i] == separator;
        }
        lines += l;
        entries += e;
    }
    *newlines = lines;
    *separators = entries;
}

static const double POW10[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                               1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
static const uint64_t POW10_INT[] = {1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000};

static inline int is_digit(char c) { return (unsigned char)(c - '0') <= 9; }
static inline int ends_number(char c) { return c == ' ' || c == '\n' || c == '\t' || c == '\r'; }

typedef struct {
    uint64_t value; // wraps beyond 19 digits: the caller looks at `digits`
    size_t digits;
} digit_run;

/// The value of the first n (1…8) digits of a word: they are moved to its end, and zeros come in before them.
static inline uint64_t eight_digits(uint64_t word, int n) {
    word <<= 64 - 8 * n;
    word = (word & 0x0f0f0f0f0f0f0f0fULL) * 2561 >> 8;
    word = (word & 0x00ff00ff00ff00ffULL) * 6553601 >> 16;
    return (word & 0x0000ffff0000ffffULL) * 42949672960001ULL >> 32;
}

/// Reads the digits at *p and moves *p past them. A byte that is no digit must stand before `end`.
static inline digit_run read_digits(const char **p, const char *end) {
    digit_run run = {0, 0};
    const char *start = *p, *at = start;
    if (end - at >= 8) {
        uint64_t word;
        memcpy(&word, at, 8);
        // High bit of each byte that isn't '0'…'9': not 3x, or its low half over 9 (no carry leaves a byte).
        uint64_t low = word ^ 0x3030303030303030ULL;
        uint64_t other = (((low & 0x7f7f7f7f7f7f7f7fULL) + 0x7676767676767676ULL) | low) & 0x8080808080808080ULL;
        int n = other ? __builtin_ctzll(other) >> 3 : 8;
        if (n == 0) return run;
        run.value = eight_digits(word, n);
        at += n;
        if (n < 8) {
            run.digits = (size_t)n;
            *p = at;
            return run;
        }
    }
    for (; is_digit(*at); at++) run.value = run.value * 10 + (uint64_t)(*at - '0');
    run.digits = (size_t)(at - start);
    *p = at;
    return run;
}

/// m·10^e as a float, where one rounding to double decides it: m < 2^53 and |e| <= 22 make the double correctly rounded
/// (Clinger 1990), and rounding it again is right unless it is exactly half-way between two floats.
static inline int from_double(uint64_t m, int32_t e, float *value) {
    if (m >> 53 || e < -22 || e > 22) return 0;
    double d = e < 0 ? (double)m / POW10[-e] : (double)m * POW10[e];
    uint64_t bits;
    memcpy(&bits, &d, 8);
    if ((bits & 0x1fffffffULL) == 0x10000000ULL || d < FLT_MIN || d > FLT_MAX) return 0;
    *value = (float)d;
    return 1;
}

/// The same with the 64-bit mantissa of x87's long double, for 16 to 19 digits.
static int from_long_double(uint64_t m, int32_t e, float *value) {
#if defined(__x86_64__) && LDBL_MANT_DIG == 64
    if (e < -22 || e > 22) return 0;
    long double x = e < 0 ? (long double)m / POW10[-e] : (long double)m * POW10[e];
    uint64_t mantissa;
    memcpy(&mantissa, &x, 8);
    if ((mantissa & 0xffffffffffULL) == 0x8000000000ULL || x < FLT_MIN || x > FLT_MAX) return 0;
    *value = (float)x;
    return 1;
#else
    (void)m, (void)e, (void)value;
    return 0;
#endif
}

static locale_t c_locale;
static pthread_once_t c_locale_once = PTHREAD_ONCE_INIT;
static void make_c_locale(void) { c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0); }

/// The general case, by the C library, in a locale whose decimal mark is a full stop.
static float from_library(const char *text, size_t length) {
    char copy[CT_LONGEST_NUMBER + 1];
    memcpy(copy, text, length);
    copy[length] = 0;
    pthread_once(&c_locale_once, make_c_locale);
    return c_locale ? strtof_l(copy, NULL, c_locale) : strtof(copy, NULL);
}

static int names_not_finite(const char *text, size_t length) {
    static const char *const names[] = {"nan", "inf", "infinity"};
    if (length && (*text == '+' || *text == '-')) text++, length--;
    for (size_t i = 0; i < 3; i++)
        if (strlen(names[i]) == length && strncasecmp(text, names[i], length) == 0) return 1;
    return 0;
}

typedef struct {
    uint64_t mantissa;
    int32_t exponent; // of ten
    size_t digits;    // of the mantissa, leading zeros not counted
    int negative;
} decimal;

/// Splits [+-]digits[.digits][e[+-]digits]; 0 where the text isn't of that form.
static int split_decimal(const char *p, const char *end, decimal *out) {
    decimal d = {0, 0, 0, 0};
    if (p < end && (*p == '+' || *p == '-')) d.negative = *p++ == '-';
    int any = 0, fraction = 0;
    for (; p < end && (is_digit(*p) || (*p == '.' && !fraction)); p++) {
        if (*p == '.') {
            fraction = 1;
            continue;
        }
        any = 1;
        d.exponent -= fraction;
        if (d.digits || *p != '0') d.digits++;
        d.mantissa = d.mantissa * 10 + (uint64_t)(*p - '0');
    }
    if (!any) return 0;
    if (p < end && (*p == 'e' || *p == 'E')) {
        int32_t sign = 1, e = 0;
        if (++p < end && (*p == '+' || *p == '-')) sign = *p++ == '-' ? -1 : 1;
        if (p == end || !is_digit(*p)) return 0;
        for (; p < end && is_digit(*p); p++) e = e < 100000 ? e * 10 + (*p - '0') : e;
        d.exponent += sign * e;
    }
    *out = d;
    return p == end;
}

static int32_t read_number(const char *text, size_t length, int any_sign, float *value) {
    *value = 0;
    if (length > CT_LONGEST_NUMBER) return CT_TOO_LONG;
    if (names_not_finite(text, length)) return CT_NOT_FINITE;
    decimal d;
    if (!split_decimal(text, text + length, &d)) return CT_NO_NUMBER;
    if (d.digits == 0) return CT_OK;
    if (d.negative && !any_sign) return CT_NEGATIVE;
    if (d.digits > 19 || !(from_double(d.mantissa, d.exponent, value) || from_long_double(d.mantissa, d.exponent, value)))
        *value = fabsf(from_library(text, length));
    if (!(*value <= FLT_MAX)) return CT_NOT_FINITE;
    if (d.negative) *value = -*value;
    return CT_OK;
}

int32_t ct_text_number(const char *text, size_t length, float *value) { return read_number(text, length, 0, value); }

/// A value that isn't plain `digits[.digits]` of at most 16 digits.
static __attribute__((noinline)) int32_t read_unusual(const char **p, int any_sign, float *value) {
    const char *end = *p;
    while (!ends_number(*end)) end++;
    int32_t error = read_number(*p, (size_t)(end - *p), any_sign, value);
    if (!error) *p = end;
    return error;
}

static inline int32_t read_value(const char **p, const char *end, int any_sign, float *value) {
    const char *at = *p;
    digit_run whole = read_digits(&at, end), fraction = {0, 0};
    if (*at == '.') {
        at++;
        fraction = read_digits(&at, end);
    }
    // Zero too goes the slow way: it is rare, and from_double refuses it as it does the subnormals.
    if (whole.digits > 8 || fraction.digits > 8 || !ends_number(*at) || whole.digits + fraction.digits == 0 ||
        !from_double(whole.value * POW10_INT[fraction.digits] + fraction.value, -(int32_t)fraction.digits, value))
        return read_unusual(p, any_sign, value);
    *p = at;
    return CT_OK;
}

/// Reads `index:` of a row whose index before was `last`; -1 in a row of any order.
static inline int32_t read_index(const char **p, const char *end, size_t cols, ptrdiff_t last, ptrdiff_t *index) {
    digit_run run = read_digits(p, end);
    if (run.digits == 0) return CT_NO_INDEX;
    if (**p != ':') return CT_NO_COLON;
    *p += 1;
    if (run.digits > 18 || run.value >= cols) return CT_INDEX_RANGE;
    *index = (ptrdiff_t)run.value;
    if (*index <= last) return *index == last ? CT_INDEX_REPEATED : CT_INDEX_UNSORTED;
    return CT_OK;
}

/// Reads the labels `l1,l2` before a row's entries, into `labels` where that isn't NULL; moves *p past them.
/// A row of none starts with a blank, or, as some files have it, with its first entry.
static int32_t read_labels(const char **p, const char *end, size_t cols, int32_t *labels, size_t *count, const char **token) {
    const char *at = *p;
    if (ends_number(*at)) return CT_OK;
    *token = at;
    read_digits(&at, end);
    if (*at == ':') return CT_OK;
    for (at = *p;; at++) {
        *token = at;
        digit_run run = read_digits(&at, end);
        if (run.digits == 0 || !(*at == ',' || ends_number(*at))) return CT_NO_LABEL;
        if (labels) {
            if (run.digits > 18 || run.value >= cols) return CT_INDEX_RANGE;
            labels[(*count)++] = (int32_t)run.value;
        }
        if (*at != ',') break;
    }
    *p = at;
    return CT_OK;
}

static inline int at_line_end(const char *p) { return *p == '\n' || (*p == '\r' && p[1] == '\n'); }

void ct_text_parse(const char *text, size_t length, size_t cols, int32_t flags, int32_t *indices, float *values,
                   int64_t *row_ends, ct_text_result *result) {
    const char *p = text, *end = text + length, *line = p, *token = p;
    const int any_sign = flags & CT_ANY_SIGN, any_order = flags & CT_ANY_ORDER;
    const int labels_only = flags & CT_LABELS_ONLY;
    size_t entries = 0, rows = 0;
    int32_t error = CT_OK;
    while (p < end && !error) {
        line = p;
        if (flags & CT_ONE_FILE) {
            if ((error = read_labels(&p, end, cols, labels_only ? indices : NULL, &entries, &token))) break;
            if (labels_only) p = memchr(p, '\n', (size_t)(end - p));
        }
        for (ptrdiff_t last = -1;;) {
            while (*p == ' ' || *p == '\t') p++;
            token = p;
            // The last byte is a line feed, so one may look at the byte after a carriage return.
            if (at_line_end(p)) {
                p += *p == '\r' ? 2 : 1;
                row_ends[rows++] = (int64_t)entries;
                break;
            }
            if ((error = read_index(&p, end, cols, any_order ? -1 : last, &last))) break;
            token = p;
            float value;
            if ((error = read_value(&p, end, any_sign, &value))) break;
            if (value != 0 || any_order) {
                indices[entries] = (int32_t)last;
                if (values) values[entries] = value;
                entries++;
            }
        }
    }
    *result = (ct_text_result){rows, entries, (size_t)(token - text), (size_t)(line - text), error};
}
