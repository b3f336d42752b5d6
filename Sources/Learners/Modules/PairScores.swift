import Messages
import Support
import Training

/// A network's logits of the labels that are wanted of each document.
package struct PairScores {
    package let network: Network
    package let features: CSRMatrix
    /// Original id of each label.
    package let labelIds: Buffer<Int32>
    /// The labels to score, of this worker, with the prior score of each as value.
    package let wanted: CSRMatrix

    package func scores(of documents: Range<Int>) throws -> [ScoreEntry] {
        let logits = try network.logits(of: wanted, docs: documents.map(Int32.init), features: features)
        var scores: [ScoreEntry] = []
        scores.reserveCapacity(logits.nonZeros)
        for (row, document) in documents.enumerated() {
            let labels = logits.columns(row), own = logits.weights(row), priors = wanted.weights(document)
            for i in labels.indices {
                let id = labelIds[Int(labels[i])]
                scores.append(ScoreEntry(row: Int32(document), label: id, score: own[i], prior: priors[i]))
            }
        }
        return scores
    }
}
