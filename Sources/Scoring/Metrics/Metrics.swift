import Foundation
import Support
import Synchronization

/// The metrics of extreme classification, by xclib's definitions (DESIGN.md §1 "Metrics").
public enum Metrics {
    /// P, nDCG, PSP, PSnDCG and recall at 1 … k, in per cent.
    ///
    /// A document without labels counts in no metric. A tie goes to the smaller label id. A row with fewer than k
    /// predictions misses at the empty ranks. All 0 where no document counts.
    ///
    /// - Parameters:
    ///   - scores: test documents × all labels; a stored 0 is a prediction too.
    ///   - truth: test documents × all labels, binary.
    ///   - inversePropensity: 1/p of each label (`Propensity.inverse`).
    ///   - filter: (document, label) pairs that are removed from the predictions; same shape.
    ///   - team: rows are counted in parallel; sums are the same with any team, or none.
    public static func evaluate(
        scores: CSRMatrix, truth: CSRMatrix, inversePropensity: [Double], k: Int = 5, filter: CSRMatrix? = nil,
        team: ThreadTeam? = nil
    ) -> MetricTable {
        precondition(k > 0 && scores.rows == truth.rows && scores.cols == truth.cols)
        let truth = GroundTruth(labels: truth, inversePropensity: inversePropensity, filter: filter)
        var sums = MetricAccumulator(truth, k: k, team: team)
        sums.add(scores)
        return sums.table
    }
}

/// The same metrics of predictions that come by blocks of documents: the same bits as of all at once.
public struct MetricAccumulator: Sendable {
    private let truth: GroundTruth
    private let k: Int
    private let team: ThreadTeam?
    private var total: MetricSums
    /// The document that comes next.
    private var next = 0
    /// Documents whose figures are summed before they are added to the whole.
    private static let part = 1024

    public init(_ truth: GroundTruth, k: Int = 5, team: ThreadTeam? = nil) {
        precondition(truth.inversePropensity.count == truth.labels.cols)
        precondition(truth.filter == nil || truth.filter?.rows == truth.labels.rows)
        (self.truth, self.k, self.team) = (truth, k, team)
        total = MetricSums(k: k)
    }

    /// Counts the predictions for the documents that come next: all that are left, or a multiple of 1,024.
    public mutating func add(_ scores: CSRMatrix) { add(scores, visiting: nil) }

    /// The same.
    ///
    /// - Parameter visit: given each document that counts, in their order, and its own figures; nil: nobody asks for them.
    mutating func add(_ scores: CSRMatrix, visiting visit: ((_ document: Int, MetricSums) -> Void)?) {
        let documents = next..<next + scores.rows
        precondition(documents.upperBound <= truth.labels.rows && next % Self.part == 0, "documents \(documents)")
        let counter = DocumentCounter(
            ranking: DocumentRanking(scores: scores, filter: truth.filter?.block(documents)),
            truth: truth.labels.block(documents), inversePropensity: truth.inversePropensity, k: k)
        // Parts of a fixed size, added in order: the same floating-point sums with any number of threads, and of blocks.
        let parts = stride(from: 0, to: scores.rows, by: Self.part).map { $0..<min($0 + Self.part, scores.rows) }
        let counted = Mutex([CountedDocuments](repeating: CountedDocuments(k: k), count: parts.count))
        let keepsEach = visit != nil
        let count: @Sendable (Int) -> Void = { index in
            let part = counter.count(parts[index], keepingEach: keepsEach)
            counted.withLock { $0[index] = part }
        }
        if let team { team.forEach(parts.count, count) } else { parts.indices.forEach(count) }
        for part in counted.withLock({ $0 }) {
            total.add(part.sums)
            for (document, figures) in part.each { visit?(documents.lowerBound + document, figures) }
        }
        next = documents.upperBound
    }

    /// Metrics of the documents counted so far.
    public var table: MetricTable { total.table }
}

/// The figures of some documents: their sums, and each document's own where they are wanted.
private struct CountedDocuments: Sendable {
    var sums: MetricSums
    var each: [(document: Int, figures: MetricSums)] = []

    init(k: Int) { sums = MetricSums(k: k) }
}

/// Counts the hits of documents.
private struct DocumentCounter: Sendable {
    let ranking: DocumentRanking
    let truth: CSRMatrix
    let inversePropensity: [Double]
    let k: Int

    func count(_ documents: Range<Int>, keepingEach keepsEach: Bool) -> CountedDocuments {
        let discounts = (0..<k).map { 1 / log2(Double($0 + 2)) }
        var counted = CountedDocuments(k: k)
        var ranked = [RankKey](repeating: .last, count: k)
        var hits = [Bool](repeating: false, count: k)
        var weights = [Double](repeating: 0, count: k)
        var best = weights
        for row in documents where !truth.range(row).isEmpty {
            let labels = truth.columns(row)
            let found = ranking.best(row, into: &ranked)
            for j in 0..<k {
                hits[j] = j < found && labels.holds(ranked[j].label)
                weights[j] = hits[j] ? inversePropensity[Int(ranked[j].label)] : 0
            }
            largest(labels, into: &best)
            guard keepsEach else {
                counted.sums.add(hits: hits, weights: weights, best: best, labels: labels.count, discounts: discounts)
                continue
            }
            // Zero and a figure is that figure: the sums get the same bits as above.
            var own = MetricSums(k: k)
            own.add(hits: hits, weights: weights, best: best, labels: labels.count, discounts: discounts)
            counted.sums.add(own)
            counted.each.append((row, own))
        }
        return counted
    }

    /// The k largest 1/p among the labels, descending, padded with 0.
    private func largest(_ labels: BufferSlice<Int32>, into best: inout [Double]) {
        for j in 0..<k { best[j] = 0 }
        for label in labels {
            let weight = inversePropensity[Int(label)]
            guard weight > best[k - 1] else { continue }
            var at = k - 1
            while at > 0, weight > best[at - 1] {
                best[at] = best[at - 1]
                at -= 1
            }
            best[at] = weight
        }
    }
}
