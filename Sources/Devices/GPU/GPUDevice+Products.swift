extension GPUDevice {
    public func multiply(_ a: Tensor, _ b: Tensor, into c: Tensor, accumulate: Bool) {
        precondition(a.cols == b.rows && a.rows == c.rows && b.cols == c.cols)
        product(inner: a.cols, Operand(a), Operand(b), into: c, accumulate: accumulate)
    }

    public func multiply(_ a: Tensor, transposed b: Tensor, into c: Tensor) {
        precondition(a.cols == b.cols && a.rows == c.rows && b.rows == c.cols)
        product(inner: a.cols, Operand(a), Operand(b, isTransposed: true), into: c)
    }

    public func multiply(transposed a: Tensor, _ b: Tensor, into c: Tensor) {
        precondition(a.rows == b.rows && a.cols == c.rows && b.cols == c.cols)
        product(inner: a.rows, Operand(a, isTransposed: true), Operand(b), into: c)
    }

    public func preparedMatrix(inner: Int, cols: Int) -> PreparedMatrix { GPUPreparedMatrix(inner: inner, cols: cols, on: self) }

    public func prepare(_ operand: PreparedMatrix, from matrix: Tensor, transposed: Bool) {
        precondition(matrix.rows == (transposed ? operand.cols : operand.inner))
        precondition(matrix.cols == (transposed ? operand.inner : operand.cols))
        let to = operand.tensor
        if !transposed { return copy(matrix, to: to) }
        run("transpose", in: .products, rows: matrix.rows, cols: matrix.cols) {
            matrix.arguments + to.arguments + [.long(matrix.rows), .long(matrix.cols)]
        }
    }

    public func multiply(_ a: Tensor, _ operand: PreparedMatrix, into c: Tensor, accumulate: Bool) {
        multiply(a, operand.tensor, into: c, accumulate: accumulate)
    }

    private struct Operand {
        let matrix: Tensor
        let isTransposed: Bool

        init(_ matrix: Tensor, isTransposed: Bool = false) { (self.matrix, self.isTransposed) = (matrix, isTransposed) }

        /// OPERAND of the kernels, with its place.
        var arguments: [GPUArgument] {
            matrix.vector + (isTransposed ? [.long(1), .long(matrix.stride)] : [.long(matrix.stride), .long(1)])
        }

        var ofLibrary: GPUProduct.Matrix {
            GPUProduct.Matrix(
                memory: matrix.gpuMemory, offset: matrix.offset, stride: matrix.stride, isTransposed: isTransposed)
        }
    }

    private func product(inner: Int, _ a: Operand, _ b: Operand, into c: Tensor, accumulate: Bool = false) {
        if c.rows == 0 || c.cols == 0 || isDoneByLibrary(inner, a, b, c, accumulate) { return }
        run("multiply", in: .products, groups: Tiles.groups(rows: c.rows, cols: c.cols), items: Tiles.items) {
            [.long(c.rows), .long(c.cols), .long(inner)] + a.arguments + b.arguments + c.arguments + [.int(accumulate ? 1 : 0)]
        }
    }

    /// Under `--fast-math`, where a library is there and takes the product.
    private func isDoneByLibrary(_ inner: Int, _ a: Operand, _ b: Operand, _ c: Tensor, _ accumulate: Bool) -> Bool {
        if !usesTensorCores || inner == 0 { return false }
        return attempt {
            try backend.multiply(
                GPUProduct(
                    rows: c.rows, cols: c.cols, inner: inner, a: a.ofLibrary, b: b.ofLibrary, c: Operand(c).ofLibrary,
                    accumulates: accumulate))
        } ?? true
    }
}

/// The tiles of products, as Sources/CGPU/Kernels/tiles.cl has them.
enum Tiles {
    static let items = GPUExtent(16, 16)
    /// Entries of a tile along each axis.
    static let span = 128

    static func groups(rows: Int, cols: Int) -> GPUExtent { GPUExtent((cols + span - 1) / span, (rows + span - 1) / span) }
}

/// An operand as it is: inner×cols.
final class GPUPreparedMatrix: PreparedMatrix, @unchecked Sendable {
    let matrix: Tensor

    init(inner: Int, cols: Int, on device: GPUDevice) {
        matrix = device.tensor(rows: inner, cols: cols)
        super.init(inner: inner, cols: cols)
    }
}

extension PreparedMatrix {
    /// The operand of a GPU.
    var tensor: Tensor {
        assert(self is GPUPreparedMatrix, "a matrix of another device")
        return unsafeDowncast(self, to: GPUPreparedMatrix.self).matrix
    }
}
