import Kernels
import Support

/// A parameter matrix with its optimiser's state; all rows×cols.
public final class Parameter: Sendable {
    public let value: DenseMatrix
    /// Adam's first moment, or SGD's momentum buffer.
    public let firstMoment: DenseMatrix
    /// Adam's second moment; zeros with SGD.
    public let secondMoment: DenseMatrix

    public init(rows: Int, cols: Int) {
        value = DenseMatrix(rows: rows, cols: cols)
        firstMoment = DenseMatrix(rows: rows, cols: cols)
        secondMoment = DenseMatrix(rows: rows, cols: cols)
    }

    /// Where value, first and second moment begin.
    var pointers: (UnsafeMutablePointer<Float>, UnsafeMutablePointer<Float>, UnsafeMutablePointer<Float>) {
        (value.pointer, firstMoment.pointer, secondMoment.pointer)
    }

    /// One step of the optimiser on the elements `range` (row-major), whose gradients `gradient` begins with.
    func update(_ range: Range<Int>, gradient: UnsafePointer<Float>, _ adam: dx_adam) {
        dx_adam_update(
            value.pointer + range.lowerBound, firstMoment.pointer + range.lowerBound, secondMoment.pointer + range.lowerBound,
            gradient, range.count, adam)
    }
}
