import Support
import Foundation
import Synchronization

/// The checkpoints of one learner, in one folder: each worker writes its shard, the group's leader commits.
///
/// A checkpoint exists from the moment that its manifest does; whatever a killed run leaves incomplete is never read.
public final class CheckpointStore: Sendable {
    public let folder: String
    public let identity: CheckpointIdentity
    /// Whole checkpoints that are kept, pinned ones not counted.
    public let keep: Int
    let notice: @Sendable (String) -> Void
    let known = Mutex(Known())

    /// What the store knows about its folder.
    struct Known {
        /// Folders of checkpoints found to be damaged.
        var damaged = Set<String>()
        /// Place of each module in the order of training.
        var moduleIndex = [String: Int]()
    }

    /// - Parameters:
    ///   - folder: `<work>/models/…/v_<version>_<seed>`; made by the first shard.
    ///   - notice: told, in a sentence, of damage that was found and what is used instead.
    public init(
        folder: String, identity: CheckpointIdentity, keep: Int = 2, notice: @escaping @Sendable (String) -> Void = { _ in }
    ) {
        precondition(keep >= 1)
        self.folder = folder
        self.identity = identity
        self.keep = keep
        self.notice = notice
    }

    func path(_ folder: CheckpointFolder) -> String { "\(self.folder)/\(folder.name)" }

    /// Writes this worker's arrays as shard `shard` of `count`; the file appears whole or not at all.
    ///
    /// Replicated arrays are written by shard 0 only. `attributes` become those of the file.
    ///
    /// - Throws: `Failure`: `.outOfResources` where the disk is full, `.usage` where we may not write.
    public func writeShard(
        _ key: CheckpointKey, shard: Int, of count: Int, arrays: [StoredArray], attributes: [String: H5Attribute] = [:]
    ) throws -> ShardReceipt {
        precondition((0..<count).contains(shard))
        let mine = arrays.filter { shard == 0 || $0.placement != .replicated }
        let file = ShardReceipt.fileName(shard: shard, of: count)
        let (checksum, bytes) = try AtomicFile.replace("\(path(key.folder))/\(file)") { temporary in
            let shardFile = try H5File(creating: temporary)
            try H5File.reserve(temporary, bytes: mine.reduce(0) { $0 + $1.bytes.count })
            try shardFile.setAttribute("format", .string("deepxml-dist checkpoint 1"))
            for (name, value) in attributes.sorted(by: { $0.key < $1.key }) { try shardFile.setAttribute(name, value) }
            for array in mine { try shardFile.write(array) }
            try shardFile.close()
            return try CRC32.ofFile(temporary)
        }
        return ShardReceipt(
            shard: shard, shardCount: count, file: file, bytes: bytes, checksum: checksum, arrays: mine.map(ArrayRecord.init))
    }

    /// Makes the shards of `key` a checkpoint, then deletes those that are no longer needed.
    ///
    /// Called by the group's leader, when it has the receipts of all shards.
    ///
    /// - Parameters:
    ///   - state: what is not an array: counters, learning rate, …
    ///   - pinned: the result of a module, which later modules need: kept until `unpin` or `removeAll`.
    ///   - prunes: looks for others that are no longer needed. It reads all manifests: for one of many parts, that is for nothing.
    public func commit(
        _ key: CheckpointKey, receipts: [ShardReceipt], state: [String: String], pinned: Bool = false, prunes: Bool = true
    ) throws {
        let manifest = Manifest(
            key: key, pinned: pinned, identity: identity, state: state, shards: receipts.sorted { $0.shard < $1.shard },
            written: Date().ISO8601Format())
        let folder = path(key.folder)
        try manifest.checkWhole(at: folder)
        try manifest.write(in: folder)
        try AtomicFile.synchronise(self.folder, saying: folder)
        known.withLock {
            _ = $0.damaged.remove(key.folder.name)
            $0.moduleIndex[key.module] = key.moduleIndex
        }
        if prunes { try prune(after: manifest) }
    }

    /// Deletes every checkpoint in the folder, pinned or not, of this run or another (`--fresh`).
    public func removeAll() throws {
        for folder in try folders() { try remove(folder) }
    }

    /// End of the names of modules whose checkpoints are kept beside those that training goes on from: the best epoch of a module.
    public static let besideEnding = "-best"

    /// Deletes the checkpoints of a module beside another, but for some epochs', which unpinned checkpoints of the other name by `state`
    /// or which are `kept`.
    ///
    /// - Parameter state: the key under which the other module's checkpoints name an epoch.
    public func removeBeside(_ module: String, state: String, kept: Int?) throws {
        let named = try manifests().whole.filter { !$0.pinned && $0.key.module == module }.compactMap { $0.state[state] }
        for folder in try folders() where folder.module == module + Self.besideEnding {
            if folder.epoch != kept && !named.contains("\(folder.epoch)") { try remove(folder) }
        }
    }

    /// Deletes the checkpoints of some modules, pinned or not, finished or not: parts of a result that is stored as a whole now.
    public func remove(modules areNeedless: (String) -> Bool) throws {
        for folder in try folders() where areNeedless(folder.module) { try remove(folder) }
    }

    /// Lets the pinned checkpoints of `module` go: the next commits prune them like all others.
    public func unpin(module: String) throws {
        for folder in try folders() where folder.module == module {
            guard case .success(var manifest) = try Manifest.read(in: path(folder)), manifest.pinned else { continue }
            manifest.pinned = false
            try manifest.write(in: path(folder))
        }
    }
}

extension H5File {
    /// The array as a dataset that says by its attributes which part of the whole it is.
    func write(_ array: StoredArray) throws {
        try write(array.name, type: array.type, shape: array.shape, from: array.bytes)
        switch array.placement {
        case .replicated: try setAttribute("placement", .string("replicated"), on: array.name)
        case .rows(let start, let total), .columns(let start, let total):
            let isRows = if case .rows = array.placement { true } else { false }
            try setAttribute("placement", .string(isRows ? "rows" : "columns"), on: array.name)
            try setAttribute("start", .int(start), on: array.name)
            try setAttribute("total", .int(total), on: array.name)
        }
    }
}
