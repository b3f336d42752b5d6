import Support

extension GroundTruth {
    /// What each of `LabelSegments.names` adds to precision and recall at 1 … k, with the rules of `Metrics.evaluate`.
    public func bySegment(_ scores: CSRMatrix, _ segments: LabelSegments, k: Int = 5) -> [SegmentTable] {
        precondition(scores.rows == labels.rows && segments.segment.count == labels.cols)
        var tables = LabelSegments.names.indices.map { index in
            SegmentTable(
                labels: segments.segment.count { $0 == index }, pairs: 0, P: [Double](repeating: 0, count: k),
                R: [Double](repeating: 0, count: k))
        }
        let ranking = DocumentRanking(scores: scores, filter: filter)
        var ranked = [RankKey](repeating: .last, count: k)
        var documents = 0
        for row in 0..<labels.rows where !labels.range(row).isEmpty {
            documents += 1
            let relevant = labels.columns(row)
            for label in relevant { tables[Int(segments.segment[Int(label)])].pairs += 1 }
            for rank in 0..<ranking.best(row, into: &ranked) where relevant.holds(ranked[rank].label) {
                let index = Int(segments.segment[Int(ranked[rank].label)])
                // A hit counts at its rank and at all that follow.
                for j in rank..<k {
                    tables[index].P[j] += 1 / Double(j + 1)
                    tables[index].R[j] += 1 / Double(relevant.count)
                }
            }
        }
        guard documents > 0 else { return tables }
        return tables.map { table in
            func percent(_ sums: [Double]) -> [Double] { sums.map { 100 * $0 / Double(documents) } }
            return SegmentTable(labels: table.labels, pairs: table.pairs, P: percent(table.P), R: percent(table.R))
        }
    }
}
