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
        let wanted = self.wanted, ids = labelIds
        let offset = wanted.range(documents.lowerBound).lowerBound
        let count = wanted.range(documents.upperBound - 1).upperBound - offset
        let scores = Buffer<ScoreEntry>(count: count)
        try LogitTable(network: network).forEachRow(documents.map(Int32.init), of: features, wanted) { row, labels, logits in
            let range = wanted.range(documents.lowerBound + row), priors = wanted.weights(documents.lowerBound + row)
            for i in 0..<labels.count {
                scores.pointer[range.lowerBound - offset + i] = ScoreEntry(
                    row: Int32(documents.lowerBound + row), label: ids[Int(labels[i])], score: logits[i], prior: priors[i])
            }
        }
        return scores.array
    }
}
