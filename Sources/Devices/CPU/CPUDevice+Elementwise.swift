import Kernels

extension CPUDevice {
    public func fill(_ x: Tensor, _ value: Float) {
        if x.isContiguous { return x.pointer.update(repeating: value, count: x.rows * x.cols) }
        for row in 0..<x.rows { x.row(row).update(repeating: value, count: x.cols) }
    }

    public func copy(_ x: Tensor, to y: Tensor) {
        x.expectShape(of: y)
        if x.isContiguous && y.isContiguous { return y.pointer.update(from: x.pointer, count: x.rows * x.cols) }
        for row in 0..<x.rows { y.row(row).update(from: x.row(row), count: x.cols) }
    }

    public func clearPadding(of x: Tensor) {
        for row in 0..<x.rows { (x.row(row) + x.cols).update(repeating: 0, count: x.stride - x.cols) }
    }

    public func add(_ x: Tensor, to sum: Tensor) {
        x.expectShape(of: sum)
        if x.isContiguous && sum.isContiguous { return dx_add(sum.pointer, x.pointer, x.rows * x.cols) }
        for row in 0..<x.rows { dx_add(sum.row(row), x.row(row), x.cols) }
    }

    public func add(_ a: Tensor, _ b: Tensor, into sum: Tensor) {
        a.expectLayout(of: b)
        a.expectLayout(of: sum)
        dx_sum(sum.pointer, a.pointer, b.pointer, a.span)
    }

    public func scale(_ x: Tensor, by factor: Float, into y: Tensor) {
        x.expectShape(of: y)
        for row in 0..<x.rows {
            let from = x.row(row), to = y.row(row)
            for c in 0..<x.cols { to[c] = factor * from[c] }
        }
    }

    public func addBias(_ bias: Tensor, to x: Tensor) {
        precondition(bias.cols == x.cols)
        dx_add_bias(x.pointer, x.rows, x.cols, x.stride, bias.pointer)
    }

    public func columnSums(_ x: Tensor, into sums: Tensor) {
        precondition(sums.cols == x.cols)
        dx_column_sums(x.pointer, x.rows, x.cols, x.stride, sums.pointer)
    }

    public func columnProducts(_ a: Tensor, _ b: Tensor, into sums: Tensor) {
        a.expectLayout(of: b)
        dx_column_products(a.pointer, b.pointer, a.rows, a.cols, a.stride, sums.pointer)
    }

    public func activate(_ x: Tensor, _ function: ActivationFunction, into y: Tensor) {
        x.expectShape(of: y)
        for row in 0..<x.rows { dx_activation(function.kernel, x.row(row), y.row(row), x.cols) }
    }

    public func activateBackward(_ g: Tensor, _ function: ActivationFunction, x: Tensor, y: Tensor) {
        g.expectShape(of: x)
        g.expectShape(of: y)
        for row in 0..<x.rows { dx_activation_backward(function.kernel, g.row(row), x.row(row), y.row(row), x.cols) }
    }

    public func drop(_ x: Tensor, _ dropout: Dropout?, relu: Bool) {
        guard let dropout else {
            if relu { dx_relu_dropout(x.pointer, x.rows, x.cols, x.stride, 0, nil, dx_stream(), 1) }
            return
        }
        precondition(dropout.ids.count == x.rows && (dropout.positions?.count ?? x.rows) == x.rows)
        if relu, dropout.positions == nil {
            return dx_relu_dropout(
                x.pointer, x.rows, x.cols, x.stride, dropout.firstColumn, dropout.ids, dropout.stream.kernel, dropout.keep)
        }
        precondition(dropout.firstColumn == 0, "dropout of some columns comes with ReLU alone")
        dropout.withPositions {
            dx_dropout(
                x.pointer, x.rows, x.cols, x.stride, dropout.ids, $0, dropout.stream.kernel, dropout.keep, relu ? 1 : 0)
        }
    }

    public func dropReluBackward(_ g: Tensor, y: Tensor, keep: Float) {
        g.expectLayout(of: y)
        dx_relu_dropout_backward(g.pointer, y.pointer, g.span, keep)
    }
}

extension ActivationFunction {
    fileprivate var kernel: Int32 {
        switch self {
        case .relu: Int32(DX_RELU)
        case .sigmoid: Int32(DX_SIGMOID)
        case .tanh: Int32(DX_TANH)
        case .gelu: Int32(DX_GELU)
        }
    }
}

extension Dropout {
    fileprivate func withPositions(_ body: (UnsafePointer<Int32>?) -> Void) {
        guard let positions else { return body(nil) }
        positions.withUnsafeBufferPointer { body($0.baseAddress) }
    }
}

extension Tensor {
    func expectShape(of other: Tensor) { precondition(rows == other.rows && cols == other.cols, "tensors of two shapes") }

    func expectLayout(of other: Tensor) {
        expectShape(of: other)
        precondition(stride == other.stride || rows <= 1, "tensors of two strides")
    }

    /// Floats from the first element to the last, padding between them included.
    var span: Int { rows == 0 ? 0 : (rows - 1) * stride + cols }
}
