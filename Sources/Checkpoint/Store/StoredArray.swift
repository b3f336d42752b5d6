import Support

/// How the parts of an array that the workers hold make up the whole.
public enum Placement: Sendable, Equatable, Codable {
    /// Every worker holds all of it; shard 0 stores it.
    case replicated
    /// This part is rows `start ..< start + local rows` of `total`.
    case rows(start: Int, total: Int)
    /// This part is columns `start ..< start + local columns` of `total`.
    case columns(start: Int, total: Int)
}

/// One worker's part of a named array, by reference: nothing is copied before it is written.
public struct StoredArray: @unchecked Sendable {
    public let name: String
    public let placement: Placement
    public let type: H5Scalar
    /// Local rows, or local rows and columns.
    public let shape: [Int]
    public let bytes: UnsafeRawBufferPointer
    /// Keeps `bytes` alive.
    private let owner: AnyObject

    public init(
        _ name: String, _ placement: Placement, type: H5Scalar, shape: [Int], bytes: UnsafeRawBufferPointer, owner: AnyObject
    ) {
        precondition((1...2).contains(shape.count) && bytes.count == shape.reduce(1, *) * type.size)
        self.name = name
        self.placement = placement
        self.type = type
        self.shape = shape
        self.bytes = bytes
        self.owner = owner
    }

    /// A 2-D array of the matrix's shape.
    public init(_ name: String, _ matrix: DenseMatrix, _ placement: Placement = .replicated) {
        self.init(
            name, placement, type: .float32, shape: [matrix.rows, matrix.cols],
            bytes: UnsafeRawBufferPointer(matrix.buffer.bytes), owner: matrix.buffer)
    }

    /// A 1-D array; with `columns`, a row-major 2-D array of that many.
    public init<T: H5Element>(
        _ name: String, _ buffer: Buffer<T>, columns: Int? = nil, _ placement: Placement = .replicated
    ) {
        let shape = columns.map { [$0 == 0 ? 0 : buffer.count / $0, $0] } ?? [buffer.count]
        self.init(
            name, placement, type: T.scalar, shape: shape, bytes: UnsafeRawBufferPointer(buffer.bytes), owner: buffer)
    }

    /// Whether each float is a number; whole numbers always are.
    public var isFinite: Bool {
        guard type == .float32 else { return true }
        var largest: UInt32 = 0
        // Without their signs, floats are in the order of their bits, with infinity and what is no number at the end.
        for bits in bytes.bindMemory(to: UInt32.self) { largest = max(largest, bits & 0x7FFF_FFFF) }
        return largest < Float.infinity.bitPattern
    }
}

/// A manifest's record of one array in one shard: enough to find any part of the whole without opening the file.
public struct ArrayRecord: Sendable, Codable, Equatable {
    public var name: String
    public var type: H5Scalar
    /// Local extents.
    public var shape: [Int]
    public var placement: Placement

    init(_ array: StoredArray) {
        name = array.name
        type = array.type
        shape = array.shape
        placement = array.placement
    }

    /// Whether the extents are some, and the part lies in the whole, with sizes that an Int can count.
    var isSound: Bool {
        guard (1...2).contains(shape.count), shape.allSatisfy({ (0...Int(UInt32.max)).contains($0) }) else { return false }
        switch placement {
        case .replicated: return Self.fits(shape[0], localCols)
        case .rows(let start, let total): return Self.lies(shape[0], from: start, in: total) && Self.fits(total, localCols)
        case .columns(let start, let total): return Self.lies(localCols, from: start, in: total) && Self.fits(shape[0], total)
        }
    }

    private static func lies(_ extent: Int, from start: Int, in total: Int) -> Bool {
        start >= 0 && total >= extent && start <= total - extent
    }

    /// Bytes of rows×cols elements are fewer than 2⁶².
    private static func fits(_ rows: Int, _ cols: Int) -> Bool {
        let (count, overflow) = rows.multipliedReportingOverflow(by: cols)
        return !overflow && (0..<1 << 59).contains(count)
    }

    /// Bytes of the part; of one that is sound.
    var bytes: Int { shape.reduce(1, *) * type.size }

    private var localCols: Int { shape.count == 2 ? shape[1] : 1 }

    /// Rows of the whole that are here.
    var rows: Range<Int> {
        if case .rows(let start, _) = placement { return start..<start + shape[0] }
        return 0..<shape[0]
    }

    /// Columns of the whole that are here; a 1-D array has one.
    var cols: Range<Int> {
        if case .columns(let start, _) = placement { return start..<start + localCols }
        return 0..<localCols
    }

    /// Rows and columns of the whole.
    var whole: (rows: Int, cols: Int) {
        switch placement {
        case .replicated: (shape[0], localCols)
        case .rows(_, let total): (total, localCols)
        case .columns(_, let total): (shape[0], total)
        }
    }
}
