/// Floats in the memory of one device. Its content is reached by the device's operations alone.
///
/// Each device has a class of its own for this; nobody else looks inside.
open class DeviceMemory: @unchecked Sendable {
    /// Floats.
    public let count: Int

    public init(count: Int) { self.count = count }
}

/// A rows×cols matrix of 32-bit floats on a device: a handle, not the numbers.
///
/// Row r begins `offset + r·stride` floats into the memory. Several tensors may be views of one memory; operations that run at
/// the same time must write to disjoint parts of it.
public struct Tensor: @unchecked Sendable {
    public let memory: DeviceMemory
    public let offset: Int
    public let rows: Int, cols: Int
    /// Floats from one row to the next, at least `cols`. What lies between is padding.
    public let stride: Int

    /// - Precondition: the rows lie within the memory.
    public init(_ memory: DeviceMemory, offset: Int = 0, rows: Int, cols: Int, stride: Int? = nil) {
        let stride = stride ?? cols
        precondition(offset >= 0 && rows >= 0 && cols >= 0 && stride >= cols)
        precondition(rows == 0 || offset + (rows - 1) * stride + cols <= memory.count, "a tensor that leaves its memory")
        (self.memory, self.offset, self.rows, self.cols, self.stride) = (memory, offset, rows, cols, stride)
    }

    /// Some neighbouring rows, as a view.
    @inlinable public func rows(_ range: Range<Int>) -> Tensor {
        precondition(range.lowerBound >= 0 && range.upperBound <= rows)
        return Tensor(memory, offset: offset + range.lowerBound * stride, rows: range.count, cols: cols, stride: stride)
    }

    /// Some neighbouring columns, as a view.
    @inlinable public func columns(_ range: Range<Int>) -> Tensor {
        precondition(range.lowerBound >= 0 && range.upperBound <= cols)
        return Tensor(memory, offset: offset + range.lowerBound, rows: rows, cols: range.count, stride: stride)
    }

    /// The same memory with the padding between rows as columns.
    @inlinable public var withPadding: Tensor { Tensor(memory, offset: offset, rows: rows, cols: stride) }

    /// The floats `range` of the memory behind `offset` as one row.
    @inlinable public func flat(_ range: Range<Int>) -> Tensor {
        Tensor(memory, offset: offset + range.lowerBound, rows: 1, cols: range.count)
    }

    /// A rows×cols matrix without padding, whose floats are those of the memory from `place` floats behind `offset` on.
    @inlinable public func matrix(at place: Int, rows: Int, cols: Int) -> Tensor {
        Tensor(memory, offset: offset + place, rows: rows, cols: cols)
    }

    /// Both are the same view of the same memory.
    public func isSame(as other: Tensor) -> Bool {
        memory === other.memory && offset == other.offset && rows == other.rows && cols == other.cols && stride == other.stride
    }
}

/// Rows of activations and classifiers are padded with zeros to whole vectors of 16 floats.
///
/// - Returns: the stride for rows of `dims` floats.
@inlinable public func paddedWidth(_ dims: Int) -> Int { (dims + 15) / 16 * 16 }
