import Support

/// Writes an `ArrayFile`, array after array; it appears under its name when it is committed.
public struct ArrayFileWriter: ~Copyable {
    private var file: AtomicFile
    private var description = ArrayFile.Description(attributes: [:], arrays: [])
    private let team: ThreadTeam

    /// - Parameter team: makes the digests.
    /// - Throws: `Failure` where the file may not be written.
    public init(path: String, team: ThreadTeam) throws {
        self.team = team
        var file = try AtomicFile(path: path)
        try file.write(ArrayFile.magic)
        self.file = file
    }

    /// What is not an array, by its name.
    public mutating func set(_ attribute: String, _ value: String) { description.attributes[attribute] = value }

    /// Adds an array.
    ///
    /// - Parameter bytes: rows×cols elements, row-major.
    /// - Throws: `Failure`: `.outOfResources` where the disk is full.
    mutating func write(
        _ name: String, _ type: ArrayType, rows: Int, cols: Int, _ bytes: UnsafeRawBufferPointer
    ) throws {
        precondition(bytes.count == rows * cols * type.size, "\(name): \(bytes.count) bytes for \(rows)×\(cols)")
        try file.pad(to: ArrayFile.alignment)
        let digests = Digests(bytes, team).hex
        description.arrays.append(
            ArrayFile.Entry(name: name, type: type, rows: rows, cols: cols, offset: file.position, digests: digests))
        try file.write(bytes)
    }

    /// Adds an array of the buffer's elements, or of what its bytes are.
    ///
    /// - Parameter rows: nil: as many as the buffer has; where there are no columns, of arrays of which only the extent counts.
    public mutating func write<Element: BitwiseCopyable>(
        _ name: String, _ buffer: Buffer<Element>, _ type: ArrayType, rows: Int? = nil, cols: Int = 1
    ) throws {
        let rows = rows ?? (cols == 0 ? 0 : buffer.byteCount / type.size / cols)
        try write(name, type, rows: rows, cols: cols, UnsafeRawBufferPointer(buffer.bytes))
    }

    /// Makes the file durable and gives it its name.
    public consuming func commit() throws {
        try file.pad(to: ArrayFile.alignment)
        let place = UInt64(file.position)
        try file.write(Array(ChecksummedJSON.encode(description)))
        try file.write(withUnsafeBytes(of: place.littleEndian) { Array($0) } + ArrayFile.magic)
        try file.commit()
    }
}

/// The digest of each block of an array.
private struct Digests {
    let hex: [String]

    init(_ bytes: UnsafeRawBufferPointer, _ team: ThreadTeam) {
        let blocks = ArrayFile.blocks(bytes.count), found = Buffer<UInt64>(count: blocks.count)
        let address = UInt(bitPattern: bytes.baseAddress)
        team.forEach(blocks.count) { index in
            let start = UnsafeRawPointer(bitPattern: address).map { $0 + blocks[index].lowerBound }
            found[index] = ContentHash.of(UnsafeRawBufferPointer(start: start, count: blocks[index].count))
        }
        hex = found.array.map(ContentHash.hex)
    }
}
