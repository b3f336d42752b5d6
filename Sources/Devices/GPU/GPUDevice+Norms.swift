import Support

extension GPUDevice {
    public func columnMoments(_ x: Tensor, mean: Tensor, squares: Tensor) {
        precondition(x.rows > 0 && mean.cols == x.cols && squares.cols == x.cols)
        run("column_moments", in: .norms, rows: 1, cols: x.cols) {
            x.arguments + [.long(x.rows), .long(x.cols)] + mean.vector + squares.vector
        }
    }

    public func inverseDeviation(squares: Tensor, count: Int, eps: Float, into inverse: Tensor) {
        run("inverse_deviation", in: .norms, rows: 1, cols: inverse.cols) {
            squares.vector + inverse.vector + [.long(inverse.cols), .float(Float(count)), .float(eps)]
        }
    }

    public func batchNorm(
        _ x: Tensor, mean: Tensor, inverse: Tensor, weight: Tensor, bias: Tensor, standard: Tensor, into y: Tensor
    ) {
        x.expectLayout(of: standard)
        x.expectLayout(of: y)
        run("batch_norm", in: .norms, rows: x.rows, cols: x.cols) {
            x.arguments + [.long(x.rows), .long(x.cols)] + mean.vector + inverse.vector + weight.vector + bias.vector
                + standard.arguments + y.arguments
        }
    }

    public func batchNormBackward(
        _ g: Tensor, standard: Tensor, weight: Tensor, inverse: Tensor, gradientSums: Tensor, gradientProducts: Tensor
    ) {
        g.expectLayout(of: standard)
        run("batch_norm_backward", in: .norms, rows: g.rows, cols: g.cols) {
            g.arguments + standard.arguments + [.long(g.rows), .long(g.cols)] + weight.vector + inverse.vector
                + gradientSums.vector + gradientProducts.vector
        }
    }

    public func moveRunningStatistics(
        mean: Tensor, variance: Tensor, sums: Tensor, squares: Tensor, count: Tensor, blocks: Int, momentum: Float
    ) {
        run("move_statistics", in: .norms, rows: 1, cols: mean.cols) {
            mean.vector + variance.vector + sums.vector + squares.vector + count.vector
                + [.long(mean.cols), .float(Float(blocks)), .float(momentum)]
        }
    }

    /// In double numbers, which not all devices have.
    public func squareSums(_ vectors: [Tensor]) -> [Double] {
        guard backend.hasDoubles else { return onHost(read: vectors, write: []) { $0.squareSums($1) } }
        var places: [Range<Int>] = []
        for vector in vectors {
            let first = places.last?.upperBound ?? 0
            places.append(first..<first + (vector.cols + Self.squareBlock - 1) / Self.squareBlock)
        }
        let sums = Buffer<Double>(count: places.last?.upperBound ?? 0)
        attempt {
            try scratch.with(bytes: sums.byteCount) { memory in
                for (vector, blocks) in zip(vectors, places) where !blocks.isEmpty {
                    run("square_sums", in: .squares, groups: GPUExtent(blocks.count), items: GPUExtent(256)) {
                        vector.vector + [.long(vector.cols), .memory(memory), .long(blocks.lowerBound)]
                    }
                }
                try backend.read(memory, at: 0, into: UnsafeMutableRawBufferPointer(sums.bytes))
            }
        }
        return places.map { sums.array[$0].reduce(0, +) }
    }

    /// SQUARE_BLOCK of the kernel.
    private static let squareBlock = 8192

    public func normalise(_ x: Tensor) {
        run("normalise", in: .norms, groups: GPUExtent(1), items: GPUExtent(256)) { x.vector + [.long(x.cols)] }
    }

    public func spectralNorm(_ matrix: Tensor, u: Tensor, v: Tensor, iterates: Bool, into sigma: Tensor) {
        if iterates {
            run("transposed_times_vector", in: .norms, rows: 1, cols: matrix.cols) {
                matrix.arguments + [.long(matrix.rows), .long(matrix.cols)] + u.vector + v.vector
            }
            normalise(v)
        }
        attempt {
            try scratch.with(bytes: matrix.rows * MemoryLayout<Float>.stride) { product in
                let out: [GPUArgument] = [.memory(product), .long(0)]
                run("times_vector", in: .norms, groups: Lanes.groups(matrix.rows), items: Lanes.items) {
                    matrix.arguments + [.long(matrix.rows), .long(matrix.cols)] + v.vector + out
                }
                if iterates {
                    run("copy_matrix", in: .elementwise, rows: 1, cols: matrix.rows) {
                        out + [.long(matrix.rows)] + u.arguments + [.long(1), .long(matrix.rows)]
                    }
                    normalise(u)
                }
                run("vector_dot", in: .norms, groups: GPUExtent(1), items: GPUExtent(256)) {
                    u.vector + out + [.long(matrix.rows)] + sigma.vector
                }
            }
        }
    }

    public func spectralNormBackward(
        _ g: Tensor, normalised: Tensor, sigma: Tensor, u: Tensor, v: Tensor, rows: Range<Int>, into out: Tensor
    ) {
        precondition(!g.hasGaps && !normalised.hasGaps && u.cols == g.rows && v.cols <= g.cols)
        g.expectShape(of: normalised)
        g.expectShape(of: out)
        attempt {
            try scratch.with(bytes: MemoryLayout<Float>.stride) { inner in
                run("vector_dot", in: .norms, groups: GPUExtent(1), items: GPUExtent(256)) {
                    g.vector + normalised.vector + [.long(g.rows * g.cols), .memory(inner), .long(0)]
                }
                run("spectral_gradient", in: .norms, rows: rows.count, cols: v.cols) {
                    g.arguments + out.arguments + [.long(rows.lowerBound), .long(rows.count), .long(v.cols)] + sigma.vector
                        + u.vector + v.vector + [.memory(inner)]
                }
            }
        }
    }
}

/// Rows whose sums are in sixteen lanes, as Sources/CGPU/Kernels/norms.cl has them.
enum Lanes {
    static let items = GPUExtent(16, 16)

    static func groups(_ rows: Int) -> GPUExtent { GPUExtent((rows + 15) / 16) }
}
