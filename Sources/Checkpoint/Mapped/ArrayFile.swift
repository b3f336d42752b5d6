import Foundation
import Support

/// Arrays in one file that is mapped, not read: the ranks of a node, and whoever opens it next, share the pages that the system has
/// of it. Each array is whole, row-major, little-endian, and begins at a multiple of 64 bytes.
///
/// First the magic, then the arrays, then their description as JSON; the last 16 bytes are the description's place and the magic.
/// Of each 16 MiB of an array the description has the digest (XXH64).
public final class ArrayFile: Sendable {
    /// What the description says of one array.
    struct Entry: Codable, Sendable {
        var name: String
        var type: ArrayType
        var rows: Int
        var cols: Int
        var offset: Int
        /// Of each block of `blockBytes`, in hexadecimal digits.
        var digests: [String]

        var bytes: Int { rows * cols * type.size }

        /// Whether it lies in a file of so many bytes, and is counted by an Int.
        func lies(in bytes: Int) -> Bool {
            // Of arrays without elements, too: extents are added up and multiplied.
            let extents = 0...1 << 48
            guard extents.contains(rows), extents.contains(cols), offset >= 0, offset % ArrayFile.alignment == 0 else {
                return false
            }
            let (count, overflow) = rows.multipliedReportingOverflow(by: cols)
            return !overflow && count < 1 << 59 && offset <= bytes && self.bytes <= bytes - offset
                && digests.count == ArrayFile.blocks(self.bytes).count
        }
    }

    struct Description: Codable, Sendable {
        var schema = ArrayFile.schema
        var attributes: [String: String]
        var arrays: [Entry]
    }

    static let schema = 1
    static let alignment = 64
    static let magic = Array("DXARRAY1".utf8)
    static let blockBytes = 16 << 20

    public let path: String
    /// What is not an array.
    public let attributes: [String: String]
    private let file: MappedFile
    private let entries: [String: Entry]
    private let inOrder: [Entry]

    /// Names of the arrays, in the order in which they were written.
    public var names: [String] { inOrder.map(\.name) }
    /// Bytes of the file.
    public var count: Int { file.count }

    /// Maps a file. Of the arrays nothing is read yet: `check` does.
    ///
    /// - Throws: `Failure`: `.usage` where there is none, `.damagedCheckpoint` where its description is not as it was written.
    public convenience init(mapping path: String) throws { try self.init(MappedFile(path: path)) }

    package init(_ file: MappedFile) throws {
        (path, self.file) = (file.path, file)
        let description = try Self.description(of: file)
        attributes = description.attributes
        inOrder = description.arrays
        entries = Dictionary(description.arrays.map { ($0.name, $0) }) { first, _ in first }
    }

    private static func description(of file: MappedFile) throws -> Description {
        let bytes = file.bytes, end = bytes.count - 16
        guard end >= alignment, bytes.prefix(8).elementsEqual(magic), bytes.suffix(8).elementsEqual(magic) else {
            throw damaged(file.path, "no magic at its start and end: it is cut short, or no such file")
        }
        let place = Int(truncatingIfNeeded: bytes.loadUnaligned(fromByteOffset: end, as: UInt64.self))
        guard (alignment...end).contains(place) else { throw damaged(file.path, "a description at byte \(place) of \(end)") }
        switch ChecksummedJSON.decode(Description.self, from: Data(bytes[place..<end])) {
        case .failure(let damage): throw damaged(file.path, "description: \(damage.reason)")
        case .success(let description):
            guard description.schema == schema else { throw damaged(file.path, "schema \(description.schema), not \(schema)") }
            guard description.arrays.allSatisfy({ $0.lies(in: place) }) else {
                throw damaged(file.path, "an array that leads beyond the file")
            }
            return description
        }
    }

    public func contains(_ name: String) -> Bool { entries[name] != nil }

    /// Rows and columns of an array; nil where there is none of that name.
    public func extent(_ name: String) -> (rows: Int, cols: Int)? { entries[name].map { ($0.rows, $0.cols) } }

    /// The type of an array's elements; nil where there is none of that name.
    public func type(_ name: String) -> ArrayType? { entries[name]?.type }

    /// An array, row-major: a view of the mapped pages, which may not be written to.
    ///
    /// - Throws: `Failure(.damagedCheckpoint)` where there is none of that name, or its elements are of another size.
    public func array<Element: BitwiseCopyable>(_ name: String, as type: Element.Type = Element.self) throws -> Buffer<Element> {
        guard let entry = entries[name], entry.type.size == MemoryLayout<Element>.stride else {
            throw Self.damaged(
                path, entries[name].map { "array '\(name)' of \($0.type.rawValue)" } ?? "no array '\(name)'",
                expected: "\(name) of \(MemoryLayout<Element>.stride) bytes an element")
        }
        return file.view(type, at: entry.offset, count: entry.rows * entry.cols)
    }

    /// Reads all of the file and compares it with the digests: about a second for 3 GB that the system has in memory.
    ///
    /// - Throws: `Failure(.damagedCheckpoint)` where a byte is not as it was written.
    public func check(_ team: ThreadTeam) throws {
        let blocks = inOrder.flatMap { entry in
            zip(Self.blocks(entry.bytes), entry.digests).map {
                (entry.offset + $0.lowerBound..<entry.offset + $0.upperBound, $1)
            }
        }
        let wrong = Buffer<UInt8>(count: blocks.count), file = file
        try ProgressScope.stage("checking the model", of: blocks.count * 16, "MiB") { progress in
            team.forEach(blocks.count) { index in
                let (range, digest) = blocks[index]
                let found = ContentHash.hex(ContentHash.of(UnsafeRawBufferPointer(rebasing: file.bytes[range])))
                wrong[index] = found == digest ? 0 : 1
                // What was only looked at need not count as this rank's memory.
                file.letGo(range)
                progress.advance(by: 16)
            }
            if let first = wrong.array.firstIndex(of: 1) {
                throw Self.damaged(path, "bytes \(blocks[first].0) whose digest is not \(blocks[first].1)")
            }
        }
    }

    /// Takes arrays that were only looked at out of this process's memory until they are read again.
    package func letGo(_ names: [String]) {
        for entry in names.compactMap({ entries[$0] }) { file.letGo(entry.offset..<entry.offset + entry.bytes) }
    }

    static func blocks(_ bytes: Int) -> [Range<Int>] {
        stride(from: 0, to: bytes, by: blockBytes).map { $0..<min($0 + blockBytes, bytes) }
    }

    static func damaged(_ path: String, _ found: String, expected: String = "the file as it was written") -> Failure {
        Failure(
            .damagedCheckpoint, "the file of mapped arrays cannot be trusted", at: path, found: found, expected: expected,
            advice: "delete the file: predict then makes it again from the checkpoints; a compressed model must be made again")
    }
}

/// What the elements of a mapped array are.
public enum ArrayType: String, Codable, Sendable {
    case float32, float64, int32, int64, uint8, uint64
    /// The upper half of a float32.
    case bfloat16
    /// Times a scale, which another array has.
    case int8

    public var size: Int {
        switch self {
        case .uint8, .int8: 1
        case .bfloat16: 2
        case .float32, .int32: 4
        case .float64, .int64, .uint64: 8
        }
    }

    public init(_ scalar: H5Scalar) {
        self =
            switch scalar {
            case .float32: .float32
            case .float64: .float64
            case .int32: .int32
            case .int64: .int64
            case .uint8: .uint8
            case .uint64: .uint64
            }
    }
}
