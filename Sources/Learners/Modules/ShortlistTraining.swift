import Config
import DeepXMLModel
import Devices
import Support
import Training

// Modules II and III: extreme classifiers on shortlists (DeepXML, DeepXML-ANNS).
extension NetworkRun {
    /// Every search but those of a schedule is a module of its own, whose lists are pinned.
    package func trainOnShortlists(_ encoder: any GroupEncoder) throws -> TrainedStages {
        let section = config.extreme, sizes = extremeSizes
        let network = try context.network(section, .extreme, encoder)
        // What is searched never changes: one search before training serves training and prediction.
        if !section.searchesBeforeTraining {
            return try trainOnMovingShortlists(network, sizes)
        }
        let negatives = try negatives(encoder, sizes)
        try control.betweenModules()
        var ofValidation: ShortlistStage?
        func validation() throws -> Prediction {
            let stage = try ofValidation ?? validationStage(network, searchedValidation(encoder))
            ofValidation = stage
            return Prediction(stage: stage)
        }
        try timed("extreme") {
            try self.train(.extreme, section, network, validation: validation) {
                (
                    try ShortlistStep(
                        truth: data.trainLabels, negatives: negatives, sizes: sizes, network: network, section: section),
                    nil
                )
            }
        }
        let lists = try searchAll(encoder, .shortlist, withTraining: context.usesReranker)
        return try stages(network, lists)
    }

    /// Lists that are pinned already.
    private func searchedValidation(_ encoder: any GroupEncoder) throws -> TopK {
        try searchAll(encoder, .shortlist, withTraining: false).validation ?? TopK(rows: 0, k: 1)
    }

    private func validationStage(_ network: Network, _ lists: TopK) throws -> ShortlistStage {
        var context = context
        context.isSilent = true
        return ShortlistStage(
            context: context, network: network, queries: validationFeatures, train: nil,
            lists: try own(lists, of: validationRows, for: .scoring))
    }

    /// Of the lists only these are held while classifiers are trained; all are pinned.
    private func negatives(_ encoder: any GroupEncoder, _ sizes: ShortlistSizes) throws -> NegativeShortlists {
        let lists = try timed("shortlist") { try searchAll(encoder, .shortlist, withTraining: true) }
        return try own(lists.train!, of: trainRows, for: .training(truth: data.trainLabels, sizes: sizes)).negatives!
    }

    private func stages(_ network: Network, _ lists: SearchedLists) throws -> TrainedStages {
        let test = ShortlistStage(
            context: context, network: network, queries: data.testFeatures,
            train: try lists.train.map { try own($0, of: trainRows, for: .ranking) },
            lists: try own(lists.test, of: testRows, for: .scoring))
        return TrainedStages(test: test, validation: try lists.validation.map { try validationStage(network, $0) })
    }

    /// Lists that follow the encoder while it learns; those of prediction are searched with the trained one.
    private func trainOnMovingShortlists(_ network: Network, _ sizes: ShortlistSizes) throws -> TrainedStages {
        try timed("extreme") {
            try train(
                .extreme, config.extreme, network,
                validation: {
                    // As the last search will find them.
                    let lists = try search(network.encoder, says: false).lists(validationFeatures)
                    return Prediction(stage: try validationStage(network, lists))
                }
            ) {
                let none = TopK(rows: trainRows.ownRows.count, k: 1)
                let empty = try own(none, of: trainRows, for: .training(truth: data.trainLabels, sizes: sizes)).negatives!
                let loss = try ShortlistStep(
                    truth: data.trainLabels, negatives: empty, sizes: sizes, network: network, section: config.extreme)
                let follows = !config.extreme.usesRandomNegativesOnly
                return (loss, follows ? ShortlistSchedule(run: self, network: network, loss: loss, sizes: sizes) : nil)
            }
        }
        try control.betweenModules()
        let lists = try timed("shortlist") {
            try searchAll(network.encoder, .finalShortlist, withTraining: context.usesReranker)
        }
        return try stages(network, lists)
    }

    private var validationRows: RowLists { RowLists(group: group, rows: validationFeatures.rows) }
    private var trainRows: RowLists { RowLists(group: group, rows: data.trainFeatures.rows) }
    private var testRows: RowLists { RowLists(group: group, rows: data.testFeatures.rows) }

    /// Lists of this worker's slices of documents.
    private struct SearchedLists {
        var train: TopK?
        var test: TopK
        /// nil: the run has no validation documents.
        var validation: TopK?
    }

    /// Shortlists of this worker's slices of the training, test and validation documents, pinned as the result of `module`.
    private func searchAll(_ encoder: any GroupEncoder, _ module: ModuleName, withTraining: Bool) throws -> SearchedLists {
        if let done = try run.pinned(module) {
            return SearchedLists(
                train: withTraining ? try TopK("train", from: done, rows: trainRows.ownRows) : nil,
                test: try TopK("test", from: done, rows: testRows.ownRows),
                validation: try data.validation.map { _ in
                    try TopK("validation", from: done, rows: validationRows.ownRows)
                })
        }
        let search = try search(encoder, says: true)
        let train = withTraining ? try search.lists(data.trainFeatures, stoppedBy: control) : nil
        let test = try search.lists(data.testFeatures, stoppedBy: control)
        let validation = try data.validation.map { try search.lists($0.features, stoppedBy: control) }
        let isFinal = module == .finalShortlist
        try run.pin(
            module, epoch: isFinal ? config.extreme.optimisation.epochs : 0, step: isFinal ? 1 : 0,
            (train?.stored("train", trainRows) ?? []) + test.stored("test", testRows)
                + (validation?.stored("validation", validationRows) ?? []), state: search.methods.state)
        return SearchedLists(train: train, test: test, validation: validation)
    }

    /// Positives, shortlist and random labels, num_nbrs + 150 in all (DESIGN.md §1, module III); a static shortlist has no
    /// random labels, a dynamic one nothing else.
    private var extremeSizes: ShortlistSizes {
        let section = config.extreme, shortlist = section.shortlist, isStatic = shortlist.method == .fixed
        let random = section.usesRandomNegativesOnly ? shortlist.length : isStatic ? 0 : shortlist.randomNegatives
        return ShortlistSizes(
            maxPositives: shortlist.maxPositives, randomNegatives: random, limit: shortlist.length + (isStatic ? 0 : 150))
    }
}

extension ModuleConfig {
    /// Negatives are uniform random labels alone.
    package var usesRandomNegativesOnly: Bool {
        shortlist.negativeSampling == .random || classifier.method == .randomNegatives || shortlist.method == .dynamic
    }

    /// What is searched never changes while the classifiers are trained.
    package var searchesBeforeTraining: Bool {
        encoder.isFrozen && shortlist.usesIntermediate && !usesRandomNegativesOnly
    }
}
