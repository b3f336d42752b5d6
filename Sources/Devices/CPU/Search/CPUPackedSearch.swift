import Kernels
import Support

/// The largest products of queries with the vectors of a database, or with classifiers, that is laid out once. The same bits as
/// `CPUExactSearch` and `CPUDevice.bestLabels`, which lay it out anew for each search.
struct CPUPackedSearch: NeighbourSearch {
    let count: Int
    private let dims: Int
    private let firstId: Int
    private let team: ThreadTeam
    /// Groups of `group` vectors: number d of each, for every d; of 4 bytes, or narrow ones.
    private let numbers: Buffer<UInt8>
    private let narrow: NarrowWeights?
    /// One a vector where the numbers are int8, else none.
    private let scales: Buffer<Float>
    private let bias: Buffer<Float>?
    private static let group = PackedClassifier.group

    /// - Parameters:
    ///   - dims: numbers that count of each row of `database`; the others are padding.
    ///   - bias: one a row, added to its products.
    init(_ database: Tensor, dims: Int, firstId: Int, bias: Tensor?, team: ThreadTeam) {
        precondition(firstId + database.rows <= Int(Int32.max))
        (count, self.dims, self.firstId, self.team) = (database.rows, dims, firstId, team)
        self.bias = bias.map { Buffer(viewing: $0.pointer, count: $0.rows, owner: $0.memory) }
        numbers = packedNumbers(database.rows, dims, database.pointer, ld: database.stride)
        (narrow, scales) = (nil, Buffer(count: 0))
    }

    /// Classifiers that are laid out already.
    init(_ classifier: PackedClassifier, team: ThreadTeam) {
        (count, dims, firstId, self.team) = (classifier.labels, classifier.dims, 0, team)
        (numbers, narrow, scales, bias) = (classifier.numbers, classifier.weights, classifier.scales, classifier.biases)
    }

    func topK(queries: Tensor, k: Int) -> TopK {
        precondition(k >= 1 && queries.cols >= dims)
        if queries.rows < Self.leastQueries * team.size, team.size > 1, count > 1024 { return searchByParts(queries, k: k) }
        let found = TopK(rows: queries.rows, k: k), share = (queries.rows + team.size - 1) / team.size
        // Whole groups of 12 (tiles.h), at most what stays in the second-level cache.
        let height = min(480, max(12, (share + 11) / 12 * 12))
        team.forEach((queries.rows + height - 1) / height) { index in
            search(queries, index * height..<min((index + 1) * height, queries.rows), 0..<count, into: found)
        }
        return found
    }

    private static let leastQueries = 24

    /// For too few queries for all threads: the vectors are cut instead, at whole groups, and the lists merged.
    private func searchByParts(_ queries: Tensor, k: Int) -> TopK {
        let groups = (count + Self.group - 1) / Self.group, parts = team.size
        let lists = (0..<parts).map { _ in TopK(rows: queries.rows, k: k) }
        team.forEach(parts) { part in
            let to = min(count, groups * (part + 1) / parts * Self.group)
            search(queries, 0..<queries.rows, groups * part / parts * Self.group..<to, into: lists[part])
        }
        return mergeLists(lists, k: k, team: team)
    }

    private func search(_ queries: Tensor, _ rows: Range<Int>, _ part: Range<Int>, into found: TopK) {
        let k = found.k
        let memory = Buffer<UInt8>(count: dx_search_workspace(rows.count, dims, k))
        let at = part.lowerBound, bias = bias.map { UnsafePointer($0.pointer + at) },
            first = numbers.pointer + at * dims * (narrow?.width ?? 4)
        let ids = found.indices.pointer + rows.lowerBound * k, scores = found.scores.pointer + rows.lowerBound * k
        if narrow == nil {
            let packed = UnsafeRawPointer(first).assumingMemoryBound(to: Float.self)
            dx_search_packed(
                queries.row(rows.lowerBound), rows.count, packed, bias, part.count, dims, queries.stride, Int32(firstId + at), k,
                memory.pointer, ids, scores)
        } else {
            var panels = dx_narrow_panels(numbers: first, scales: scales.count > 0 ? scales.pointer + at : nil)
            dx_search_narrow(
                queries.row(rows.lowerBound), rows.count, &panels, bias, part.count, dims, queries.stride, Int32(firstId + at), k,
                memory.pointer, ids, scores)
        }
    }
}

/// `count` vectors in groups of 32: number d of each, for every d.
private func packedNumbers(_ count: Int, _ dims: Int, _ vectors: UnsafeMutablePointer<Float>, ld: Int) -> Buffer<UInt8> {
    let numbers = Buffer<UInt8>(count: 4 * dx_gemm_packed_size(max(1, count), dims))
    dx_gemm_pack(count, dims, vectors, 1, ld, UnsafeMutableRawPointer(numbers.pointer).assumingMemoryBound(to: Float.self))
    return numbers
}

// Dense classifiers as arrays that can be stored.
extension CPUDevice {
    public func packed(weights: Buffer<Float>, ld: Int, dims: Int, biases: Buffer<Float>) -> PackedClassifier {
        precondition(weights.count == biases.count * ld && dims <= ld)
        return PackedClassifier(
            dims: dims, weights: nil, numbers: packedNumbers(biases.count, dims, weights.pointer, ld: ld),
            scales: Buffer(count: 0),
            biases: biases)
    }

    public func narrowed(_ classifier: PackedClassifier, to weights: NarrowWeights) -> PackedClassifier {
        precondition(classifier.weights == nil)
        let dims = classifier.dims, padded = PackedClassifier.paddedLabels(classifier.labels), group = PackedClassifier.group
        let numbers = Buffer<UInt8>(count: padded * dims * weights.width)
        let scales = Buffer<Float>(count: weights == .int8 ? padded : 0)
        let wide = UnsafeMutableRawPointer(classifier.numbers.pointer).assumingMemoryBound(to: Float.self)
        for first in stride(from: 0, to: padded, by: group) {
            dx_narrow_panel(
                wide + first * dims, dims, Int32(weights.width), weights == .int8 ? scales.pointer + first : nil,
                numbers.pointer + first * dims * weights.width)
        }
        return PackedClassifier(dims: dims, weights: weights, numbers: numbers, scales: scales, biases: classifier.biases)
    }

    public func packedSearch(_ classifier: PackedClassifier) -> any NeighbourSearch { CPUPackedSearch(classifier, team: team) }

    public func rows(_ labels: Range<Int>, of classifier: PackedClassifier, ld: Int) -> Buffer<Float> {
        let rows = Buffer<Float>(count: labels.count * ld), dims = classifier.dims, group = PackedClassifier.group
        for (row, label) in labels.enumerated() {
            for d in 0..<dims {
                rows[row * ld + d] = classifier.number((label / group * dims + d) * group + label % group, label: label)
            }
        }
        return rows
    }
}

extension PackedClassifier {
    /// The number that stands at a place, of a label.
    fileprivate func number(_ place: Int, label: Int) -> Float {
        let raw = UnsafeRawPointer(numbers.pointer)
        switch weights {
        case nil: return raw.load(fromByteOffset: 4 * place, as: Float.self)
        case .bfloat16: return Float(bitPattern: UInt32(raw.load(fromByteOffset: 2 * place, as: UInt16.self)) << 16)
        case .int8: return Float(raw.load(fromByteOffset: place, as: Int8.self)) * scales[label]
        }
    }
}
