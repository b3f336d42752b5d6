import Kernels
import Support

/// The (document, label) pairs of one batch within one label range, grouped by label.
final class LabelPairs {
    /// |labels| + 1 places in `sorted`.
    let starts: Buffer<Int64>
    /// By label, in the batch's order: row in the batch · 2 + target.
    let sorted: Buffer<UInt16>
    private let labels: Buffer<Int32>, pairs: Buffer<UInt16>
    private let stamp: Buffer<UInt32>
    private var mark: UInt32 = 0
    private let range: Range<Int>
    private let sizes: ShortlistSizes
    /// Pairs of the last batch.
    private(set) var count = 0

    /// Labels with a pair in the last batch.
    var distinctLabels: Int { (0..<range.count).count { starts[$0] < starts[$0 + 1] } }

    init(labels range: Range<Int>, labelCount: Int, batchSize: Int, sizes: ShortlistSizes) {
        // Config refuses larger ones.
        precondition(batchSize <= Int(DX_LARGEST_PAIR_BATCH))
        self.range = range
        self.sizes = sizes
        starts = Buffer(count: range.count + 1)
        stamp = Buffer(count: labelCount)
        let capacity = batchSize * sizes.limit
        labels = Buffer(count: capacity)
        pairs = Buffer(count: capacity)
        sorted = Buffer(count: capacity)
    }

    /// Collects the pairs of the documents `docs` of a batch.
    func assemble(docs: [Int32], truth: CSRMatrix, negatives: NegativeShortlists, stream: dx_stream) {
        count = 0
        let negative = negatives.inRange
        for (row, doc) in docs.enumerated() {
            let own = truth.range(Int(doc)), others = negative.range(Int(doc))
            nextMark()
            count += dx_document_pairs(
                truth.indices.pointer + own.lowerBound, own.count, sizes.maxPositives,
                negative.indices.pointer + others.lowerBound, others.count, Int(negatives.totals[Int(doc)]),
                sizes.randomNegatives, sizes.limit, Int32(stamp.count), Int32(range.lowerBound), Int32(range.upperBound), doc,
                UInt16(row), stream, stamp.pointer, mark, labels.pointer + count, pairs.pointer + count)
        }
        dx_sort_pairs(labels.pointer, pairs.pointer, count, range.count, starts.pointer, sorted.pointer)
    }

    /// The same where the random labels within the range are drawn already.
    func assemble(docs: [Int32], truth: CSRMatrix, negatives: NegativeShortlists, stream: dx_stream, random: RandomLabels) {
        precondition(random.documents == docs.count)
        count = 0
        let negative = negatives.inRange
        random.labels.withUnsafeBufferPointer { drawn in
            for (row, doc) in docs.enumerated() {
                let own = truth.range(Int(doc)), others = negative.range(Int(doc)), first = random.starts[row]
                count += dx_known_pairs(
                    truth.indices.pointer + own.lowerBound, own.count, sizes.maxPositives,
                    negative.indices.pointer + others.lowerBound, others.count, Int(negatives.totals[Int(doc)]),
                    drawn.baseAddress.map { $0 + first }, random.starts[row + 1] - first, sizes.limit,
                    Int32(range.lowerBound), Int32(range.upperBound), doc, UInt16(row), stream, labels.pointer + count,
                    pairs.pointer + count)
            }
        }
        dx_sort_pairs(labels.pointer, pairs.pointer, count, range.count, starts.pointer, sorted.pointer)
    }

    /// The random labels of the documents, of all labels.
    func randomLabels(docs: [Int32], truth: CSRMatrix, negatives: NegativeShortlists, stream: dx_stream) -> RandomLabels {
        var random = RandomLabels()
        let drawn = Buffer<Int32>(count: sizes.randomNegatives)
        for doc in docs {
            let own = truth.range(Int(doc))
            nextMark()
            let count = dx_random_labels(
                truth.indices.pointer + own.lowerBound, own.count, sizes.maxPositives, Int(negatives.totals[Int(doc)]),
                sizes.randomNegatives, sizes.limit, Int32(stamp.count), doc, stream, stamp.pointer, mark, drawn.pointer)
            random.append(drawn[0..<count])
        }
        return random
    }

    /// A mark that no label has: where 32 bits are used up, all begins anew.
    private func nextMark() {
        if mark == .max {
            stamp.fill(0)
            mark = 0
        }
        mark += 1
    }
}
