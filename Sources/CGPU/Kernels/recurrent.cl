// One time step of a recurrent layer, between its products: hidden units on axis 0, sequences on axis 1. The first `carried` sequences
// have a state before the step.

KERNEL rnn_forward(LONG rows, LONG hidden, MATRIX(gates), GLOBAL const float *bias_x, LONG bias_x_at, GLOBAL const float *bias_h,
                   LONG bias_h_at, MATRIX(h)) {
    LONG j = global_id(0);
    if (j >= hidden) return;
    FOR_ROWS(r, rows) {
        float state = tanh_of(AT(gates, r, j) + bias_x[bias_x_at + j] + bias_h[bias_h_at + j]);
        AT(gates, r, j) = state;
        AT(h, r, j) = state;
    }
}

KERNEL lstm_forward(LONG rows, LONG carried, LONG hidden, MATRIX(gates), GLOBAL const float *bias_x, LONG bias_x_at,
                    GLOBAL const float *bias_h, LONG bias_h_at, GLOBAL const float *before, LONG before_at, GLOBAL float *cells,
                    LONG cells_at, MATRIX(h)) {
    LONG j = global_id(0);
    if (j >= hidden) return;
    bias_x += bias_x_at + j;
    bias_h += bias_h_at + j;
    FOR_ROWS(r, rows) {
        float in = sigmoid_of(AT(gates, r, j) + bias_x[0] + bias_h[0]);
        float forget = sigmoid_of(AT(gates, r, hidden + j) + bias_x[hidden] + bias_h[hidden]);
        float cell = tanh_of(AT(gates, r, 2 * hidden + j) + bias_x[2 * hidden] + bias_h[2 * hidden]);
        float out = sigmoid_of(AT(gates, r, 3 * hidden + j) + bias_x[3 * hidden] + bias_h[3 * hidden]);
        float state = in * cell;
        if (r < carried) state = FMA(forget, before[before_at + r * hidden + j], state);
        AT(gates, r, j) = in;
        AT(gates, r, hidden + j) = forget;
        AT(gates, r, 2 * hidden + j) = cell;
        AT(gates, r, 3 * hidden + j) = out;
        cells[cells_at + r * hidden + j] = state;
        AT(h, r, j) = out * tanh_of(state);
    }
}

KERNEL gru_forward(LONG rows, LONG carried, LONG hidden, MATRIX(gates), MATRIX(recurrent), GLOBAL const float *bias_x,
                   LONG bias_x_at, GLOBAL const float *bias_h, LONG bias_h_at, MATRIX(before), MATRIX(h)) {
    LONG j = global_id(0);
    if (j >= hidden) return;
    bias_x += bias_x_at + j;
    bias_h += bias_h_at + j;
    FOR_ROWS(r, rows) {
        bool has = r < carried;
        float product0 = has ? AT(recurrent, r, j) : 0.0f, product1 = has ? AT(recurrent, r, hidden + j) : 0.0f;
        float product2 = has ? AT(recurrent, r, 2 * hidden + j) : 0.0f;
        float reset = sigmoid_of(AT(gates, r, j) + product0 + bias_x[0] + bias_h[0]);
        float update = sigmoid_of(AT(gates, r, hidden + j) + product1 + bias_x[hidden] + bias_h[hidden]);
        product2 = product2 + bias_h[2 * hidden];
        float fresh = tanh_of(FMA(reset, product2, AT(gates, r, 2 * hidden + j) + bias_x[2 * hidden]));
        float state = (1.0f - update) * fresh;
        if (has) state = FMA(update, AT(before, r, j), state);
        if (!has) {
            AT(recurrent, r, j) = 0;
            AT(recurrent, r, hidden + j) = 0;
        }
        AT(recurrent, r, 2 * hidden + j) = product2;
        AT(gates, r, j) = reset;
        AT(gates, r, hidden + j) = update;
        AT(gates, r, 2 * hidden + j) = fresh;
        AT(h, r, j) = state;
    }
}

KERNEL rnn_backward(LONG rows, LONG hidden, MATRIX(gates), READ_MATRIX(dh)) {
    LONG j = global_id(0);
    if (j >= hidden) return;
    FOR_ROWS(r, rows) {
        float h = AT(gates, r, j);
        AT(gates, r, j) = AT(dh, r, j) * FMA(-h, h, 1.0f);
    }
}

KERNEL lstm_backward(LONG rows, LONG carried, LONG hidden, MATRIX(gates), GLOBAL const float *before, LONG before_at,
                     GLOBAL const float *cells, LONG cells_at, READ_MATRIX(dh), GLOBAL const float *dc, LONG dc_at,
                     GLOBAL float *dc_before, LONG dc_before_at) {
    LONG j = global_id(0);
    if (j >= hidden) return;
    FOR_ROWS(r, rows) {
        bool has = r < carried;
        float i = AT(gates, r, j), f = AT(gates, r, hidden + j), g = AT(gates, r, 2 * hidden + j);
        float o = AT(gates, r, 3 * hidden + j), t = tanh_of(cells[cells_at + r * hidden + j]), from = AT(dh, r, j);
        float d = FMA(from * o, FMA(-t, t, 1.0f), dc[dc_at + r * hidden + j]);
        if (has) dc_before[dc_before_at + r * hidden + j] = d * f;
        AT(gates, r, j) = d * g * i * (1.0f - i);
        AT(gates, r, hidden + j) = has ? d * before[before_at + r * hidden + j] * f * (1.0f - f) : 0.0f;
        AT(gates, r, 2 * hidden + j) = d * i * FMA(-g, g, 1.0f);
        AT(gates, r, 3 * hidden + j) = from * t * o * (1.0f - o);
    }
}

KERNEL gru_backward(LONG rows, LONG carried, LONG hidden, MATRIX(gates), MATRIX(recurrent), READ_MATRIX(before), READ_MATRIX(dh),
                    MATRIX(dh_before)) {
    LONG j = global_id(0);
    if (j >= hidden) return;
    FOR_ROWS(r, rows) {
        bool has = r < carried;
        float g = AT(dh, r, j), s = AT(gates, r, j), z = AT(gates, r, hidden + j), n = AT(gates, r, 2 * hidden + j);
        float state = has ? AT(before, r, j) : 0.0f, product = AT(recurrent, r, 2 * hidden + j);
        if (has) AT(dh_before, r, j) = FMA(g, z, AT(dh_before, r, j));
        float dn = g * (1.0f - z) * FMA(-n, n, 1.0f);
        float dr = dn * product * s * (1.0f - s), dz = g * (state - n) * z * (1.0f - z);
        AT(gates, r, j) = dr;
        AT(recurrent, r, j) = dr;
        AT(gates, r, hidden + j) = dz;
        AT(recurrent, r, hidden + j) = dz;
        AT(gates, r, 2 * hidden + j) = dn;
        AT(recurrent, r, 2 * hidden + j) = dn * s;
    }
}
