import Foundation
import Support

/// A checkpoint's folder as it lies there, read without comparing it with any run.
public struct CheckpointEntry: Sendable {
    public let folder: String
    /// `ckpt_<module>_<epoch>_<step>`.
    public var name: String { lastName(folder) }
    /// What the manifest says; nil where there is none, or none that can be trusted.
    let manifest: Manifest?
    /// Why the manifest cannot be trusted, in a few words.
    public let damage: String?

    /// - Throws: `Failure` where the folder cannot be looked at.
    public init(folder: String) throws {
        self.folder = folder
        switch try Manifest.read(in: folder) {
        case .success(let manifest): (self.manifest, damage) = (manifest, nil)
        case .failure(let found): (manifest, damage) = (nil, found.reason)
        case nil: (manifest, damage) = (nil, nil)
        }
    }

    /// Neither whole nor damaged: a killed run left it without a manifest, or its shards are being written.
    public var isUnfinished: Bool { manifest == nil && damage == nil }
    public var key: CheckpointKey? { manifest?.key }
    public var isPinned: Bool { manifest?.pinned ?? false }
    public var identity: CheckpointIdentity? { manifest?.identity }
    public var state: [String: String] { manifest?.state ?? [:] }
    /// Time of writing, ISO 8601.
    public var written: String { manifest?.written ?? "" }
    public var shards: [ShardReceipt] { manifest?.shards ?? [] }
    /// Bytes of all shards, as the manifest has them.
    public var bytes: Int { shards.reduce(0) { $0 + $1.bytes } }

    /// The arrays, each as a whole, in alphabetical order.
    public var arrays: [WholeArray] {
        let parts = Dictionary(grouping: shards.flatMap(\.arrays), by: \.name)
        return parts.sorted { $0.key < $1.key }.map { WholeArray(parts: $0.value) }
    }

    /// What is wrong with its files, each by its path; empty where all is well.
    ///
    /// - Parameter checksums: reads every byte of every shard; else only presence and size are looked at.
    public func damages(checksums: Bool) throws -> [(path: String, reason: String)] {
        if let damage { return [("\(folder)/\(Manifest.fileName)", damage)] }
        return try shards.compactMap { shard in
            let found = try checksums ? shard.damage(in: folder) : shard.damageOfSize(in: folder)
            return found.map { ("\(folder)/\(shard.file)", $0.reason) }
        }
    }

    /// Its arrays, to read.
    ///
    /// - Throws: `Failure(.damagedCheckpoint)` where it has no manifest that can be trusted, or a file is not as it was
    ///   written.
    public func reader() throws -> CheckpointReader {
        guard let manifest else {
            throw Failure(
                .damagedCheckpoint, "there is no whole checkpoint", at: folder, found: damage ?? "no manifest",
                advice: "run the training command again: it goes on from the newest whole checkpoint")
        }
        if let (path, reason) = try damages(checksums: true).first {
            throw Failure(
                .damagedCheckpoint, "the checkpoint is damaged", at: path, found: reason,
                advice: "restore the file, or train again with --fresh")
        }
        return CheckpointReader(folder: folder, manifest: manifest)
    }
}

extension CheckpointEntry {
    /// The checkpoints in a learner's folder, in the order of training; those without a key (damaged, unfinished) last.
    ///
    /// - Throws: `Failure` where the folder cannot be listed.
    public static func all(in folder: String) throws -> [CheckpointEntry] {
        let names: [String]
        do {
            names = try FileManager.default.contentsOfDirectory(atPath: folder)
        } catch {
            throw Failure(
                .usage, "the folder cannot be listed", at: folder, found: error.localizedDescription,
                advice: "see whether the path is right, and who may read it")
        }
        let entries = try names.filter(isName).sorted().map { try CheckpointEntry(folder: "\(folder)/\($0)") }
        let keyed = entries.filter { $0.key != nil }.sorted { a, b in
            guard let first = a.key, let second = b.key else { return false }
            return first < second
        }
        return keyed + entries.filter { $0.key == nil }
    }

    /// Whether a folder of this name is a checkpoint's.
    public static func isName(_ name: String) -> Bool { CheckpointFolder(name: name) != nil }
}

/// An array of a checkpoint as a whole: what the parts in its shards make together.
public struct WholeArray: Sendable, Equatable {
    public var name: String
    public var type: H5Scalar
    /// One extent, or rows and columns.
    public var shape: [Int]
    /// `replicated`, `rows` or `columns`: how it is cut.
    public var cut: String
    public var parts: Int
    public var bytes: Int { shape.reduce(1, *) * type.size }

    /// - Parameter parts: at least one.
    init(parts: [ArrayRecord]) {
        let first = parts[0], whole = first.whole
        name = first.name
        type = first.type
        shape = first.shape.count == 2 ? [whole.rows, whole.cols] : [whole.rows]
        cut =
            switch first.placement {
            case .replicated: "replicated"
            case .rows: "rows"
            case .columns: "columns"
            }
        self.parts = parts.count
    }
}
