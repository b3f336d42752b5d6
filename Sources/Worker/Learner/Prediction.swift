import Buffers
import DeepXMLModel
import Transport
import XCData

/// Scores of the test documents, sent to the coordinator block by block: each worker those of its own labels.
struct Prediction {
    let run: LearnerRun
    let stage: FirstStage
    let reranker: Network?
    private static let block = 512

    func send() throws {
        try send(.first, network: stage.network, wanted: stage.test.entries)
        guard let reranker else { return }
        try send(
            .reranker, network: reranker, wanted: try stage.candidates(min(run.config.global.topK, run.config.reranker.numNbrs)))
    }

    /// - Parameter wanted: the labels to score, with the prior score of each as value.
    private func send(_ kind: ScoreBlock.Stage, network: Network, wanted: CSRMatrix) throws {
        let features = run.data.testFeatures, ids = run.data.labelIds, table = LogitTable(network: network)
        for from in stride(from: 0, to: features.rows, by: Self.block) {
            let documents = from..<min(from + Self.block, features.rows)
            let offset = wanted.range(documents.lowerBound).lowerBound
            let count = wanted.range(documents.upperBound - 1).upperBound - offset
            let scores = Buffer<ScoreEntry>(count: count)
            try table.forEachRow(documents.map(Int32.init), of: features, wanted) { row, labels, logits in
                let range = wanted.range(from + row), priors = wanted.weights(from + row)
                for i in 0..<labels.count {
                    scores.pointer[range.lowerBound - offset + i] = ScoreEntry(
                        row: Int32(from + row), label: ids[Int(labels[i])], clf: logits[i], knn: priors[i])
                }
            }
            let block = ScoreBlock(seed: run.control.seed, stage: kind, documents: documents, scores: scores.array)
            try run.control.world.post(WorkerMessage.scores(block).encoded(), to: 0, tag: MessageTag.report)
        }
    }
}
