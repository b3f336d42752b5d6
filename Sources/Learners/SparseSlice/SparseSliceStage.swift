import DeepXMLModel
import Devices
import Foundation
import Messages
import Support
import Training
import Transport

/// Scores of the labels that the means list for a document.
///
/// Each worker searches for its slice of a block of documents; the lists are gathered, and each scores its own labels.
struct SparseSliceStage: ScoredStage {
    private(set) var queries: CSRMatrix
    let means: LabelMeans
    /// Every worker has the means of all labels; else each has those of its own.
    let hasAllMeans: Bool
    /// Labels listed a document.
    let listed: Int
    /// Of this worker's labels.
    let classifiers: WeightTables
    let scorer: SparseSliceScorer
    let group: WorkerGroup

    private var topK: Int { scorer.topK }

    /// The same learner's, of other documents.
    func scoring(_ queries: CSRMatrix) -> SparseSliceStage {
        var stage = self
        stage.queries = queries
        return stage
    }

    func scores(of documents: Range<Int>) throws -> [ScoreEntry] {
        let lists = try lists(documents), margins = Buffer<Float>(count: lists.indices.count)
        group.device.linearScores(
            classifiers, lists, docs: documents.map(Int32.init), documents: queries, firstLabel: scorer.labels.lowerBound,
            into: margins)
        let width = min(listed, topK), counts = Buffer<Int32>(count: documents.count), scorer = scorer
        let entries = Buffer<ScoreEntry>(count: documents.count * width)
        group.team.forRanges(documents.count, grain: 8) { range in
            for row in range {
                let own = scorer.entries(row, document: documents.lowerBound + row, lists, margins)
                counts[row] = Int32(own.count)
                for (i, entry) in own.enumerated() { entries[row * width + i] = entry }
            }
        }
        return (0..<documents.count).flatMap { row in (0..<Int(counts[row])).map { entries[row * width + $0] } }
    }

    /// The lists of some documents, on every worker.
    private func lists(_ documents: Range<Int>) throws -> TopK {
        let docs = documents.map(Int32.init)
        if group.size == 1 { return means.best(listed, of: queries, docs: docs) }
        let slices = group.slices(docs.count), own = slices[group.rank], all = TopK(rows: docs.count, k: listed)
        all.replace(from: own.lowerBound, with: try lists(docs, slices))
        let blocks = slices.map { $0.lowerBound * listed..<$0.upperBound * listed }
        try group.communicator.allgather(all.indices, blocks: blocks)
        try group.communicator.allgather(all.scores, blocks: blocks)
        return all
    }
}

extension SparseSliceStage {
    /// The lists of this worker's slice of some documents.
    private func lists(_ docs: [Int32], _ slices: [Range<Int>]) throws -> TopK {
        if hasAllMeans { return means.best(listed, of: queries, docs: Array(docs[slices[group.rank]])) }
        // The parts of a list meet where its document is.
        return try RowLists(group: group, rows: docs.count)
            .merge(means.best(listed, of: queries, docs: docs), block: slices, k: listed)
    }
}

/// Turns a document's list into scores.
struct SparseSliceScorer: Sendable {
    /// This worker's.
    let labels: Range<Int>
    let labelIds: Buffer<Int32>
    let combination: SparseSliceCombination
    /// Scores wanted of a document.
    let topK: Int

    /// This worker's scores of one document, `topK` at most; a document that shares no feature with any label gets the most frequent
    /// ones.
    ///
    /// - Parameters:
    ///   - row: of the lists and of the classifiers' margins.
    func entries(_ row: Int, document: Int, _ lists: TopK, _ margins: Buffer<Float>) -> [ScoreEntry] {
        let at = row * lists.k, count = lists.count(row)
        if count == 0 { return byFrequency(document, count: min(topK, lists.k)) }
        var entries: [ScoreEntry] = []
        entries.reserveCapacity(count)
        for i in at..<at + count where labels.contains(Int(lists.indices[i])) {
            let label = Int(lists.indices[i])
            let score = combination.logit(label, margin: margins[i], listedWith: lists.scores[i])
            entries.append(ScoreEntry(row: Int32(document), label: labelIds[label], score: score, prior: .nan))
        }
        if entries.count <= topK { return entries }
        entries.sort { ($1.score, $0.label) < ($0.score, $1.label) }
        return Array(entries.prefix(topK))
    }

    private func byFrequency(_ document: Int, count: Int) -> [ScoreEntry] {
        combination.mostFrequent.prefix(count).filter(labels.contains).map { label in
            ScoreEntry(row: Int32(document), label: labelIds[label], score: combination.logit(ofShare: label), prior: .nan)
        }
    }
}

/// The probability of a listed label: p = σ(a·(w·x + b)) · s^g · (n / N)^h of its classifier's score, the similarity s of its mean, and
/// its n of N training documents. (WSDM 2019, §4.3, adds the two models' probabilities instead.)
package struct SparseSliceCombination: Sendable {
    private let scale: Double, similarityWeight: Double
    /// What a label adds to log p: its frequency, and what its similarity was multiplied by to be listed.
    private let constants: [Double]
    private let shares: [Double]
    /// Labels for documents that none is listed for: the most frequent ones, by descending frequency, ties by smaller label.
    package let mostFrequent: [Int]

    /// - Parameters:
    ///   - positives: training documents of each label.
    ///   - documents: N.
    ///   - unlisted: labels that are wanted of `mostFrequent`.
    package init(_ settings: SparseSliceSettings, positives: [Int], documents: Int, unlisted: Int) {
        (scale, similarityWeight) = (settings.scoreScale, settings.similarityWeight)
        let shares = positives.map { Double(max($0, 1)) / Double(max(documents, 1)) }
        self.shares = shares
        constants = positives.indices.map { label in
            settings.frequencyWeight * log(shares[label])
                - settings.similarityWeight * settings.frequencyPower * log(Double(max(positives[label], 1)))
        }
        mostFrequent = Self.mostFrequent(unlisted, of: positives)
    }

    /// Keeps up to twice as many as are wanted, and no label that so many before it are as frequent as: millions of labels take
    /// milliseconds.
    private static func mostFrequent(_ count: Int, of positives: [Int]) -> [Int] {
        func best(_ labels: [Int]) -> [Int] {
            Array(labels.sorted { (positives[$1], $0) < (positives[$0], $1) }.prefix(count))
        }
        var kept: [Int] = [], least = Int.min
        for label in positives.indices where positives[label] > least && count > 0 {
            kept.append(label)
            if kept.count < 2 * count { continue }
            kept = best(kept)
            least = positives[kept[count - 1]]
        }
        return best(kept)
    }

    /// log(p / (1 − p)): what the logistic function turns into p again.
    ///
    /// - Parameter similarity: as the label was listed with.
    package func logit(_ label: Int, margin: Float, listedWith similarity: Float) -> Float {
        let x = -scale * Double(margin)
        // log(1 + eˣ) is x where eˣ overflows.
        let logP = -(x > 700 ? x : log1p(exp(x))) + similarityWeight * log(Double(similarity)) + constants[label]
        return logit(min(logP, -1e-9))
    }

    /// Of a label of which nothing but its frequency is known.
    package func logit(ofShare label: Int) -> Float { logit(min(log(shares[label]), -1e-9)) }

    private func logit(_ logP: Double) -> Float { Float(logP - log(-expm1(logP))) }
}

/// A trained learner that scores documents it has not seen, as `SparseSliceTraining` scores its test documents.
final class SparseSlicePredictor: LearnerPredictor {
    /// The mapped file's array of how many training documents each label has.
    static let positives = "positives"
    private let model: TrainedModel
    private let settings: SparseSliceSettings
    private let group: WorkerGroup
    private let means: LabelMeans
    private let labels: Range<Int>
    private let classifiers: WeightTables
    private let combination: SparseSliceCombination

    init(_ model: TrainedModel, group: WorkerGroup) throws {
        (self.model, self.group, settings) = (model, group, model.config[SparseSliceSettings.self])
        let positives = try Self.servedPositives(model) ?? model.data.positives
        labels = LabelShards.cut(positives: positives).labels(ofWorker: group.rank, workers: group.size)
        means = try Self.means(model, labels, on: group.device)
        classifiers = try Self.classifiers(model, labels, on: group.device)
        combination = SparseSliceCombination(
            settings, positives: positives, documents: model.data.trainRowsInFile,
            unlisted: min(model.config.global.topK, settings.listed(labels: model.data.labelCount)))
    }

    private static func servedPositives(_ model: TrainedModel) throws -> [Int]? {
        guard let served = model.served else { return nil }
        let counts: Buffer<Int32> = try served.array(positives), checks = RangeChecks(of: served.path)
        try checks.count(counts.count, of: positives, is: model.data.labelCount)
        try checks.notNegative(counts, of: positives)
        return counts.array.map(Int.init)
    }

    private static func means(_ model: TrainedModel, _ labels: Range<Int>, on device: any Device) throws -> LabelMeans {
        let name = ModuleName.shortlist.name, features = model.data.vocabularySize
        if let served = ServedSparse(model.served, name, features: features, labels: model.data.labelCount, on: device) {
            return LabelMeans(try served.index(labels), labels: labels, on: device)
        }
        return try LabelMeans(model.checkpoint(name), labels: labels, features: features, on: device)
    }

    private static func classifiers(_ model: TrainedModel, _ labels: Range<Int>, on device: any Device) throws -> WeightTables {
        let name = ModuleName.classifiers.name, features = model.data.vocabularySize
        if let served = ServedSparse(model.served, name, features: features, labels: model.data.labelCount, on: device) {
            return try served.tables(labels)
        }
        let classifier = try StoredClassifier(model.checkpoint(name), features: features).classifier(of: labels)
        return device.weightTables(weights: classifier.weights, biases: classifier.biases)
    }

    func prediction(of features: CSRMatrix) throws -> Prediction {
        Prediction(
            stage: SparseSliceStage(
                queries: features, means: means, hasAllMeans: group.size == 1,
                listed: settings.listed(labels: model.data.labelCount), classifiers: classifiers,
                scorer: SparseSliceScorer(
                    labels: labels, labelIds: model.labelIds, combination: combination, topK: model.config.global.topK),
                group: group))
    }
}
