import Foundation
import Support

// Deleting what is no longer needed.
extension CheckpointStore {
    /// Keeps the newest `keep` whole checkpoints and the pinned ones; deletes the others, and what killed runs left.
    ///
    /// While it runs, other workers may be writing shards of a later key, so only folders of earlier keys are deleted:
    /// every worker has written past those, since all have written a shard of `committed`.
    func prune(after committed: Manifest) throws {
        let manifests = try self.manifests().whole
        let damaged = known.withLock { $0.damaged }
        let whole = manifests.filter { $0.key <= committed.key && !damaged.contains($0.key.folder.name) }
        let kept = whole.filter { !$0.pinned }.prefix(keep) + whole.filter(\.pinned)
        let keptFolders = Set(kept.map(\.key.folder))
        for folder in try folders() where !keptFolders.contains(folder) && isEarlier(folder, than: committed.key) {
            try remove(folder)
        }
        try removeStrangers(in: committed)
    }

    /// A module of unknown place in the order may be one to come.
    private func isEarlier(_ folder: CheckpointFolder, than key: CheckpointKey) -> Bool {
        guard let index = known.withLock({ $0.moduleIndex[folder.module] }) else { return false }
        return (index, folder.epoch, folder.step) < (key.moduleIndex, key.epoch, key.step)
    }

    /// Deletes shards of another number of workers that a killed run left in the folder.
    private func removeStrangers(in manifest: Manifest) throws {
        let folder = path(manifest.key.folder)
        let ours = Set(manifest.shards.map(\.file) + [Manifest.fileName])
        for file in (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [] where !ours.contains(file) {
            try delete("\(folder)/\(file)")
        }
    }

    /// Deletes a checkpoint, its manifest first: a kill in between leaves no damaged checkpoint, but none.
    func remove(_ folder: CheckpointFolder) throws {
        let path = path(folder)
        try delete("\(path)/\(Manifest.fileName)")
        for file in (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? [] { try delete("\(path)/\(file)") }
        if rmdir(path) != 0, errno != ENOENT { throw Failure.system(errno, "the checkpoint cannot be deleted", path) }
        known.withLock { _ = $0.damaged.remove(folder.name) }
    }

    private func delete(_ file: String) throws {
        if unlink(file) != 0, errno != ENOENT { throw Failure.system(errno, "the file cannot be deleted", file) }
    }
}
