import Buffers
import Kernels

/// Classifiers laid out once for many searches of the best labels, each of a few documents: the same bits as
/// `OneVsAllTopK`, which lays them out anew for each.
///
/// A document costs L·D multiply-adds; laying out costs about as much as twelve documents.
public struct PackedClassifier: Sendable {
    private let labels: Range<Int>
    private let dims: Int
    private let ld: Int
    /// Groups of `group` labels: number d of each, for every d.
    private let packed: Buffer<Float>
    private let bias: DenseMatrix
    private static let group = 32

    public init(_ classifier: ClassifierShard) {
        labels = classifier.labels
        (dims, ld, bias) = (classifier.dims, classifier.ld, classifier.bias.value)
        packed = Buffer(count: dx_gemm_packed_size(max(1, labels.count), dims))
        dx_gemm_pack(labels.count, dims, classifier.weight.value.pointer, 1, ld, packed.pointer)
    }

    /// The k best labels (global ids) of each row, as `OneVsAllTopK.topK`.
    ///
    /// - Parameter z: rows×ld, as the encoder leaves it.
    public func topK(_ z: UnsafePointer<Float>, rows: Int, k: Int, team: ThreadTeam) -> TopK {
        precondition(k >= 1)
        nonisolated(unsafe) let z = z
        // Too few rows for all threads: the labels are cut instead, at whole groups, and the lists merged.
        if rows < Self.leastRows * team.size, team.size > 1, labels.count > 1024 {
            let groups = (labels.count + Self.group - 1) / Self.group, parts = team.size
            let lists = (0..<parts).map { _ in TopK(rows: rows, k: k) }
            team.forEach(parts) { part in
                let to = min(labels.count, groups * (part + 1) / parts * Self.group)
                search(z, rows: 0..<rows, labels: groups * part / parts * Self.group..<to, into: lists[part])
            }
            return mergeTopK(lists, k: k, team: team)
        }
        let found = TopK(rows: rows, k: k)
        let share = (rows + team.size - 1) / team.size, height = min(480, max(12, (share + 11) / 12 * 12))
        team.forEach((rows + height - 1) / height) { index in
            search(z, rows: index * height..<min((index + 1) * height, rows), labels: 0..<labels.count, into: found)
        }
        return found
    }

    private static let leastRows = 24

    private func search(_ z: UnsafePointer<Float>, rows: Range<Int>, labels part: Range<Int>, into found: TopK) {
        let k = found.k
        let memory = Buffer<UInt8>(count: Int(dx_search_workspace(Int64(rows.count), Int64(dims), Int64(k))))
        dx_search_packed(
            z + rows.lowerBound * ld, Int64(rows.count), packed.pointer + part.lowerBound * dims,
            bias.pointer + part.lowerBound, Int64(part.count), Int64(dims), Int64(ld),
            Int32(labels.lowerBound + part.lowerBound), Int64(k), memory.pointer,
            found.indices.pointer + rows.lowerBound * k, found.scores.pointer + rows.lowerBound * k)
    }
}
