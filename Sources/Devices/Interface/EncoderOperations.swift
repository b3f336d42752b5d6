/// What encoders are made of.
///
/// On the CPU an operation runs on the thread that calls it: `forRanges` and `concurrently` bring the others in. `updateRows` is
/// the one exception, and says so.
public protocol EncoderOperations: ProductOperations, ElementwiseOperations, NormOperations, SequenceOperations,
    EmbeddingOperations, TransformerOperations, PoolingOperations
{}

/// Matrix products. Each entry is one chain of multiply-adds in ascending order of the inner dimension: a product that is cut
/// along its rows or columns gives the same bits.
public protocol ProductOperations {
    /// c(m×n) = a(m×k) · b(k×n), added to what c holds where `accumulate`.
    func multiply(_ a: Tensor, _ b: Tensor, into c: Tensor, accumulate: Bool)

    /// c(m×n) = a(m×k) · b(n×k)ᵀ.
    func multiply(_ a: Tensor, transposed b: Tensor, into c: Tensor)

    /// c(m×n) = a(k×m)ᵀ · b(k×n).
    func multiply(transposed a: Tensor, _ b: Tensor, into c: Tensor)

    /// Room for a right operand (inner×cols) of many products.
    func preparedMatrix(inner: Int, cols: Int) -> PreparedMatrix

    /// Lays an operand out once for many products.
    ///
    /// - Parameter matrix: the operand, inner×cols; or where `transposed` its transpose, cols×inner.
    func prepare(_ operand: PreparedMatrix, from matrix: Tensor, transposed: Bool)

    /// c(m×cols) = a(m×inner) · operand, added to what c holds where `accumulate`: the same bits as without preparation.
    func multiply(_ a: Tensor, _ operand: PreparedMatrix, into c: Tensor, accumulate: Bool)
}

/// The right operand of many products as one device likes it best. Each device has a class of its own for this.
open class PreparedMatrix: @unchecked Sendable {
    /// Rows of the operand: the products' inner dimension.
    public let inner: Int
    public let cols: Int

    public init(inner: Int, cols: Int) { (self.inner, self.cols) = (inner, cols) }
}

/// Element by element, and sums over columns. Two tensors of an operation have one shape, where nothing else is said.
public protocol ElementwiseOperations {
    /// All elements become `value`.
    func fill(_ x: Tensor, _ value: Float)

    /// y = x; y's padding stays as it is.
    func copy(_ x: Tensor, to y: Tensor)

    /// The padding between (and behind) the rows becomes zero.
    func clearPadding(of x: Tensor)

    /// sum += x.
    func add(_ x: Tensor, to sum: Tensor)

    /// sum = a + b. All three have one stride.
    func add(_ a: Tensor, _ b: Tensor, into sum: Tensor)

    /// y = factor · x.
    func scale(_ x: Tensor, by factor: Float, into y: Tensor)

    /// x += bias, on each row.
    ///
    /// - Parameter bias: 1×cols.
    func addBias(_ bias: Tensor, to x: Tensor)

    /// sums (1×cols) = the sum of each column.
    func columnSums(_ x: Tensor, into sums: Tensor)

    /// sums (1×cols) = the sum of each column of a · b, element by element. a and b have one stride.
    func columnProducts(_ a: Tensor, _ b: Tensor, into sums: Tensor)

    /// y = f(x).
    func activate(_ x: Tensor, _ function: ActivationFunction, into y: Tensor)

    /// g *= f'(x), where y = f(x).
    func activateBackward(_ g: Tensor, _ function: ActivationFunction, x: Tensor, y: Tensor)

    /// In place: x = dropout(x), or dropout(ReLU(x)) (Srivastava et al., JMLR 2014, scaled by 1/keep).
    ///
    /// Dropout is linear: applied to a gradient without ReLU it is its own backward pass.
    ///
    /// - Parameter dropout: nil: nothing is dropped.
    func drop(_ x: Tensor, _ dropout: Dropout?, relu: Bool)

    /// g *= 1/keep where y > 0, else 0: backward through ReLU and dropout, whose output y was. One stride.
    func dropReluBackward(_ g: Tensor, y: Tensor, keep: Float)
}

/// An element-wise function.
public enum ActivationFunction: String, CaseIterable, Sendable {
    case relu, sigmoid, tanh
    /// x Φ(x), exact (Hendrycks & Gimpel 2016).
    case gelu
}

/// Which elements dropout keeps: column c of row r draws from (stream, ids[r], positions[r] · stride + firstColumn + c), so that
/// any cut of rows or columns draws the same numbers.
public struct Dropout: Sendable {
    public var stream: RandomStream
    /// Share that is kept, quantised to 1/65536.
    public var keep: Float
    /// One a row: the document's number.
    public var ids: [Int32]
    /// One a row: a place within the document; nil: 0.
    public var positions: [Int32]?
    /// Of the whole row's columns, the first that is here; 0 where there are positions.
    public var firstColumn: Int

    public init(stream: RandomStream, keep: Float, ids: [Int32], positions: [Int32]? = nil, firstColumn: Int = 0) {
        precondition(positions == nil || firstColumn == 0)
        (self.stream, self.keep, self.ids, self.positions, self.firstColumn) = (stream, keep, ids, positions, firstColumn)
    }
}
