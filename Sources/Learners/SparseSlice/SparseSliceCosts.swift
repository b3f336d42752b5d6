import Config
import Support
import Training

/// What a learner of SparseSlice needs: time and memory grow with the documents listed, N·num_negatives, whatever L is.
struct SparseSliceCosts: LearnerCosts {
    let problem: LearnerProblem
    let rates: StepCosts

    init(_ problem: LearnerProblem, rates: StepCosts) { (self.problem, self.rates) = (problem, rates) }

    private var size: ProblemSize { problem.size }
    private var settings: SparseSliceSettings { problem.config[SparseSliceSettings.self] }
    private var blocks: LabelBlocks { LabelBlocks(labels: size.labels, size: settings.blockSize(labels: size.labels)) }
    /// Features of a document and labels of a training document; where the data are not there to tell (`plan`), what is common among
    /// titles.
    private var entriesOfDocument: Int { size.storedFeatures == 0 ? 8 : size.tokensPerDocument }
    private var positives: Int {
        if size.storedLabels == 0 { return 5 * size.trainDocuments }
        return size.storedLabels * size.trainDocuments / max(1, size.trainDocuments + size.testDocuments)
    }
    private var negatives: Int { size.trainDocuments * min(settings.numNegatives, max(size.labels, 1)) }
    /// Entries of the means: a label's documents have most of their features in common with none of its others.
    private var meanEntries: Int { min(3 * positives * entriesOfDocument / 10, settings.postings * size.tokens) }

    var stages: [PlannedStage] { [PlannedStage("label means"), PlannedStage(ModuleName.classifiers.name)] }
    var scoreLists: ScoreLists { ScoreLists() }

    func held(groupSize: Int) -> String? {
        "all label means on each; trains about \(max(1, blocks.count / groupSize)) of \(Quantity.plural(blocks.count, "block")) of labels"
    }

    func worker(_ share: WorkerShare) -> [MemoryEstimate.Part] {
        func slice(_ count: Int) -> Int { (count + share.groupSize - 1) / share.groupSize }
        let weights =
            share.labels
            * Self.weightsOfLabel(positives: positives, negatives: negatives, entries: entriesOfDocument, size.labels)
        return [
            // By label and by feature.
            MemoryEstimate.Part("label means", 16 * meanEntries),
            MemoryEstimate.Part("shortlists", 8 * slice(negatives)),
            // Turned round, sent and received.
            MemoryEstimate.Part("negatives", 8 * slice(negatives)),
            MemoryEstimate.Part("classifiers", 16 * weights),
            MemoryEstimate.Part("solvers", share.threads * 16 * size.tokens),
        ]
    }

    /// Weights that a label keeps; measured on PyPINames.
    private static func weightsOfLabel(positives: Int, negatives: Int, entries: Int, _ labels: Int) -> Int {
        (positives * 2 + negatives / 2) * entries / 10 / max(1, labels) + 8
    }

    /// Lists of all documents turned round, and the means of all labels on each worker.
    func traffic(groupSize m: Int) -> Traffic {
        let others = Double(m - 1) / Double(m)
        let turned = 4 * Double(negatives) * others / Double(m), means = 8 * Double(meanEntries) * others
        return Traffic(bytes: turned + means, messages: 8)
    }

    /// A search costs the postings of the document's features; a label's solver about ten passes over its documents.
    func stageSeconds(cores: Double) -> [StageSeconds] {
        let documents = Double(size.trainDocuments), tests = Double(size.testDocuments), entries = Double(entriesOfDocument)
        let slow = rates.sparseSlowness / cores, search = entries * postingsOfFeature * 1.2e-9 + 5e-6
        let solving = Double(positives + negatives) * entries * 10 * rates.sparsePass / cores
        return [
            StageSeconds("label means", Double(positives) * entries * 8e-9 * slow),
            StageSeconds("shortlists", documents * (search + Double(settings.numNegatives) * 3e-8) * slow),
            StageSeconds(ModuleName.classifiers.name, solving),
            StageSeconds("prediction", tests * (search + Double(settings.numNbrs) * (entries * 1.5e-8 + 1e-7)) * slow),
        ]
    }

    /// On average over documents, whose features are frequent ones mostly.
    private var postingsOfFeature: Double {
        min(Double(settings.postings), 8 * Double(meanEntries) / Double(max(1, size.tokens)))
    }
}
