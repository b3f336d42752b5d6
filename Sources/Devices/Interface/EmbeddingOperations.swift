import Support

/// Rows of tables by number, and the optimiser.
public protocol EmbeddingOperations {
    /// y[i] = x[rows[i]]; zeros where rows[i] is negative.
    func gatherRows(_ x: Tensor, _ rows: [Int32], into y: Tensor)

    /// y[rows[i]] = x[i], but where rows[i] is negative; other rows of y stay as they are. No row comes twice.
    func scatterRows(_ x: Tensor, _ rows: [Int32], into y: Tensor)

    /// y[i] = Σ over the entries (t, w) of row docs[i] of `bags` of w · table[t].
    ///
    /// - Parameters:
    ///   - table: V×cols, without padding.
    ///   - bags: N×V.
    ///   - y: |docs|×cols; its padding stays as it is.
    func sumRows(of table: Tensor, _ bags: CSRMatrix, _ docs: [Int32], into y: Tensor)

    /// y[i] = the values of row docs[i] of a matrix that stores all of its entries.
    func copyRows(of matrix: CSRMatrix, _ docs: [Int32], into y: Tensor)

    /// One step of the optimiser on the rows of a table that the rows `docs` of `bags` name, and on no other: row t's gradient is
    /// Σ over the entries (t, w) of row docs[i] of w · gradient[i], in the order of `docs`.
    ///
    /// Uses the device's threads: not to be called within `forRanges` or `concurrently`.
    ///
    /// - Parameters:
    ///   - parameter: V×cols.
    ///   - gradient: |docs|×cols, without padding.
    func updateRows(of parameter: Parameter, _ bags: CSRMatrix, _ docs: [Int32], gradient: Tensor, _ step: OptimiserStep)

    /// One step of the optimiser on the elements `range` (row-major) of a parameter.
    ///
    /// - Parameter gradient: as many floats, one after the other.
    func update(_ parameter: Parameter, _ range: Range<Int>, gradient: Tensor, _ step: OptimiserStep)

    /// U(−bound, bound) in each element: column c of row r is number firstColumn + c of row firstRow + r of the stream.
    func fillUniform(_ x: Tensor, _ stream: RandomStream, firstRow: Int, firstColumn: Int, bound: Float)
}
