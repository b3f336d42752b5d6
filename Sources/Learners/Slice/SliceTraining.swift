import Checkpoint
import DeepXMLModel
import Devices
import Messages
import Support
import Training
import Transport

/// A learner of Slice in training, on one worker of its group: document vectors, the nearest labels of each document, and
/// classifiers that tell a label's documents from those that lie near it (WSDM 2019, §4).
struct SliceTraining {
    private let run: LearnerRun
    private let settings: SliceSettings
    private let device: any Device
    /// E; nil where features are vectors already.
    private let table: DenseMatrix?
    private let dims: Int
    /// Of all training documents, of all test documents, and of the validation documents where there are some.
    private let train: Tensor, test: Tensor, validation: Tensor?

    /// Collective, as all that follows.
    init(_ run: LearnerRun) throws {
        (self.run, settings) = (run, run.config[SliceSettings.self])
        device = run.group.device
        table = Self.table(run, settings)
        let vectors = SliceVectors(device: device, table: table, features: run.data.vocabularySize)
        dims = vectors.dims
        train = try vectors.all(run.data.trainFeatures, run.group)
        test = try vectors.all(run.data.testFeatures, run.group)
        validation = try run.data.validation.map { try vectors.all($0.features, run.group) }
    }

    private static func table(_ run: LearnerRun, _ settings: SliceSettings) -> DenseMatrix? {
        if run.data.featureType == .dense { return nil }
        switch settings.start {
        case .tokenEmbeddings: return run.settings.embeddings[settings.embeddings]
        case .random:
            let device = run.group.device
            return device.matrix(
                device.randomEmbeddings(
                    tokens: run.data.vocabularySize, dims: run.config.global.embeddingDims,
                    RandomStreams(seed: run.seed, module: 2)))
        }
    }

    /// How the test documents are scored, and the validation documents.
    func prediction() throws -> Prediction {
        let lists = try run.timed("shortlist", shortlists)
        try run.control.betweenModules()
        let classifiers = SliceClassifiers(labels: run.labels, of: run.data.labelCount, dims: dims, device: device)
        try run.timed("extreme") { try trainClassifiers(classifiers, near: lists.train) }
        func stage(_ queries: CSRMatrix, _ vectors: Tensor, _ lists: TopK) throws -> Prediction {
            Prediction(
                stage: try SliceStage(
                    queries: queries, vectors: vectors, lists: lists, classifiers: classifiers, shards: run.shards,
                    labelIds: run.data.labelIds, settings: settings, group: run.group))
        }
        let own = try stage(run.data.testFeatures, test, lists.test)
        guard let held = run.data.validation, let validation, let ofValidation = lists.validation else { return own }
        return own.with { try stage(held.features, validation, ofValidation) }
    }

    // MARK: The generative model

    private var trainRows: RowLists { RowLists(group: run.group, rows: train.rows) }
    private var testRows: RowLists { rows(test) }
    private func rows(_ vectors: Tensor) -> RowLists { RowLists(group: run.group, rows: vectors.rows) }

    /// The nearest labels of this worker's slices of the documents. Pinned, with what prediction needs of the generative model.
    private func shortlists() throws -> (train: TopK, test: TopK, validation: TopK?) {
        if let done = try run.pinned(.shortlist) {
            let ids: Buffer<Int32> = try done.rows("train.ids", trainRows.ownRows), k = try done.extent("train.ids").cols
            let train = TopK(rows: trainRows.ownRows.count, k: k, indices: ids, scores: Buffer(count: ids.count))
            let ofValidation = try validation.map { try TopK("validation", from: done, rows: rows($0).ownRows) }
            return (train, try TopK("test", from: done, rows: testRows.ownRows), ofValidation)
        }
        let plan = GenerativePlan(
            settings, queries: train.rows + test.rows, labels: run.data.labelCount, dims: dims, workers: run.group.size)
        try run.notice("labels: \(plan.search.reason)")
        let means = device.paddedTensor(rows: run.labels.count, dims: dims), first = run.labels.lowerBound
        device.unitMeans(train, members: run.data.trainDocuments, labels: run.labels, into: means)
        let search = try GenerativeSearch(
            plan, parts: [run.labels], k: settings.numNbrs, group: run.group, device: device, seed: run.seed
        ) { means.rows($0.lowerBound - first..<$0.upperBound - first) }
        let lists = (
            train: try search.lists(train, stoppedBy: run.control), test: try search.lists(test, stoppedBy: run.control),
            validation: try validation.map { try search.lists($0, stoppedBy: run.control) }
        )
        var arrays = stored(lists.train, lists.test, means)
        if let validation { arrays += lists.validation?.stored("validation", rows(validation)) ?? [] }
        try run.pin(.shortlist, epoch: 0, arrays, state: plan.state)
        return lists
    }

    private func stored(_ train: TopK, _ test: TopK, _ means: Tensor) -> [StoredArray] {
        let own = Placement.rows(start: trainRows.ownRows.lowerBound, total: trainRows.rows)
        let ofLabels = Placement.rows(start: run.labels.lowerBound, total: run.data.labelCount)
        return [
            StoredArray("train.ids", train.indices, columns: train.k, own),
            StoredArray("label.mean", device.matrix(means.withPadding), ofLabels),
        ] + test.stored("test", testRows) + storedTable()
    }

    /// This worker's slice of the tokens.
    private func storedTable() -> [StoredArray] {
        guard let table else { return [] }
        let own = run.group.ownSlice(table.rows), part = DenseMatrix(rows: own.count, cols: table.cols)
        for token in own {
            for c in 0..<table.cols { part[token - own.lowerBound, c] = table[token, c] }
        }
        return [StoredArray("encoder", part, .rows(start: own.lowerBound, total: table.rows))]
    }

    // MARK: The classifiers

    private func trainClassifiers(_ classifiers: SliceClassifiers, near lists: TopK) throws {
        if let done = try run.pinned(.extreme) { return try classifiers.restore(done) }
        let near = try trainRows.byLabel(lists, run.shards)
        var trained = try TrainedLabels(labels: run.labels, of: run.data.labelCount, run.group)
        if let checkpoint = run.checkpoint(within: .extreme) {
            try classifiers.restore(checkpoint)
            try trained.restore(checkpoint)
        }
        var outcome = DenseLinearOutcome()
        let time = Stopwatch(), before = try trained.doneByAll()
        let positives = run.data.trainDocuments, first = run.labels.lowerBound
        let blocks = try trained.blocks { 16 + positives.range($0).count + near.range($0 - first).count }
        try ProgressScope.stage("classifiers", of: run.data.labelCount - before, "labels") { progress in
            for (block, labels) in blocks.enumerated() {
                outcome = outcome + train(labels, classifiers, near)
                trained.finish(labels)
                let done = try trained.doneByAll()
                progress.advance(to: done - before)
                try report(block + 1, of: blocks.count, done: done, trained: done - before, seconds: time.seconds)
                try run.control.afterBlock(block + 1, of: blocks.count, key: ModuleName.extreme.key(epoch: 0, step: done)) {
                    classifiers.stored() + trained.stored()
                }
            }
        }
        try noticeUnsolved(outcome)
        try run.pin(.extreme, epoch: 1, classifiers.stored())
    }

    private func train(_ labels: [Int], _ classifiers: SliceClassifiers, _ near: CSRMatrix) -> DenseLinearOutcome {
        let first = run.labels.lowerBound
        let examples = LabelExamples(labels, positives: run.data.trainDocuments, near: near, firstLabel: first)
        let solver = DenseLinearSettings(
            cost: settings.cost, bias: settings.bias, eps: settings.tolerance, maxProducts: settings.maxProducts)
        return device.trainLinear(
            train, examples, solver, places: labels.map { $0 - first }, weights: classifiers.weights, biases: classifiers.biases)
    }

    private func report(_ block: Int, of blocks: Int, done: Int, trained: Int, seconds: Double) throws {
        let rate = Double(trained) / max(seconds, 1e-9), all = run.data.labelCount
        try run.control.report(
            ProgressEvent(
                learner: Int(run.seed), module: ModuleName.extreme.name, epoch: block, epochs: blocks,
                etaSeconds: Double(all - done) / max(rate, 1e-9),
                message:
                    "\(Quantity.count(done)) of \(Quantity.plural(all, "label")), \(Quantity.count(Int(saturating: rate))) labels/s"
            ))
    }

    private func noticeUnsolved(_ own: DenseLinearOutcome) throws {
        let unsolved = try run.group.communicator.allgatherCounts(own.unsolved).reduce(0, +)
        guard unsolved > 0 else { return }
        try run.notice(
            "\(Quantity.plural(unsolved, "classifier")) of \(Quantity.count(run.data.labelCount)) stopped at slice.max_products "
                + "(\(settings.maxProducts)), short of slice.tolerance")
    }
}
