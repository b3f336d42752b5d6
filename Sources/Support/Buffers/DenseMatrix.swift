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

    /// Some neighbouring rows, one after the other.
    @inlinable public func rows(_ range: Range<Int>) -> BufferSlice<Float> {
        buffer[range.lowerBound * cols..<range.upperBound * cols]
    }

    /// The elements of a row.
    @inlinable public func elements(_ row: Int) -> BufferSlice<Float> { buffer[row * cols..<(row + 1) * cols] }
}
