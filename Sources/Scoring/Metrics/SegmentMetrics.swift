import Support

extension GroundTruth {
    /// What each of `LabelSegments.names` adds to precision and recall at 1 … k, with the rules of `Metrics.evaluate`.
    public func bySegment(_ scores: CSRMatrix, _ segments: LabelSegments, k: Int = 5) -> [SegmentTable] {
        precondition(scores.rows == labels.rows)
        var sums = SegmentAccumulator(self, segments, k: k)
        sums.add(scores)
        return sums.tables
    }
}

/// The same of predictions that come by blocks of documents: the same bits as of all at once.
package struct SegmentAccumulator: Sendable {
    private let truth: GroundTruth
    private let segments: LabelSegments
    private let k: Int
    private var sums: [SegmentTable]
    /// Documents with labels so far.
    private var documents = 0
    /// The document that comes next.
    private var next = 0

    package init(_ truth: GroundTruth, _ segments: LabelSegments, k: Int = 5) {
        precondition(segments.segment.count == truth.labels.cols)
        (self.truth, self.segments, self.k) = (truth, segments, k)
        sums = LabelSegments.names.indices.map { index in
            SegmentTable(
                labels: segments.segment.count { $0 == index }, pairs: 0, P: [Double](repeating: 0, count: k),
                R: [Double](repeating: 0, count: k))
        }
    }

    /// Counts the predictions for the documents that come next.
    package mutating func add(_ scores: CSRMatrix) {
        let block = next..<next + scores.rows
        let ranking = DocumentRanking(scores: scores, filter: truth.filter?.block(block))
        var ranked = [RankKey](repeating: .last, count: k)
        for row in 0..<scores.rows where !truth.labels.range(block.lowerBound + row).isEmpty {
            documents += 1
            let relevant = truth.labels.columns(block.lowerBound + row)
            for label in relevant { sums[Int(segments.segment[Int(label)])].pairs += 1 }
            for rank in 0..<ranking.best(row, into: &ranked) where relevant.holds(ranked[rank].label) {
                let index = Int(segments.segment[Int(ranked[rank].label)])
                // A hit counts at its rank and at all that follow.
                for j in rank..<k {
                    sums[index].P[j] += 1 / Double(j + 1)
                    sums[index].R[j] += 1 / Double(relevant.count)
                }
            }
        }
        next = block.upperBound
    }

    /// Of the documents counted so far, in the order of `LabelSegments.names`.
    package var tables: [SegmentTable] {
        guard documents > 0 else { return sums }
        return sums.map { table in
            func percent(_ sums: [Double]) -> [Double] { sums.map { 100 * $0 / Double(documents) } }
            return SegmentTable(labels: table.labels, pairs: table.pairs, P: percent(table.P), R: percent(table.R))
        }
    }
}
