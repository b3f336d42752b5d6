extension GPUDevice {
    public func multiply(_ a: Tensor, _ b: Tensor, into c: Tensor, accumulate: Bool) {
        precondition(a.cols == b.rows && a.rows == c.rows && b.cols == c.cols)
        product(inner: a.cols, (a, a.stride, 1), (b, b.stride, 1), into: c, accumulate: accumulate)
    }

    public func multiply(_ a: Tensor, transposed b: Tensor, into c: Tensor) {
        precondition(a.cols == b.cols && a.rows == c.rows && b.rows == c.cols)
        product(inner: a.cols, (a, a.stride, 1), (b, 1, b.stride), into: c)
    }

    public func multiply(transposed a: Tensor, _ b: Tensor, into c: Tensor) {
        precondition(a.rows == b.rows && a.cols == c.rows && b.cols == c.cols)
        product(inner: a.rows, (a, 1, a.stride), (b, b.stride, 1), into: c)
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

    /// A matrix with the distance between neighbouring rows and columns.
    private typealias Strided = (matrix: Tensor, row: Int, col: Int)

    private func product(inner: Int, _ a: Strided, _ b: Strided, into c: Tensor, accumulate: Bool = false) {
        if c.rows == 0 || c.cols == 0 { return }
        run("multiply", in: .products, groups: Tiles.groups(rows: c.rows, cols: c.cols), items: Tiles.items) {
            [.long(c.rows), .long(c.cols), .long(inner)] + a.matrix.vector + [.long(a.row), .long(a.col)] + b.matrix.vector
                + [.long(b.row), .long(b.col)] + c.arguments + [.int(accumulate ? 1 : 0)]
        }
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
