// One time step of the recurrent layers, forward and backward: what is done between the matrix products.
#include "activation.h"
#include "kernels.h"
#include "vector.h"
#pragma clang fp contract(fast)

DX_CLONES void dx_rnn_forward(size_t rows, size_t hidden, float *gates, size_t ldg, const float *bias_x, const float *bias_h,
                              float *h, size_t ldh) {
    for (size_t r = 0; r < rows; r++)
        for (size_t j = 0; j < hidden; j++)
            h[r * ldh + j] = gates[r * ldg + j] = tanh_of(gates[r * ldg + j] + bias_x[j] + bias_h[j]);
}

DX_CLONES void dx_lstm_forward(size_t rows, size_t carried, size_t hidden, float *gates, size_t ldg, const float *bias_x,
                               const float *bias_h, const float *c_before, float *c, float *h, size_t ldh) {
    for (size_t r = 0; r < rows; r++) {
        float *restrict in = gates + r * ldg, *restrict forget = in + hidden, *restrict cell = forget + hidden;
        float *restrict out = cell + hidden, *restrict to = c + r * hidden, *restrict state = h + r * ldh;
        int has = r < carried;
        const float *restrict before = has ? c_before + r * hidden : NULL;
        const float *restrict bx = bias_x, *restrict bh = bias_h;
        for (size_t j = 0; j < hidden; j++) {
            in[j] = sigmoid(in[j] + bx[j] + bh[j]);
            forget[j] = sigmoid(forget[j] + bx[hidden + j] + bh[hidden + j]);
            cell[j] = tanh_of(cell[j] + bx[2 * hidden + j] + bh[2 * hidden + j]);
            out[j] = sigmoid(out[j] + bx[3 * hidden + j] + bh[3 * hidden + j]);
        }
        if (has)
            for (size_t j = 0; j < hidden; j++) to[j] = forget[j] * before[j] + in[j] * cell[j];
        else
            for (size_t j = 0; j < hidden; j++) to[j] = in[j] * cell[j];
        for (size_t j = 0; j < hidden; j++) state[j] = out[j] * tanh_of(to[j]);
    }
}

DX_CLONES void dx_gru_forward(size_t rows, size_t carried, size_t hidden, float *gates, float *recurrent, size_t ldg,
                              const float *bias_x, const float *bias_h, const float *h_before, size_t ldb, float *h,
                              size_t ldh) {
    for (size_t r = 0; r < rows; r++) {
        float *restrict reset = gates + r * ldg, *restrict update = reset + hidden, *restrict fresh = update + hidden;
        float *restrict product = recurrent + r * ldg, *restrict state = h + r * ldh;
        const float *restrict bx = bias_x, *restrict bh = bias_h, *restrict before = h_before + r * ldb;
        if (r >= carried) memset(product, 0, 3 * hidden * sizeof(float));
        for (size_t j = 0; j < hidden; j++) {
            size_t z = hidden + j, n = 2 * hidden + j;
            reset[j] = sigmoid(reset[j] + product[j] + bx[j] + bh[j]);
            update[j] = sigmoid(update[j] + product[z] + bx[z] + bh[z]);
            product[n] += bh[n];
            fresh[j] = tanh_of(fresh[j] + bx[n] + reset[j] * product[n]);
            state[j] = (1.0f - update[j]) * fresh[j];
        }
        if (r < carried)
            for (size_t j = 0; j < hidden; j++) state[j] += update[j] * before[j];
    }
}

DX_CLONES void dx_rnn_backward(size_t rows, size_t hidden, float *gates, size_t ldg, const float *dh, size_t ldh) {
    for (size_t r = 0; r < rows; r++)
        for (size_t j = 0; j < hidden; j++) {
            float h = gates[r * ldg + j];
            gates[r * ldg + j] = dh[r * ldh + j] * (1.0f - h * h);
        }
}

DX_CLONES void dx_lstm_backward(size_t rows, size_t carried, size_t hidden, float *gates, size_t ldg, const float *c_before,
                                const float *c, const float *dh, size_t ldh, const float *dc, float *dc_before) {
    for (size_t r = 0; r < rows; r++) {
        float *restrict in = gates + r * ldg, *restrict forget = in + hidden, *restrict cell = forget + hidden;
        float *restrict out = cell + hidden;
        const float *restrict at = c + r * hidden, *restrict from = dh + r * ldh, *restrict carry = dc + r * hidden;
        int has = r < carried;
        for (size_t j = 0; j < hidden; j++) {
            float i = in[j], f = forget[j], g = cell[j], o = out[j], t = tanh_of(at[j]);
            float d = carry[j] + from[j] * o * (1.0f - t * t);
            if (has) dc_before[r * hidden + j] = d * f;
            in[j] = d * g * i * (1.0f - i);
            forget[j] = has ? d * c_before[r * hidden + j] * f * (1.0f - f) : 0.0f;
            cell[j] = d * i * (1.0f - g * g);
            out[j] = from[j] * t * o * (1.0f - o);
        }
    }
}

DX_CLONES void dx_gru_backward(size_t rows, size_t carried, size_t hidden, float *gates, float *recurrent, size_t ldg,
                               const float *h_before, size_t ldb, const float *dh, float *dh_before, size_t ldh) {
    for (size_t r = 0; r < rows; r++) {
        float *restrict reset = gates + r * ldg, *restrict update = reset + hidden, *restrict fresh = update + hidden;
        float *restrict product = recurrent + r * ldg;
        const float *restrict from = dh + r * ldh;
        int has = r < carried;
        for (size_t j = 0; j < hidden; j++) {
            float g = from[j], s = reset[j], z = update[j], n = fresh[j], before = has ? h_before[r * ldb + j] : 0.0f;
            if (has) dh_before[r * ldh + j] += g * z;
            float dn = g * (1.0f - z) * (1.0f - n * n);
            float dr = dn * product[2 * hidden + j] * s * (1.0f - s), dz = g * (before - n) * z * (1.0f - z);
            reset[j] = product[j] = dr;
            update[j] = product[hidden + j] = dz;
            fresh[j] = dn;
            product[2 * hidden + j] = dn * s;
        }
    }
}
