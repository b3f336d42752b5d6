// Attention of each document's vectors to each other, head by head. A group takes a few vectors of one document and one head; sums are
// in the order of Sources/Kernels/attention.c.

/// Vectors whose weights a group holds in local memory, the longest document, and work-items a vector.
#define QUERIES 8
#define LONGEST 512
#define LANES 16
#define ITEMS (QUERIES * LANES)

/// What all groups share: documents' starts and numbers, the width of a head, 1/√d, and dropout.
#define HEADS                                                                                                               \
    GLOBAL const LONG *starts, GLOBAL const int *ids, LONG dims, LONG width, LONG span, float scale, STREAM, UINT threshold, \
        float keep_scale, int draws

/// room[q][j] = x_(first + q) · y_j over `dims` numbers, chains in ascending order.
INLINE void row_products(LOCAL float *room, LONG queries, LONG length, LONG dims, GLOBAL const float *x, LONG x_ld,
                         GLOBAL const float *y, LONG y_ld) {
    for (LONG place = local_id(0); place < queries * length; place += ITEMS) {
        LONG q = place / length, j = place % length;
        float sum = 0;
        for (LONG d = 0; d < dims; d++) sum = FMA(x[q * x_ld + d], y[j * y_ld + d], sum);
        room[q * LONGEST + j] = sum;
    }
    BARRIER();
}

/// Softmax of scale · room[q] in place.
INLINE void softmax_rows(LOCAL float *room, LOCAL float *parts, LONG length, float scale) {
    int item = local_id(0), lane = item % LANES;
    LOCAL float *row = room + item / LANES * LONGEST;
    LOCAL float *own = parts + item / LANES * LANES;
    float top = -INFINITY;
    for (LONG c = lane; c < length; c += LANES) top = row[c] > top ? row[c] : top;
    own[lane] = top;
    BARRIER();
    for (int l = 0; l < LANES; l++) top = own[l] > top ? own[l] : top;
    BARRIER();
    float sum = 0;
    for (LONG c = lane; c < length; c += LANES) {
        row[c] = exp_of(scale * (row[c] - top));
        sum = sum + row[c];
    }
    own[lane] = sum;
    BARRIER();
    float total = 0;
    for (int l = 0; l < LANES; l++) total = total + own[l];
    float inverse = 1.0f / total;
    for (LONG c = lane; c < length; c += LANES) row[c] = row[c] * inverse;
    BARRIER();
}

/// Dropout of room[q] in place: weight (i, c) of a head draws by its place.
INLINE void drop_rows(LOCAL float *room, LONG queries, LONG length, LONG first, LONG head, LONG span, UINT id, STREAM,
                      UINT threshold, float keep_scale) {
    for (LONG place = local_id(0); place < queries * length; place += ITEMS) {
        LONG q = place / length, c = place % length, block = (head * span + first + q) * span / 8 + c / 8;
        UINT drawn = half_draw(key0, key1, purpose, moment, id, (UINT)block, (int)(c % 8));
        room[q * LONGEST + c] = drawn < threshold ? room[q * LONGEST + c] * keep_scale : 0.0f;
    }
    BARRIER();
}

/// The document of this group: its first vector, how many it has, and which of them are the group's.
#define OWN_VECTORS                                          \
    LONG head = group_id(1), document = group_id(2);         \
    LONG begin = starts[document], length = starts[document + 1] - begin, first = group_id(0) * QUERIES; \
    if (first >= length) return;                             \
    LONG queries = length - first < QUERIES ? length - first : QUERIES

KERNEL attention_forward(READ_MATRIX(qkv), MATRIX(y), HEADS) {
    LOCAL_ARRAY(float, room, QUERIES * LONGEST);
    LOCAL_ARRAY(float, parts, ITEMS);
    OWN_VECTORS;
    GLOBAL const float *q = qkv + qkv_at + begin * qkv_ld + head * dims, *k = q + width, *v = k + width;
    row_products(room, queries, length, dims, q + first * qkv_ld, qkv_ld, k, qkv_ld);
    softmax_rows(room, parts, length, scale);
    if (draws)
        drop_rows(room, queries, length, first, head, span, (UINT)ids[document], key0, key1, purpose, moment, threshold,
                  keep_scale);
    for (LONG place = local_id(0); place < queries * dims; place += ITEMS) {
        LONG i = place / dims, d = place % dims;
        float sum = 0;
        for (LONG j = 0; j < length; j++) sum = FMA(room[i * LONGEST + j], v[j * qkv_ld + d], sum);
        AT(y, begin + first + i, head * dims + d) = sum;
    }
}

/// Rows of the weights (dropped) and of the scores' gradients to memory, each document's and head's from squares[document] on; and
/// ∂q. `qkv` is a copy of what `out` is written over.
KERNEL attention_rows(READ_MATRIX(g), READ_MATRIX(qkv), MATRIX(out), GLOBAL const LONG *squares, GLOBAL float *weights,
                      GLOBAL float *gradients, HEADS) {
    LOCAL_ARRAY(float, room, QUERIES * LONGEST);
    LOCAL_ARRAY(float, slope, QUERIES * LONGEST);
    LOCAL_ARRAY(float, parts, ITEMS);
    OWN_VECTORS;
    GLOBAL const float *q = qkv + qkv_at + begin * qkv_ld + head * dims, *k = q + width, *v = k + width;
    GLOBAL const float *dy = g + g_at + (begin + first) * g_ld + head * dims;
    LONG square = squares[document] + head * length * length + first * length;
    UINT id = (UINT)ids[document];
    row_products(room, queries, length, dims, q + first * qkv_ld, qkv_ld, k, qkv_ld);
    softmax_rows(room, parts, length, scale);
    row_products(slope, queries, length, dims, dy, g_ld, v, qkv_ld);
    if (draws) drop_rows(slope, queries, length, first, head, span, id, key0, key1, purpose, moment, threshold, keep_scale);
    int item = local_id(0), lane = item % LANES;
    LONG row = item / LANES, whole = length / LANES * LANES;
    float inner = 0;
    if (row < queries)
        for (LONG c = lane; c < whole; c += LANES) inner = FMA(slope[row * LONGEST + c], room[row * LONGEST + c], inner);
    parts[item] = inner;
    BARRIER();
    inner = 0;
    for (int l = 0; l < LANES; l++) inner = inner + parts[row * LANES + l];
    if (row < queries)
        for (LONG c = whole; c < length; c++) inner = FMA(slope[row * LONGEST + c], room[row * LONGEST + c], inner);
    BARRIER();
    if (row < queries)
        for (LONG c = lane; c < length; c += LANES) {
            float value = scale * room[row * LONGEST + c] * (slope[row * LONGEST + c] - inner);
            slope[row * LONGEST + c] = value;
            gradients[square + row * length + c] = value;
        }
    BARRIER();
    if (draws) drop_rows(room, queries, length, first, head, span, id, key0, key1, purpose, moment, threshold, keep_scale);
    for (LONG place = item; place < queries * length; place += ITEMS)
        weights[square + place] = room[place / length * LONGEST + place % length];
    for (LONG place = item; place < queries * dims; place += ITEMS) {
        LONG i = place / dims, d = place % dims;
        float sum = 0;
        for (LONG j = 0; j < length; j++) sum = FMA(slope[i * LONGEST + j], k[j * qkv_ld + d], sum);
        AT(out, begin + first + i, head * dims + d) = sum;
    }
}

/// ∂k and ∂v of some vectors, from what `attention_rows` wrote.
KERNEL attention_columns(READ_MATRIX(g), READ_MATRIX(qkv), MATRIX(out), GLOBAL const LONG *squares, GLOBAL const float *weights,
                         GLOBAL const float *gradients, GLOBAL const LONG *starts, LONG dims, LONG width) {
    OWN_VECTORS;
    GLOBAL const float *q = qkv + qkv_at + begin * qkv_ld + head * dims, *dy = g + g_at + begin * g_ld + head * dims;
    LONG square = squares[document] + head * length * length + first;
    for (LONG place = local_id(0); place < queries * dims; place += ITEMS) {
        LONG j = place / dims, d = place % dims;
        float key = 0, value = 0;
        for (LONG i = 0; i < length; i++) {
            key = FMA(gradients[square + i * length + j], q[i * qkv_ld + d], key);
            value = FMA(weights[square + i * length + j], dy[i * g_ld + d], value);
        }
        AT(out, begin + first + j, width + head * dims + d) = key;
        AT(out, begin + first + j, 2 * width + head * dims + d) = value;
    }
}
