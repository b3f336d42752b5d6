import Support

/// A whole checkpoint: any part of any array, whatever number of workers wrote it. Or what a mapped file has of one.
public final class CheckpointReader: Sendable {
    /// Of the checkpoint, or the mapped file.
    public let folder: String
    public let key: CheckpointKey
    public let state: [String: String]
    public let isPinned: Bool
    /// Number of workers that wrote it.
    public let shardCount: Int
    private let source: Source

    private enum Source: Sendable {
        case shards([ShardReceipt])
        case mapped(MappedCheckpoint)
    }

    /// Arrays come as views of a mapped file: whoever only reads them shares them with other ranks.
    public var isMapped: Bool { if case .mapped = source { true } else { false } }

    /// Names of the arrays, in alphabetical order.
    public var names: [String] {
        switch source {
        case .shards(let shards): Set(shards.flatMap(\.arrays).map(\.name)).sorted()
        case .mapped(let arrays): arrays.names
        }
    }

    init(folder: String, manifest: Manifest) {
        (self.folder, key, state, isPinned) = (folder, manifest.key, manifest.state, manifest.pinned)
        shardCount = manifest.shards.count
        source = .shards(manifest.shards)
    }

    /// What `file` has of the module; nil where it has nothing of it.
    ///
    /// - Throws: `Failure(.damagedCheckpoint)` where what it says of the module cannot be read.
    public init?(_ file: ArrayFile, module: String) throws {
        guard let arrays = try MappedCheckpoint(file, module: module) else { return nil }
        (folder, key, state, isPinned) = (file.path, arrays.record.key, arrays.record.state, true)
        shardCount = arrays.record.shards
        source = .mapped(arrays)
    }

    public func contains(_ name: String) -> Bool {
        switch source {
        case .shards(let shards): shards.contains { $0.arrays.contains { $0.name == name } }
        case .mapped(let arrays): arrays.extent(name) != nil
        }
    }

    /// Rows and columns of the whole array; a 1-D array has one column.
    public func extent(_ name: String) throws -> (rows: Int, cols: Int) {
        guard let extent = wholeExtent(name) else {
            throw Failure(
                .damagedCheckpoint, "the checkpoint has no array '\(name)'", at: folder,
                found: names.joined(separator: ", "), advice: "start over with --fresh")
        }
        return extent
    }

    /// - Throws: `Failure`: `.usage` where an array is not rows×cols, `.damagedCheckpoint` where there is none of the name.
    public func require(_ name: String, rows: Int, cols: Int) throws {
        let found = try extent(name)
        guard found == (rows, cols) else {
            throw otherSize(name, found: "\(found.rows)×\(found.cols)", expected: "\(rows)×\(cols)")
        }
    }

    /// What is told of an array that does not fit the rest of the model.
    public func otherSize(_ name: String, found: String, expected: String) -> Failure {
        Failure(
            .usage, "an array of another size than the model's", at: "\(folder): \(key.module)/\(name)", found: found,
            expected: expected,
            advice: "use another copy of the model: this one was put together by something else than this program")
    }

    private func wholeExtent(_ name: String) -> (rows: Int, cols: Int)? {
        switch source {
        case .shards(let shards):
            shards.lazy.compactMap { $0.arrays.first { $0.name == name }?.whole }.first
        case .mapped(let arrays): arrays.extent(name)
        }
    }

    /// The type of an array's elements, as a checkpoint stores them; nil where there is no such array.
    public func scalar(_ name: String) -> H5Scalar? {
        guard case .shards(let shards) = source else { return nil }
        return shards.lazy.compactMap { $0.arrays.first { $0.name == name }?.type }.first
    }

    /// All of an array, row-major, put together where it was sharded.
    public func replicated<T: H5Element>(_ name: String) throws -> Buffer<T> {
        let (rows, cols) = try extent(name)
        return try rectangle(name, 0..<rows, 0..<cols)
    }

    /// Rows `range` of the whole array, with all columns: range.count × cols, row-major.
    public func rows<T: H5Element>(_ name: String, _ range: Range<Int>) throws -> Buffer<T> {
        try rectangle(name, range, 0..<extent(name).cols)
    }

    /// Columns `range` of the whole matrix: rows × range.count, row-major.
    public func columns(_ name: String, _ range: Range<Int>) throws -> Buffer<Float> {
        try rectangle(name, 0..<extent(name).rows, range)
    }

    /// Any rectangle of an array, gathered from the shards that hold parts of it; one chunk (1 MiB) is in flight. Of a mapped file,
    /// whole rows are a view, which may not be written to.
    ///
    /// - Throws: `Failure(.damagedCheckpoint)` where a file has changed since it was checked.
    public func rectangle<T: H5Element>(_ name: String, _ rows: Range<Int>, _ cols: Range<Int>) throws -> Buffer<T> {
        let whole = try extent(name)
        guard rows.lowerBound >= 0, cols.lowerBound >= 0, rows.upperBound <= whole.rows, cols.upperBound <= whole.cols else {
            throw Failure(
                .damagedCheckpoint, "array '\(name)' of the checkpoint is smaller than this run needs", at: folder,
                found: "\(whole.rows)×\(whole.cols)", expected: "rows \(rows), columns \(cols)", advice: "start over with --fresh"
            )
        }
        switch source {
        case .mapped(let arrays): return try arrays.rectangle(name, rows, cols)
        case .shards(let shards): return try gathered(name, rows, cols, from: shards)
        }
    }

    private func gathered<T: H5Element>(
        _ name: String, _ rows: Range<Int>, _ cols: Range<Int>, from shards: [ShardReceipt]
    ) throws -> Buffer<T> {
        let result = Buffer<T>(count: rows.count * cols.count)
        for shard in shards {
            for part in shard.arrays where part.name == name {
                let (sharedRows, sharedCols) = (part.rows.clamped(to: rows), part.cols.clamped(to: cols))
                if sharedRows.isEmpty || sharedCols.isEmpty { continue }
                let window = H5Window(
                    rows: sharedRows.shifted(by: -part.rows.lowerBound), cols: sharedCols.shifted(by: -part.cols.lowerBound),
                    target: (rows.count, cols.count),
                    corner: (sharedRows.lowerBound - rows.lowerBound, sharedCols.lowerBound - cols.lowerBound))
                try H5File(opening: "\(folder)/\(shard.file)", isOurs: true).read(name, window, into: result)
            }
        }
        return result
    }
}

extension Range<Int> {
    fileprivate func shifted(by offset: Int) -> Range<Int> { lowerBound + offset..<upperBound + offset }
}
