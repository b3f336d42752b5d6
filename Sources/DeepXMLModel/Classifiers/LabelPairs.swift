import Devices
import Kernels
import Support

/// How a training shortlist is put together (DESIGN.md §1, module III).
public struct ShortlistSizes: Sendable, Equatable {
    /// Positives of a document a step; a random subset where it has more.
    public var maxPositives: Int
    /// Uniform random labels drawn a document and step.
    public var randomNegatives: Int
    /// Pairs of a document in all.
    public var limit: Int

    public init(maxPositives: Int, randomNegatives: Int, limit: Int) {
        self.maxPositives = maxPositives
        self.randomNegatives = randomNegatives
        self.limit = limit
    }
}

/// For each training document, the negatives of its shortlist that belong to one label range.
public final class NegativeShortlists: Sendable {
    /// N rows of labels (global ids, ascending), positives removed.
    public let inRange: CSRMatrix
    /// Negatives of the whole row, over all label ranges.
    public let totals: Buffer<Int32>

    public init(inRange: CSRMatrix, totals: Buffer<Int32>) {
        self.inRange = inRange
        self.totals = totals
    }
}

/// The (document, label) pairs of one batch within one label range, grouped by label.
public final class LabelPairs: @unchecked Sendable {
    let starts: Buffer<Int64>
    private(set) var sorted: Buffer<UInt16>
    private var labels: Buffer<Int32>, pairs: Buffer<UInt16>
    private let stamp: Buffer<UInt32>
    private var mark: UInt32 = 0
    private let range: Range<Int>
    private let sizes: ShortlistSizes
    /// Pairs of the last batch.
    public private(set) var count = 0

    /// Labels with a pair in the last batch.
    public var distinctLabels: Int { (0..<range.count).count { starts[$0] < starts[$0 + 1] } }

    public init(labels range: Range<Int>, labelCount: Int, batchSize: Int, sizes: ShortlistSizes) {
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
    public func assemble(
        docs: [Int32], labels truth: CSRMatrix, negatives: NegativeShortlists, stream: RandomStream
    ) {
        count = 0
        for (row, doc) in docs.enumerated() {
            let positives = truth.columns(Int(doc)), negative = negatives.inRange.columns(Int(doc))
            mark &+= 1
            count += dx_document_pairs(
                positives.baseAddress, positives.count, sizes.maxPositives, negative.baseAddress, negative.count,
                Int(negatives.totals[Int(doc)]), sizes.randomNegatives, sizes.limit, Int32(stamp.count),
                Int32(range.lowerBound), Int32(range.upperBound), doc, UInt16(row), stream.hostStream, stamp.pointer, mark,
                labels.pointer + count, pairs.pointer + count)
        }
        dx_sort_pairs(labels.pointer, pairs.pointer, count, range.count, starts.pointer, sorted.pointer)
    }
}
