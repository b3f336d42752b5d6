import Config
import Datasets
import Foundation
import Messages
import Scoring
import Support
import Training

extension XCDataset {
    /// What predictions of the validation documents are measured against; nil: the run has none.
    ///
    /// Propensities are those of the whole training file, as for test documents.
    package func validationTruth(_ global: GlobalConfig) -> GroundTruth? {
        validation.map { GroundTruth(labels: $0.labels, inversePropensity: inversePropensity(global), filter: $0.filter) }
    }

    /// 1/p of each original label by the whole training file, documents that are held out included: how predictions are measured.
    package func inversePropensity(_ global: GlobalConfig) -> [Double] {
        Propensity.inverse(labelCounts: labelCountsInFile, documents: documentsInFile, A: global.A, B: global.B)
    }
}

/// Figures of a learner in training on the validation documents: what `predict` and `evaluate` would say of it, the same on every
/// worker of its group.
struct ValidationMeasure {
    private let group: WorkerGroup
    private let config: Config
    private let seed: UInt64
    private let truth: GroundTruth

    /// nil: the run has no validation documents.
    init?(_ run: LearnerRun) {
        guard let truth = run.data.validationTruth(run.config.global) else { return nil }
        (group, config, seed, self.truth) = (run.group, run.config, run.seed, truth)
    }

    var documents: Int { truth.labels.rows }

    /// Collective: the leader merges all workers' scores, block by block, and tells the others.
    func table(_ prediction: Prediction) throws -> MetricTable {
        let collection = LearnerCollection(
            documents: documents, labels: truth.labels.cols, topK: config.global.topK, workers: group.size,
            rerankerBeta: config.reranker.beta, team: group.team, makeSink: CollectedRows.init)
        try prediction.forEachBlock(seed: seed) { block in
            if group.size == 1 {
                _ = try collection.add(block)
            } else if let all = try group.communicator.gatherBytes(ScoreBlock.encoded([block])) {
                for part in all.flatMap(ScoreBlock.decoded) { _ = try collection.add(part) }
            }
        }
        try group.device.check()
        let found = group.isLeader ? try JSONEncoder().encode(merged(collection)) : Data()
        let told = try group.communicator.broadcastBytes(group.isLeader ? Array(found) : nil)
        return try JSONDecoder().decode(MetricTable.self, from: Data(told))
    }

    private func merged(_ collection: LearnerCollection<CollectedRows>) throws -> MetricTable {
        let rows = try collection.sinks(), cols = truth.labels.cols
        let scores = LearnerScores(
            clf: rows.clf.matrix(cols: cols), knn: rows.knn.matrix(cols: cols), reranker: rows.reranker?.matrix(cols: cols))
        return truth.evaluate(scores.combined(beta: config.global.beta, team: group.team), team: group.team)
    }
}
