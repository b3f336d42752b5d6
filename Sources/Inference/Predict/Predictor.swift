import Config
import Learners
import Messages
import Scoring
import Support
import Training

/// One learner, or the sum of several, that predicts: what `train` would have written for the same documents, to the bit.
public final class Predictor {
    /// Labels of the data set's files: columns of every prediction.
    public let labelCount: Int
    /// Predictions that the config keeps of a document.
    public let defaultTopK: Int
    private let learners: [TrainedLearner]
    /// The input that each learner reads: a place in `inputs` of all models.
    private let inputs: [Int]
    private let group: WorkerGroup
    private let beta: Double?
    private let weights: [Float]?

    /// - Parameters:
    ///   - models: the learner, or those of an ensemble in its order.
    ///   - group: of ranks that predict together; all call the same methods, and the leader gets the predictions.
    ///   - beta: instead of the models' own.
    ///   - weights: of the learners in their sum; nil: each counts as it is.
    /// - Throws: `Failure` where a model is damaged, or models do not have the same labels.
    public init(models: [TrainedModel], group: WorkerGroup, beta: Double? = nil, weights: [Double]? = nil) throws {
        let first = models[0]
        for model in models where !model.hasLabels(of: first) {
            throw Failure(
                .usage, "the learners of the ensemble are of different data sets", at: model.folder,
                found: "\(model.description.labelsInFile) labels, data set \(model.description.dataset)",
                expected: "the \(first.description.labelsInFile) labels of \(first.folder), by the same names",
                advice:
                    "name learners of one data set in \(EnsembleDescription.fileName), or predict with each and merge the predictions"
            )
        }
        let kinds = Self.inputs(models).map { models[$0].data.fingerprint }
        inputs = models.map { kinds.firstIndex(of: $0.data.fingerprint) ?? 0 }
        self.group = group
        self.beta = beta
        self.weights = models.count > 1 ? weights?.map(Float.init) : nil
        labelCount = first.description.labelsInFile
        defaultTopK = first.config.global.saveTopK ?? first.config.global.topK
        learners = try models.map { model in
            TrainedLearner(config: model.config, seed: model.seed, scores: try model.learner.open(model, group: group))
        }
    }

    /// The inputs that the models read: of each, the place of the first model that reads it.
    ///
    /// Models of one data set read the same features; others need not.
    public static func inputs(_ models: [TrainedModel]) -> [Int] {
        models.indices.filter { place in
            !models[..<place].contains { $0.data.fingerprint == models[place].data.fingerprint }
        }
    }

    /// The `topK` best labels of each row of `features`, which all learners read, columns ascending; nil on a rank that does not lead
    /// its group.
    public func predict(_ features: CSRMatrix, topK: Int) throws -> CSRMatrix? {
        try predict(inputs: [features], topK: topK)
    }

    /// The same where learners read different features of the documents.
    ///
    /// - Parameter matrices: a matrix for each of `inputs`.
    public func predict(inputs matrices: [CSRMatrix], topK: Int) throws -> CSRMatrix? {
        precondition(matrices.count == (inputs.max() ?? 0) + 1, "a matrix for each input")
        let found = try scored(matrices, topK: topK)
        try group.device.check()
        return found
    }

    private func scored(_ matrices: [CSRMatrix], topK: Int) throws -> CSRMatrix? {
        if learners.count == 1, learners[0].scores.scoresAllLabels { return try bestLabels(learners[0], matrices[0], topK: topK) }
        var all: [CSRMatrix] = []
        for (learner, input) in zip(learners, inputs) {
            let features = matrices[input]
            if learner.scores.scoresAllLabels {
                all.append(try allLabels(learner, features))
            } else if let scores = try collected(learner, features) {
                all.append(scores)
            }
        }
        guard all.count == learners.count else { return nil }
        let sum =
            weights.map { Scoring.weightedSum(all, weights: $0, team: group.team) } ?? Scoring.ensemble(all, team: group.team)
        return Scoring.topK(sum, topK, team: group.team)
    }

    /// The scores of a learner with shortlists or a re-ranker, put together from all of the group.
    private func collected(_ learner: TrainedLearner, _ features: CSRMatrix) throws -> CSRMatrix? {
        let config = learner.config
        var blocks: [ScoreBlock] = []
        try learner.scores.prediction(of: features).forEachBlock(seed: learner.seed) { blocks.append($0) }
        let collection = LearnerCollection(
            documents: features.rows, labels: labelCount, topK: config.global.topK, workers: group.size,
            rerankerBeta: config.reranker.beta, team: group.team, makeSink: CollectedRows.init)
        if group.size == 1 {
            for block in blocks { _ = try collection.add(block) }
        } else {
            guard let all = try group.communicator.gatherBytes(ScoreBlock.encoded(blocks)) else { return nil }
            for bytes in all { for block in ScoreBlock.decoded(bytes) { _ = try collection.add(block) } }
        }
        let rows = try collection.sinks(), cols = labelCount
        let scores = LearnerScores(
            clf: rows.clf.matrix(cols: cols), knn: rows.knn.matrix(cols: cols),
            reranker: rows.reranker?.matrix(cols: cols))
        return scores.combined(beta: beta ?? config.global.beta, team: group.team)
    }

    /// All `top_k` labels of a learner that scores every label, as shares of the best one's probability.
    private func allLabels(_ learner: TrainedLearner, _ features: CSRMatrix) throws -> CSRMatrix {
        let k = min(learner.config.global.topK, labelCount)
        return LabelLists(try learner.scores.bestLabels(k, of: features)).matrix(cols: labelCount, keeping: k, team: group.team)
    }

    /// The same cut at `topK`, for which as many logits are enough, but where the cut falls between equal scores: the
    /// probabilities of different logits may be the same number, and then the smaller label id goes first.
    private func bestLabels(_ learner: TrainedLearner, _ features: CSRMatrix, topK: Int) throws -> CSRMatrix {
        let whole = min(learner.config.global.topK, labelCount)
        guard topK < whole else {
            return Scoring.topK(try allLabels(learner, features), topK, team: group.team)
        }
        let lists = LabelLists(try learner.scores.bestLabels(topK + 1, of: features))
        let tied = (0..<features.rows).filter { lists.isTied($0, at: topK) }
        if tied.isEmpty { return lists.matrix(cols: labelCount, keeping: topK, team: group.team) }
        let exact = Scoring.topK(try allLabels(learner, features.selecting(rows: tied)), topK, team: group.team)
        return lists.matrix(cols: labelCount, keeping: topK, team: group.team).replacing(tied, by: exact)
    }
}

/// A trained learner, ready to score.
private struct TrainedLearner {
    let config: Config
    let seed: UInt64
    let scores: any LearnerPredictor
}

extension TrainedModel {
    /// Whether a column of its predictions is the same label as in the other's, as far as their folders say.
    fileprivate func hasLabels(of other: TrainedModel) -> Bool {
        if data.fingerprint == other.data.fingerprint { return true }
        return description.labelsInFile == other.description.labelsInFile && labelNames == other.labelNames
    }
}
