import Devices
import Kernels
import Support

/// The best labels of documents among all those of a shard: tiles of logits, and of each tile only what beats the row's
/// k-th best so far. The B×L matrix never exists.
///
/// A logit has the same bits whatever the batch, the tile, the number of threads and the cut of the labels are: it is
/// that of the one-vs-all step in float32.
public struct OneVsAllTopK: Sendable {
    public let classifier: ClassifierShard

    public init(classifier: ClassifierShard) { self.classifier = classifier }

    /// The k best labels (global ids) of each row by descending logit w·z + b, ties by smaller id; fewer where the shard
    /// holds fewer. A label whose logit is NaN or −∞ is left out.
    ///
    /// - Parameter z: rows×ld, as the encoder leaves it.
    public func topK(_ z: UnsafePointer<Float>, rows: Int, k: Int, team: ThreadTeam) -> TopK {
        precondition(k >= 1 && classifier.labels.upperBound <= Int(Int32.max))
        let parts = labelParts(rows: rows, threads: team.size)
        if parts == 1 { return search(z, rows: rows, labels: 0..<classifier.labels.count, k: k, team: team) }
        let count = classifier.labels.count
        let lists = (0..<parts).map { _ in TopK(rows: rows, k: k) }
        nonisolated(unsafe) let z = z
        team.forEach(parts) { [self] part in
            search(z, rows: 0..<rows, labels: count * part / parts..<count * (part + 1) / parts, into: lists[part])
        }
        return mergeTopK(lists, k: k, team: team)
    }

    /// Too few rows for all threads: the labels are cut instead, and the lists merged.
    private func labelParts(rows: Int, threads: Int) -> Int {
        rows < Self.leastRows * threads ? min(threads, max(1, classifier.labels.count / 1024)) : 1
    }

    /// Below this the weights are laid out anew for too few rows.
    private static let leastRows = 96

    private func search(_ z: UnsafePointer<Float>, rows: Int, labels: Range<Int>, k: Int, team: ThreadTeam) -> TopK {
        let found = TopK(rows: rows, k: k)
        // Whole groups of 12 rows (tiles.h), at most what stays in the second-level cache.
        let share = (rows + team.size - 1) / team.size
        let height = min(480, max(12, (share + 11) / 12 * 12))
        nonisolated(unsafe) let z = z
        team.forEach((rows + height - 1) / height) { [self] index in
            search(z, rows: index * height..<min((index + 1) * height, rows), labels: labels, into: found)
        }
        return found
    }

    private func search(_ z: UnsafePointer<Float>, rows: Range<Int>, labels: Range<Int>, into found: TopK) {
        let (k, dims, ld) = (found.k, classifier.dims, classifier.ld)
        let memory = Buffer<UInt8>(count: dx_search_workspace(rows.count, dims, k))
        dx_search_logits(
            z + rows.lowerBound * ld, rows.count, classifier.weight.value.hostRow(labels.lowerBound),
            classifier.bias.value.hostPointer + labels.lowerBound, labels.count, dims, ld,
            Int32(classifier.labels.lowerBound + labels.lowerBound), k, memory.pointer,
            found.indices.pointer + rows.lowerBound * k, found.scores.pointer + rows.lowerBound * k)
    }
}
