import Checkpoint
import DeepXMLModel
import Foundation
import Support
import Training

/// The blocks of labels that are trained, each a checkpoint of its own, which the worker that trained it writes and commits alone.
///
/// All have the same place in the order of checkpoints, and commits of blocks prune nothing: another worker may be writing one.
struct BlockStore {
    let store: CheckpointStore
    let blocks: LabelBlocks
    let features: Int

    private static let prefix = "block-"
    private static let inaccurate = "inaccurate_labels"

    private func key(_ block: Int) -> CheckpointKey {
        ModuleName(name: "\(Self.prefix)\(block)", index: ModuleName.classifiers.index - 1).key(epoch: 0, step: 0)
    }

    /// Which blocks are there, every byte of them checked.
    ///
    /// - Parameter notice: is told of those that are damaged, which must be trained again.
    /// - Throws: `Failure(.usage)` where one belongs to another run.
    func finished(notice: (String) throws -> Void) throws -> [Bool] {
        guard FileManager.default.fileExists(atPath: store.folder) else { return [Bool](repeating: false, count: blocks.count) }
        let entries = try CheckpointEntry.all(in: store.folder).filter { $0.key != nil }
        let byKey = Dictionary(entries.map { ($0.key, $0) }) { first, _ in first }
        return try (0..<blocks.count).map { block in
            guard let entry = byKey[key(block)] else { return false }
            _ = try store.open(key(block))
            guard let damage = try entry.damages(checksums: true).first else { return true }
            try notice("\(damage.path) is damaged (\(damage.reason)): its labels are trained again")
            return false
        }
    }

    /// Makes a block a checkpoint.
    ///
    /// - Parameter inaccurate: labels of it that are less accurate than asked.
    func save(_ block: Int, _ classifier: SparseClassifier, inaccurate: Int) throws {
        let labels = blocks.labels(of: block), entries = classifier.weights.nonZeros
        let arrays = StoredClassifier.arrays(
            classifier, first: labels.lowerBound, labels: labels.count, entries: (before: 0, all: entries))
        let receipt = try store.writeShard(key(block), shard: 0, of: 1, arrays: arrays)
        try store.commit(
            key(block), receipts: [receipt], state: [Self.inaccurate: "\(inaccurate)"], pinned: true, prunes: false)
    }

    /// The classifiers of a run of labels, out of the blocks, and how many of the blocks' labels are less accurate than asked: each
    /// block counts where its first label is.
    func classifier(of labels: Range<Int>) throws -> (classifier: SparseClassifier, inaccurate: Int) {
        var inaccurate = 0
        let parts = try blocks.holding(labels).map { block in
            let reader = try store.open(key(block)), its = blocks.labels(of: block)
            if labels.contains(its.lowerBound) { inaccurate += reader.state[Self.inaccurate].flatMap { Int($0) } ?? 0 }
            return try StoredClassifier(reader, first: its.lowerBound, features: features)
                .classifier(of: its.clamped(to: labels))
        }
        return (SparseClassifier(joining: parts, features: features), inaccurate)
    }

    /// Once the classifiers are stored as a whole.
    func removeAll() throws { try store.remove { $0.hasPrefix(Self.prefix) } }
}

extension ModuleName {
    static let classifiers = ModuleName(name: "classifiers", index: 2)
}
