import Support

/// A whole checkpoint: any part of any array, whatever number of workers wrote it.
public final class CheckpointReader: Sendable {
    public let folder: String
    private let manifest: Manifest

    public var key: CheckpointKey { manifest.key }
    public var state: [String: String] { manifest.state }
    public var isPinned: Bool { manifest.pinned }
    /// Number of workers that wrote it.
    public var shardCount: Int { manifest.shards.count }
    /// Names of the arrays, in alphabetical order.
    public var names: [String] { Set(manifest.shards.flatMap(\.arrays).map(\.name)).sorted() }

    init(folder: String, manifest: Manifest) {
        self.folder = folder
        self.manifest = manifest
    }

    public func contains(_ name: String) -> Bool { part(of: name) != nil }

    /// Rows and columns of the whole array; a 1-D array has one column.
    public func extent(_ name: String) throws -> (rows: Int, cols: Int) {
        guard let part = part(of: name) else {
            throw Failure(
                .damagedCheckpoint, "the checkpoint has no array '\(name)'", at: folder,
                found: names.joined(separator: ", "), advice: "start over with --fresh")
        }
        return part.whole
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

    /// Any rectangle of an array, gathered from the shards that hold parts of it; one chunk (1 MiB) is in flight.
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
        let result = Buffer<T>(count: rows.count * cols.count)
        for shard in manifest.shards {
            for part in shard.arrays where part.name == name {
                let (sharedRows, sharedCols) = (part.rows.clamped(to: rows), part.cols.clamped(to: cols))
                if sharedRows.isEmpty || sharedCols.isEmpty { continue }
                let window = H5Window(
                    rows: sharedRows.shifted(by: -part.rows.lowerBound), cols: sharedCols.shifted(by: -part.cols.lowerBound),
                    target: (rows.count, cols.count),
                    corner: (sharedRows.lowerBound - rows.lowerBound, sharedCols.lowerBound - cols.lowerBound))
                try H5File(opening: "\(folder)/\(shard.file)").read(name, window, into: result)
            }
        }
        return result
    }

    private func part(of name: String) -> ArrayRecord? {
        for shard in manifest.shards {
            if let part = shard.arrays.first(where: { $0.name == name }) { return part }
        }
        return nil
    }
}

extension Range<Int> {
    fileprivate func shifted(by offset: Int) -> Range<Int> { lowerBound + offset..<upperBound + offset }
}
