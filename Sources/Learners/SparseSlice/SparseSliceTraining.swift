import DeepXMLModel
import Devices
import Support
import Training
import Transport

/// A learner of SparseSlice in training, on one worker of its group: label means, each training document's likely labels, and
/// classifiers that tell a label's documents from those in whose lists it stands.
struct SparseSliceTraining {
    private let run: LearnerRun
    private let settings: SparseSliceSettings

    init(_ run: LearnerRun) { (self.run, settings) = (run, run.config[SparseSliceSettings.self]) }

    /// Labels listed a training document.
    private var negatives: Int { settings.negatives(labels: run.data.labelCount) }

    /// The stage that scores the test documents. Collective.
    func stage() throws -> SparseSliceStage {
        let means = try run.timed("shortlist", labelMeans)
        try run.control.betweenModules()
        let classifier = try run.timed("extreme") { try self.classifier(means) }
        let listed = settings.listed(labels: run.data.labelCount)
        let combination = SparseSliceCombination(
            settings, positives: run.data.positives, documents: run.data.trainRowsInFile,
            unlisted: min(run.config.global.topK, listed))
        return SparseSliceStage(
            queries: run.data.testFeatures, means: means, hasAllMeans: true, listed: listed,
            classifiers: run.group.device.weightTables(weights: classifier.weights, biases: classifier.biases),
            scorer: SparseSliceScorer(
                labels: classifier.labels, labelIds: run.data.labelIds, combination: combination, topK: run.config.global.topK),
            group: run.group)
    }

    private func labelMeans() throws -> LabelMeans {
        let data = run.data
        if let done = try run.pinned(.shortlist) {
            return try LabelMeans(done, labels: 0..<data.labelCount, features: data.vocabularySize, on: run.group.device)
        }
        let weights = try LabelMeans.weights(of: run, settings)
        // Every label's mean was an array of its own.
        returnFreedMemory()
        try run.pin(.shortlist, epoch: 0, LabelMeans.arrays(weights, run.labels))
        return LabelMeans(weights, on: run.group.device)
    }

    private func classifier(_ means: LabelMeans) throws -> SparseClassifier {
        let positives = run.data.trainDocuments, others = Double(run.data.trainFeatures.rows * negatives)
        let perLabel = others / Double(max(1, run.data.labelCount))
        let training = BlockTraining(
            run, blockSize: settings.blockSize(labels: run.data.labelCount), accuracyKey: "sparse_slice.tolerance"
        ) { perLabel + Double(positives.range($0).count) }
        return try training.classifier { dealt in
            let near = try nearDocuments(means, dealt), own = dealt[run.group.rank]
            let places = Dictionary(uniqueKeysWithValues: zip(own.map(\.lowerBound), runningRanges(own.map(\.count))))
            let (data, device, solver) = (run.data, run.group.device, settings.solver)
            return { labels, isStopped in
                guard let place = places[labels.lowerBound] else { preconditionFailure("a block of another worker") }
                let examples = LabelExamples(
                    Array(labels), positives: data.trainDocuments, near: near, firstLabel: labels.lowerBound - place.lowerBound)
                let rows = device.trainLinear(data.trainFeatures, examples, solver, isStopped: isStopped)
                return rows.map {
                    (SparseClassifier(labels: labels, weights: $0.weights, biases: $0.biases), $0.inaccurate)
                }
            }
        }
    }

    /// For each label that was dealt to this worker, block by block, the training documents in whose lists it stands. Each worker
    /// searches for its slice of the documents. Collective.
    private func nearDocuments(_ means: LabelMeans, _ dealt: [[Range<Int>]]) throws -> CSRMatrix {
        let features = run.data.trainFeatures, rows = RowLists(group: run.group, rows: features.rows)
        // Of the lists only the labels count: scores are never touched, and so take no memory.
        let k = negatives, count = rows.ownRows.count * k
        let lists = TopK(rows: rows.ownRows.count, k: k, indices: Buffer(count: count), scores: Buffer(count: count))
        try rows.forEachSliceBlock("listing labels", stoppedBy: run.control) { block in
            let own = block[run.group.rank], found = means.best(k, of: features, docs: own.map(Int32.init))
            let first = (own.lowerBound - rows.ownRows.lowerBound) * k
            lists.indices[first..<first + found.indices.count].update(from: found.indices.all)
        }
        return try rows.byLabel(lists, dealt: dealt, labels: run.data.labelCount)
    }
}
