import Foundation
import Support

/// `manifest.json`: written last, it makes the shards beside it a checkpoint.
struct Manifest: Codable, Sendable {
    static let fileName = "manifest.json"
    static let schema = 1

    var schema = Manifest.schema
    var key: CheckpointKey
    /// A module's result that later modules need: kept until it is unpinned.
    var pinned: Bool
    var identity: CheckpointIdentity
    var state: [String: String]
    var shards: [ShardReceipt]
    /// Time of writing, for people.
    var written: String

    /// The manifest in `folder`; nil where it has none; a `Damage` where it cannot be trusted.
    static func read(in folder: String) throws -> Result<Manifest, Damage>? {
        let path = "\(folder)/\(fileName)"
        var status = stat()
        if stat(path, &status) != 0 {
            if errno == ENOENT { return nil }
            throw Failure.system(errno, "the manifest cannot be read", path)
        }
        guard let data = FileManager.default.contents(atPath: path) else {
            return .failure(Damage("the file cannot be read"))
        }
        return ChecksummedJSON.decode(Manifest.self, from: data).flatMap { manifest in
            guard manifest.schema == schema else {
                return .failure(Damage("schema \(manifest.schema), this program knows \(schema)"))
            }
            // The checksum says that nobody changed it by accident, not who wrote it.
            guard manifest.isSound else { return .failure(Damage("its numbers do not describe shards")) }
            return .success(manifest)
        }
    }

    /// Whether shards and arrays have sizes that files have, and each array's parts make a whole: then nothing asks for more memory
    /// than the files take.
    private var isSound: Bool {
        let count = shards.count
        return (1...Self.mostShards).contains(count) && shards.map(\.shard).elementsEqual(0..<count)
            && shards.allSatisfy { $0.isSound && $0.shardCount == count }
            && Dictionary(grouping: shards.flatMap(\.arrays), by: \.name).values.allSatisfy(Self.makeWhole)
    }

    /// Workers of a group, at most: sums over their shards fit an Int.
    static let mostShards = 1 << 16

    func write(in folder: String) throws { try AtomicFile.write("\(folder)/\(Self.fileName)", ChecksummedJSON.encode(self)) }

    /// Checks that the shards are all there and that the parts of each array make a whole.
    ///
    /// - Throws: `Failure(.damagedCheckpoint)`: a checkpoint that could not be read back must not be committed.
    func checkWhole(at folder: String) throws {
        let count = shards.first?.shardCount ?? 0
        guard count > 0, shards.map(\.shard) == Array(0..<count), shards.allSatisfy({ $0.shardCount == count }) else {
            throw Failure(
                .damagedCheckpoint, "the shards do not make a checkpoint", at: folder,
                found: "shards \(shards.map { "\($0.shard) of \($0.shardCount)" })", expected: "one of each")
        }
        for (name, parts) in Dictionary(grouping: shards.flatMap(\.arrays), by: \.name) {
            guard Self.makeWhole(parts) else {
                throw Failure(
                    .damagedCheckpoint, "the parts of array '\(name)' do not make a whole", at: folder,
                    found: parts.map { "rows \($0.rows) columns \($0.cols) of \($0.whole)" }.joined(separator: ", "),
                    expected: "neighbouring parts of one type, without gap or overlap")
            }
        }
    }

    private static func makeWhole(_ parts: [ArrayRecord]) -> Bool {
        let whole = parts[0].whole
        let sameKind = parts.allSatisfy {
            $0.whole == whole && $0.type == parts[0].type && $0.shape.count == parts[0].shape.count
        }
        let area = parts.reduce(0) { $0 + $1.rows.count * $1.cols.count }
        let filled = parts.filter { !$0.rows.isEmpty && !$0.cols.isEmpty }
        let inOrder = filled.sorted { ($0.rows.lowerBound, $0.cols.lowerBound) < ($1.rows.lowerBound, $1.cols.lowerBound) }
        let disjoint = zip(inOrder, inOrder.dropFirst()).allSatisfy { a, b in
            a.rows.upperBound <= b.rows.lowerBound || a.rows == b.rows && a.cols.upperBound <= b.cols.lowerBound
        }
        let inside = filled.allSatisfy {
            $0.rows.lowerBound >= 0 && $0.cols.lowerBound >= 0 && $0.rows.upperBound <= whole.rows
                && $0.cols.upperBound <= whole.cols
        }
        return sameKind && disjoint && inside && area == whole.rows * whole.cols
    }
}

/// A worker's report on the shard that it has written; the group's leader puts it into the manifest.
public struct ShardReceipt: Sendable, Codable, Equatable {
    public var shard: Int
    public var shardCount: Int
    /// Name in the checkpoint's folder.
    public var file: String
    public var bytes: Int
    /// CRC-32 of the whole file.
    public var checksum: String
    public var arrays: [ArrayRecord]

    static func fileName(shard: Int, of count: Int) -> String { "shard-\(shard)-of-\(count).h5" }

    /// Whether nothing in it is out of any range: a name that leads elsewhere, extents that no array has.
    var isSound: Bool {
        let number = shard >= 0 && shard < shardCount
        guard number, file == Self.fileName(shard: shard, of: shardCount), Self.sizes.contains(bytes) else { return false }
        // Arrays are stored as they are, so that none takes less room in the file than in memory.
        var room = bytes
        return arrays.allSatisfy { array in
            guard array.isSound, array.bytes <= room else { return false }
            room -= array.bytes
            return true
        }
    }

    /// Of a file.
    private static let sizes = 0...1 << 46

    /// What is wrong with the file in `folder`, or nil where every byte is as it was written.
    func damage(in folder: String) throws -> Damage? {
        if let damage = try damageOfSize(in: folder) { return damage }
        let real = try CRC32.ofFile("\(folder)/\(file)").hex
        return real == checksum ? nil : Damage("checksum \(real), expected \(checksum)")
    }

    /// What a look at the file's presence and size finds wrong, without reading it.
    func damageOfSize(in folder: String) throws -> Damage? {
        let path = "\(folder)/\(file)"
        var status = stat()
        if stat(path, &status) != 0 {
            if errno == ENOENT { return Damage("the file is missing") }
            throw Failure.system(errno, "the shard cannot be read", path)
        }
        return Int(status.st_size) == bytes ? nil : Damage("\(status.st_size) bytes, expected \(bytes)")
    }
}
