/// A rows×cols sparse matrix in compressed rows: `indices[starts[r] ..< starts[r+1]]` are row r's columns, ascending.
///
/// A binary matrix (labels) has no `values`: every stored entry is 1.
public final class CSRMatrix: @unchecked Sendable {
    public let rows: Int
    public let cols: Int
    /// rows + 1 offsets.
    public let starts: Buffer<Int64>
    public let indices: Buffer<Int32>
    public let values: Buffer<Float>?

    public init(rows: Int, cols: Int, starts: Buffer<Int64>, indices: Buffer<Int32>, values: Buffer<Float>?) {
        precondition(starts.count == rows + 1)
        precondition(values == nil || values!.count == indices.count)
        self.rows = rows
        self.cols = cols
        self.starts = starts
        self.indices = indices
        self.values = values
    }

    public var nonZeros: Int { indices.count }

    @inlinable public func range(_ row: Int) -> Range<Int> { Int(starts[row])..<Int(starts[row + 1]) }

    @inlinable public func columns(_ row: Int) -> UnsafeBufferPointer<Int32> {
        let range = range(row)
        return UnsafeBufferPointer(start: indices.pointer + range.lowerBound, count: range.count)
    }

    @inlinable public func weights(_ row: Int) -> UnsafeBufferPointer<Float> {
        let range = range(row)
        return UnsafeBufferPointer(start: values!.pointer + range.lowerBound, count: range.count)
    }

    /// From one array of (column, value) a row; columns must ascend.
    public convenience init(cols: Int, rows: [[(Int32, Float)]], binary: Bool = false) {
        let starts = Buffer<Int64>(count: rows.count + 1)
        for (r, row) in rows.enumerated() { starts[r + 1] = starts[r] + Int64(row.count) }
        let flat = rows.flatMap { $0 }
        self.init(
            rows: rows.count, cols: cols, starts: starts, indices: Buffer(flat.map(\.0)),
            values: binary ? nil : Buffer(flat.map(\.1)))
    }

    /// The cols×rows transpose; each of its rows lists this matrix's rows in ascending order.
    public func transposed() -> CSRMatrix {
        let starts = Buffer<Int64>(count: cols + 1)
        for i in 0..<nonZeros { starts.pointer[Int(indices[i]) + 1] += 1 }
        for c in 0..<cols { starts.pointer[c + 1] += starts[c] }
        let next = Buffer<Int64>(count: cols + 1)
        next.copy(from: starts)
        let rowsOf = Buffer<Int32>(count: nonZeros)
        let newValues = values.map { _ in Buffer<Float>(count: nonZeros) }
        for r in 0..<rows {
            for i in range(r) {
                let c = Int(indices[i]), at = Int(next[c])
                rowsOf.pointer[at] = Int32(r)
                if let values, let newValues { newValues.pointer[at] = values[i] }
                next.pointer[c] += 1
            }
        }
        return CSRMatrix(rows: cols, cols: rows, starts: starts, indices: rowsOf, values: newValues)
    }
}

/// A rows×cols matrix of 32-bit floats, row-major, without padding between rows.
public final class DenseMatrix: @unchecked Sendable {
    public let rows: Int
    public let cols: Int
    public let buffer: Buffer<Float>

    /// A matrix of zeros.
    public init(rows: Int, cols: Int) {
        self.rows = rows
        self.cols = cols
        buffer = Buffer(count: rows * cols)
    }

    /// A view of `buffer`, which holds rows·cols elements.
    public init(rows: Int, cols: Int, buffer: Buffer<Float>) {
        precondition(buffer.count == rows * cols)
        self.rows = rows
        self.cols = cols
        self.buffer = buffer
    }

    @inlinable public var pointer: UnsafeMutablePointer<Float> { buffer.pointer }
    @inlinable public func row(_ index: Int) -> UnsafeMutablePointer<Float> { buffer.pointer + index * cols }
    @inlinable public subscript(row: Int, col: Int) -> Float {
        get { buffer.pointer[row * cols + col] }
        set { buffer.pointer[row * cols + col] = newValue }
    }
}
