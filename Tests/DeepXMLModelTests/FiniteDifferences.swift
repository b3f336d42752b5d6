import DeepXMLModel
import Devices
import Foundation
import Support
import Testing

/// A plain matrix of double precision, for reference passes.
struct Matrix {
    var rows: Int, cols: Int
    var values: [Double]

    init(rows: Int, cols: Int) { (self.rows, self.cols, values) = (rows, cols, Array(repeating: 0, count: rows * cols)) }

    /// The first `cols` columns of a padded matrix.
    init(_ matrix: DenseMatrix, cols: Int) {
        self.init(rows: matrix.rows, cols: cols)
        for row in 0..<rows { for col in 0..<cols { self[row, col] = Double(matrix[row, col]) } }
    }

    subscript(row: Int, col: Int) -> Double {
        get { values[row * cols + col] }
        set { values[row * cols + col] = newValue }
    }
}

/// ∂loss by central differences, element by element.
func gradient(at point: Matrix, of loss: (Matrix) -> Double) -> Matrix {
    let h = 1e-5
    var moved = point
    var gradient = point
    for i in point.values.indices {
        moved.values[i] = point.values[i] + h
        let above = loss(moved)
        moved.values[i] = point.values[i] - h
        gradient.values[i] = (above - loss(moved)) / (2 * h)
        moved.values[i] = point.values[i]
    }
    return gradient
}

/// The gradient that a parameter's first step of Adam was made with: the first moment is (1 − β₁) of it.
func gradientOfFirstStep(_ parameter: Parameter, cols: Int) -> Matrix {
    var gradient = Matrix(parameter.firstMoment, cols: cols)
    for i in gradient.values.indices { gradient.values[i] /= 0.1 }
    return gradient
}

/// Equal up to single precision of the largest element.
func expectClose(
    _ found: Matrix, _ expected: Matrix, _ what: Comment, tolerance: Double = 3e-6, at location: SourceLocation = #_sourceLocation
) {
    #expect((found.rows, found.cols) == (expected.rows, expected.cols), what, sourceLocation: location)
    let size = expected.values.map(abs).max() ?? 0
    let distance = zip(found.values, expected.values).map { abs($0 - $1) }.max() ?? 0
    #expect(size > 1e-4, "\(what): a gradient of zeros tests nothing", sourceLocation: location)
    #expect(distance <= tolerance * max(size, 1), "\(what): \(distance) of \(size)", sourceLocation: location)
}

/// Numbers in −scale ..< scale.
func noise(rows: Int, cols: Int, scale: Float = 1, seed: UInt64) -> DenseMatrix {
    var g = Generator(state: seed)
    let matrix = DenseMatrix(rows: rows, cols: paddedWidth(cols))
    for row in 0..<rows { for col in 0..<cols { matrix[row, col] = scale * (2 * g.uniform() - 1) } }
    return matrix
}

/// ln(1 + eˣ).
func softplus(_ x: Double) -> Double { max(x, 0) + log1p(exp(-abs(x))) }
