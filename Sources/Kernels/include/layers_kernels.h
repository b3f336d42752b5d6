// Layers of the general encoders. Matrices are row-major; "ld" is the distance between rows. Each output row depends only on
// its input row (batch normalisation in training excepted).
#ifndef DEEPXML_LAYERS_KERNELS_H
#define DEEPXML_LAYERS_KERNELS_H
#include <stddef.h>
#include <stdint.h>

#include "training_kernels.h"

/// Floats that `dx_gemm_pack` writes.
size_t dx_gemm_packed_size(size_t n, size_t k);

/// Lays out the right operand of `dx_gemm` (k x n, entry (i, j) at b[i * b_row + j * b_col]) once for many products.
void dx_gemm_pack(size_t n, size_t k, const float *b, size_t b_row, size_t b_col, float *packed);

/// Floats that `dx_gemm_packed` works in.
size_t dx_gemm_left_workspace(size_t m, size_t k);

/// `dx_gemm` with a right operand that `dx_gemm_pack` has laid out: the same bits.
void dx_gemm_packed(size_t m, size_t n, size_t k, const float *a, size_t a_row, size_t a_col, const float *right, float *c,
                    size_t ldc, int accumulate, float *workspace);

/// In place: x = dropout(x), or dropout(ReLU(x)). Kept with probability keep (quantised to 1/65536) and scaled by 1/keep.
/// Column c of row r draws from (stream, id[r], position[r] * ld + c); position NULL: all 0; ld a multiple of 8. keep >= 1:
/// nothing is drawn. Dropout is linear: applied to the gradient, without ReLU, this is its own backward pass.
void dx_dropout(float *x, size_t rows, size_t cols, size_t ld, const int32_t *ids, const int32_t *positions, dx_stream stream,
                float keep, int relu);

/// out[r] = the sum of the row's vectors x[starts[r] ..< starts[r + 1]], each times its weight (NULL: 1); of `mean`, divided
/// by their number. A row without vectors is zero.
void dx_reduce_tokens(const float *x, size_t ld, const int64_t *starts, size_t rows, const float *weights, int mean,
                      size_t cols, float *out, size_t ldo);

/// The gradient of x from that of out.
void dx_reduce_tokens_backward(const float *g, size_t ldo, const int64_t *starts, size_t rows, const float *weights, int mean,
                               size_t cols, float *dx, size_t ld);

/// Element-wise functions.
enum { DX_RELU = 0, DX_SIGMOID = 1, DX_TANH = 2, DX_GELU = 3 };

/// out[i] = f(x[i]), f being `which` (DX_RELU …).
void dx_activation(int which, const float *x, float *out, size_t count);

/// g *= f'(x), given x and out = f(x).
void dx_activation_backward(int which, float *g, const float *x, const float *out, size_t count);

/// The mean of each column, and the sum of squares around it. rows > 0.
void dx_column_moments(const float *x, size_t rows, size_t cols, size_t ld, float *mean, float *squares);

/// out = (x - mean) * inverse, column by column.
void dx_standardise(const float *x, size_t rows, size_t cols, size_t ld, const float *mean, const float *inverse, float *out);

/// out = weight * x + bias, column by column.
void dx_scale_shift(const float *x, size_t rows, size_t cols, size_t ld, const float *weight, const float *bias, float *out);

/// sums[c] = sum over rows of a[r, c] * b[r, c]
void dx_column_products(const float *a, const float *b, size_t rows, size_t cols, size_t ld, float *sums);

/// Batch normalisation's gradient of x: inverse * weight / rows * (rows * g - sum(g) - standard * sum(g * standard)).
void dx_batch_norm_backward(float *g, const float *standard, size_t rows, size_t cols, size_t ld, const float *weight,
                            const float *inverse, const float *sum_g, const float *sum_gx);

/// One time step of a recurrent layer for `rows` sequences: gates + bias_x + bias_h -> tanh -> h.
///
/// In all of these, the first `carried` sequences have a state before the step (the others' is zero). Gates are rows x ldg, in
/// torch's order, `hidden` columns each; on entry the products with the weights, on return the gates themselves. h: rows x
/// ldh, c: rows x hidden.
void dx_rnn_forward(size_t rows, size_t hidden, float *gates, size_t ldg, const float *bias_x, const float *bias_h, float *h,
                    size_t ldh);

/// The same for LSTM. i, f, g, o; c = f c' + i g; h = o tanh(c).
void dx_lstm_forward(size_t rows, size_t carried, size_t hidden, float *gates, size_t ldg, const float *bias_x,
                     const float *bias_h, const float *c_before, float *c, float *h, size_t ldh);

/// The same for GRU. r, z, n; n = tanh(gates_n + bias_x + r (recurrent_n + bias_h)); h = (1 - z) n + z h'. `recurrent`:
/// products with the state (rows from `carried` on may hold anything); on return its n part is recurrent_n + bias_h.
/// h_before: carried x ldb.
void dx_gru_forward(size_t rows, size_t carried, size_t hidden, float *gates, float *recurrent, size_t ldg, const float *bias_x,
                    const float *bias_h, const float *h_before, size_t ldb, float *h, size_t ldh);

/// `dx_rnn_forward` backward: from dh the gradients before the gates' functions, in place of the gates.
void dx_rnn_backward(size_t rows, size_t hidden, float *gates, size_t ldg, const float *dh, size_t ldh);

/// The same for LSTM, from dh and dc (rows x hidden); what goes to the step before it directly is put in dc_before.
void dx_lstm_backward(size_t rows, size_t carried, size_t hidden, float *gates, size_t ldg, const float *c_before,
                      const float *c, const float *dh, size_t ldh, const float *dc, float *dc_before);

/// The same for GRU; what goes to the step before it directly is added to dh_before.
void dx_gru_backward(size_t rows, size_t carried, size_t hidden, float *gates, float *recurrent, size_t ldg,
                     const float *h_before, size_t ldb, const float *dh, float *dh_before, size_t ldh);

/// The windows of `size` vectors around each vector of a sequence, zeros beyond its ends: windows[i, j * cols + c] =
/// x[i + j - left, c], left = (size - 1) / 2. windows: rows of size * cols.
void dx_windows(const float *x, size_t ld, size_t length, size_t cols, size_t size, float *windows);

/// The gradient of x from that of the windows, added to dx.
void dx_windows_backward(const float *g, size_t length, size_t cols, size_t size, float *dx, size_t ld);

/// Dynamic max pooling: out[f * chunks + j] = max(0, the largest of x[i, f] + bias[f] for i in chunk j), chunk j being
/// [floor(j length / chunks), ceil((j + 1) length / chunks)); at[f * chunks + j] = its first i, or -1 where the maximum is
/// not above 0.
void dx_chunk_max(const float *x, size_t ld, size_t length, size_t filters, size_t chunks, const float *bias, float *out,
                  int32_t *at);

/// The gradient of x from that of out; dx (length x ld) is overwritten.
void dx_chunk_max_backward(const float *g, const int32_t *at, size_t length, size_t filters, size_t chunks, float *dx,
                           size_t ld);

/// Attention pooling of one row's vectors, head by head: shares[t, h] = the softmax over t of q . x[t] / sqrt(dims), both of head
/// h's columns; out = the sum of the vectors, each times its share. length > 0; shares: length x heads; out: heads * dims floats.
void dx_attention_pool(const float *x, size_t ld, size_t length, size_t heads, size_t dims, const float *query, float *shares,
                       float *out);

/// The gradient of x (overwritten) and of the query (added to dquery) from that of out.
void dx_attention_pool_backward(const float *g, const float *x, size_t ld, size_t length, size_t heads, size_t dims,
                                const float *query, const float *shares, float *dx, size_t ldd, float *dquery);

/// The maximum of each column of one row's vectors, and the first vector that has it. length > 0.
void dx_column_max(const float *x, size_t ld, size_t length, size_t cols, float *out, int32_t *at);

/// The gradient of x from that of out; dx (length x ld) is overwritten.
void dx_column_max_backward(const float *g, const int32_t *at, size_t length, size_t cols, float *dx, size_t ld);

/// out[c, r] = x[r, c].
void dx_turn(const float *x, size_t ld, size_t rows, size_t cols, float *out, size_t ldo);
#endif
