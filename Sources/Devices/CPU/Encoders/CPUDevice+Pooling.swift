import Kernels

extension CPUDevice {
    public func attentionPool(
        _ x: Tensor, starts: [Int64], query: Tensor, heads: Int, shares: Tensor, into y: Tensor
    ) {
        checkPool(x, y, starts, query, heads, shares)
        for (row, (from, length)) in rows(starts).enumerated() {
            if length == 0 {
                fill(y.rows(row..<row + 1), 0)
                continue
            }
            dx_attention_pool(
                x.row(from), x.stride, length, heads, x.cols / heads, query.pointer, shares.row(from), y.row(row))
        }
    }

    public func attentionPoolBackward(
        _ g: Tensor, x: Tensor, starts: [Int64], query: Tensor, heads: Int, shares: Tensor, into dx: Tensor, dQuery: Tensor
    ) {
        checkPool(x, g, starts, query, heads, shares)
        dx.expectShape(of: x)
        dQuery.expectShape(of: query)
        fill(dQuery, 0)
        for (row, (from, length)) in rows(starts).enumerated() where length > 0 {
            dx_attention_pool_backward(
                g.row(row), x.row(from), x.stride, length, heads, x.cols / heads, query.pointer, shares.row(from),
                dx.row(from), dx.stride, dQuery.pointer)
        }
    }

    private func checkPool(_ x: Tensor, _ y: Tensor, _ starts: [Int64], _ query: Tensor, _ heads: Int, _ shares: Tensor) {
        precondition(starts.count == y.rows + 1 && y.cols == x.cols && query.rows == 1 && query.cols == x.cols)
        precondition(heads > 0 && x.cols % heads == 0 && shares.cols == heads && shares.rows >= x.rows && shares.isContiguous)
    }

    public func columnMax(_ x: Tensor, starts: [Int64], into y: Tensor, places: Tensor) {
        precondition(starts.count == y.rows + 1 && y.cols == x.cols && places.cols == y.cols)
        for (row, (from, length)) in rows(starts).enumerated() {
            if length == 0 {
                fill(y.rows(row..<row + 1), 0)
                continue
            }
            dx_column_max(x.row(from), x.stride, length, x.cols, y.row(row), places.integers(row))
        }
    }

    public func columnMaxBackward(_ g: Tensor, starts: [Int64], places: Tensor, into dx: Tensor) {
        precondition(starts.count == g.rows + 1 && g.cols == dx.cols && places.cols == g.cols)
        for (row, (from, length)) in rows(starts).enumerated() where length > 0 {
            dx_column_max_backward(g.row(row), places.integers(row), length, dx.cols, dx.row(from), dx.stride)
        }
    }

    public func turn(_ x: Tensor, starts: [Int64], into y: Tensor) {
        precondition(y.rows == (starts.count - 1) * x.cols)
        fill(y, 0)
        for (row, (from, length)) in rows(starts).enumerated() where length > 0 {
            dx_turn(x.row(from), x.stride, min(length, y.cols), x.cols, y.row(row * x.cols), y.stride)
        }
    }

    public func turnBackward(_ g: Tensor, starts: [Int64], into dx: Tensor) {
        precondition(g.rows == (starts.count - 1) * dx.cols)
        fill(dx, 0)
        for (row, (from, length)) in rows(starts).enumerated() where length > 0 {
            dx_turn(g.row(row * dx.cols), g.stride, dx.cols, min(length, g.cols), dx.row(from), dx.stride)
        }
    }
}
