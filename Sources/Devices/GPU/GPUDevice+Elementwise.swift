extension GPUDevice {
    public func fill(_ x: Tensor, _ value: Float) {
        run("fill_matrix", in: .elementwise, rows: x.rows, cols: x.cols) {
            x.arguments + [.long(x.rows), .long(x.cols), .float(value)]
        }
    }

    public func copy(_ x: Tensor, to y: Tensor) {
        x.expectShape(of: y)
        pairwise("copy_matrix", x, y)
    }

    public func clearPadding(of x: Tensor) {
        let width = x.stride - x.cols
        if width == 0 || x.rows == 0 { return }
        // Behind the last row there need not be memory for it.
        let last = min(width, x.memory.count - x.offset - (x.rows - 1) * x.stride - x.cols)
        let all = Tensor(
            x.memory, offset: x.offset + x.cols, rows: last == width ? x.rows : x.rows - 1, cols: width, stride: x.stride)
        fill(all, 0)
        if last < width && last > 0 {
            fill(Tensor(x.memory, offset: x.offset + (x.rows - 1) * x.stride + x.cols, rows: 1, cols: last), 0)
        }
    }

    public func add(_ x: Tensor, to sum: Tensor) {
        x.expectShape(of: sum)
        pairwise("add_to", x, sum)
    }

    public func add(_ a: Tensor, _ b: Tensor, into sum: Tensor) {
        a.expectLayout(of: b)
        a.expectLayout(of: sum)
        run("add_pair", in: .elementwise, rows: 1, cols: a.floats) {
            a.arguments + b.arguments + sum.arguments + [.long(1), .long(a.floats)]
        }
    }

    public func scale(_ x: Tensor, by factor: Float, into y: Tensor) {
        x.expectShape(of: y)
        pairwise("scale_matrix", x, y, [.float(factor)])
    }

    public func divide(_ x: Tensor, by sigma: Tensor, into y: Tensor) {
        x.expectShape(of: y)
        pairwise("divide_matrix", x, y, sigma: sigma)
    }

    public func addBias(_ bias: Tensor, to x: Tensor) {
        precondition(bias.cols == x.cols)
        run("add_bias", in: .elementwise, rows: x.rows, cols: x.cols) {
            x.arguments + [.long(x.rows), .long(x.cols)] + bias.vector
        }
    }

    public func columnSums(_ x: Tensor, into sums: Tensor) {
        precondition(sums.cols == x.cols)
        run("column_sums", in: .elementwise, rows: 1, cols: x.cols) {
            x.arguments + [.long(x.rows), .long(x.cols)] + sums.vector
        }
    }

    public func columnProducts(_ a: Tensor, _ b: Tensor, into sums: Tensor) {
        a.expectLayout(of: b)
        run("column_products", in: .elementwise, rows: 1, cols: a.cols) {
            a.arguments + b.arguments + [.long(a.rows), .long(a.cols)] + sums.vector
        }
    }

    public func activate(_ x: Tensor, _ function: ActivationFunction, into y: Tensor) {
        x.expectShape(of: y)
        pairwise("activate", x, y, [.int(function.number)])
    }

    public func activateBackward(_ g: Tensor, _ function: ActivationFunction, x: Tensor, y: Tensor) {
        g.expectShape(of: x)
        g.expectShape(of: y)
        run("activate_backward", in: .elementwise, rows: g.rows, cols: g.cols) {
            g.arguments + x.arguments + y.arguments + [.long(g.rows), .long(g.cols), .int(function.number)]
        }
    }

    public func drop(_ x: Tensor, _ dropout: Dropout?, relu: Bool) {
        guard let dropout else {
            if relu { drop(x, nothing: true) }
            return
        }
        precondition(dropout.ids.count == x.rows && (dropout.positions?.count ?? x.rows) == x.rows)
        if dropout.keep >= 1 && relu { return drop(x, nothing: true) }
        attempt {
            try scratch.with(dropout.ids) { ids in
                try scratch.with(dropout.positions ?? []) { positions in
                    run("drop", in: .elementwise, rows: x.rows, cols: x.cols) {
                        x.arguments + [.long(x.rows), .long(x.cols), .memory(ids), .memory(positions)]
                            + [.int(dropout.positions == nil ? 0 : 1), .long(dropout.firstColumn)] + dropout.stream.arguments
                            + dropout.draw + [.int(relu ? 1 : 0)]
                    }
                }
            }
        }
    }

    /// ReLU alone.
    private func drop(_ x: Tensor, nothing: Bool) { pairwise("activate", x, x, [.int(ActivationFunction.relu.number)]) }

    public func dropReluBackward(_ g: Tensor, y: Tensor, keep: Float) {
        g.expectLayout(of: y)
        run("drop_relu_backward", in: .elementwise, rows: 1, cols: g.floats) {
            g.arguments + y.arguments + [.long(1), .long(g.floats), .float(keep >= 1 ? 1 : 1 / keep)]
        }
    }

    public func update(_ parameter: Parameter, _ range: Range<Int>, gradient: Tensor, _ step: OptimiserStep) {
        precondition(gradient.rows * gradient.cols == range.count && !gradient.hasGaps)
        run("update", in: .elementwise, rows: 1, cols: range.count) {
            parameter.arguments(from: range.lowerBound) + gradient.vector + [.long(range.count)] + step.arguments
        }
    }

    /// A kernel from x to y, of one shape.
    private func pairwise(_ kernel: String, _ x: Tensor, _ y: Tensor, _ more: [GPUArgument] = [], sigma: Tensor? = nil) {
        run(kernel, in: .elementwise, rows: x.rows, cols: x.cols) {
            x.arguments + y.arguments + [.long(x.rows), .long(x.cols)] + more + (sigma?.vector ?? [])
        }
    }
}

extension ActivationFunction {
    /// As the kernels number them.
    fileprivate var number: Int {
        switch self {
        case .relu: 0
        case .sigmoid: 1
        case .tanh: 2
        case .gelu: 3
        }
    }
}

extension Dropout {
    /// threshold, scale, draws: what is kept is drawn of 16 bits.
    fileprivate var draw: [GPUArgument] {
        if keep >= 1 { return [.word(65_536), .float(1), .int(0)] }
        return [.word(UInt32(keep * 65_536)), .float(1 / keep), .int(1)]
    }
}

extension Parameter {
    /// Value and moments, each from one of its elements on.
    func arguments(from element: Int) -> [GPUArgument] {
        [value, firstMoment, secondMoment].flatMap { [.memory($0.gpuMemory), .long($0.offset + element)] }
    }
}
