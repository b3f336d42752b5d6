import Support

/// Counts hits and predictions of each label, over documents that come in blocks.
struct LabelCounter: Sendable {
    private let truth: GroundTruth
    private let k: Int
    /// Ranks × labels: how often a label is at this rank, and right there.
    private var predicted: [[UInt32]], hits: [[UInt32]]
    /// The document that comes next.
    private var next = 0

    /// - Parameter k: ranks that are counted.
    init(_ truth: GroundTruth, k: Int) {
        (self.truth, self.k) = (truth, k)
        predicted = [[UInt32]](repeating: [UInt32](repeating: 0, count: truth.labels.cols), count: k)
        hits = predicted
    }

    /// Counts the best labels of the documents that come next.
    mutating func add(_ scores: CSRMatrix) {
        let block = next..<next + scores.rows
        let ranking = DocumentRanking(scores: scores, filter: truth.filter?.block(block))
        var ranked = [RankKey](repeating: .last, count: k)
        for row in 0..<scores.rows {
            let relevant = truth.labels.columns(block.lowerBound + row)
            for rank in 0..<ranking.best(row, into: &ranked) {
                let label = ranked[rank].label
                predicted[rank][Int(label)] += 1
                if relevant.holds(label) { hits[rank][Int(label)] += 1 }
            }
        }
        next = block.upperBound
    }

    /// Figures of the sets of 1 … k labels, over the documents counted so far.
    var table: LabelTable {
        let relevant = truth.relevant(documents: 0..<next)
        var (hits, predicted) = (hits, predicted)
        for rank in 1..<max(k, 1) {
            for label in relevant.indices {
                hits[rank][label] += hits[rank - 1][label]
                predicted[rank][label] += predicted[rank - 1][label]
            }
        }
        return LabelTable(
            zip(hits, predicted).map {
                LabelFigures(hits: $0, predicted: $1, relevant: relevant, labels: truth.countedLabels)
            })
    }
}

extension GroundTruth {
    /// Documents of each label.
    fileprivate func relevant(documents: Range<Int>) -> [UInt32] {
        var counts = [UInt32](repeating: 0, count: labels.cols)
        for row in documents { for label in labels.columns(row) { counts[Int(label)] += 1 } }
        return counts
    }

    /// Figures of the labels that score at least `threshold`, of all documents.
    ///
    /// - Parameters:
    ///   - scores: documents × labels.
    ///   - threshold: compared as the float32 that scores are.
    public func evaluate(_ scores: CSRMatrix, threshold: Double) -> ThresholdFigures {
        precondition(scores.rows == labels.rows && scores.cols == labels.cols)
        var predicted = [UInt32](repeating: 0, count: labels.cols), hits = predicted, made = 0, without = 0
        for row in 0..<scores.rows {
            let columns = scores.columns(row), values = scores.weights(row), relevant = labels.columns(row)
            let removed = filter?.columns(row), before = made
            for i in 0..<columns.count where values[i] >= Float(threshold) && !(removed?.holds(columns[i]) ?? false) {
                made += 1
                predicted[Int(columns[i])] += 1
                if relevant.holds(columns[i]) { hits[Int(columns[i])] += 1 }
            }
            if made == before { without += 1 }
        }
        return ThresholdFigures(
            threshold: threshold, labelsPerDocument: Double(made) / Double(max(scores.rows, 1)), documentsWithout: without,
            metrics: LabelFigures(
                hits: hits, predicted: predicted, relevant: relevant(documents: 0..<labels.rows), labels: countedLabels))
    }
}
