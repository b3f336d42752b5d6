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
    private var negatives: Int { size.trainDocuments * settings.negatives(labels: size.labels) }
    /// Entries of the means, where they weren't counted: a label's documents have most of their features in common with none of its others.
    private var assumedMeanEntries: Int { min(3 * positives * entriesOfDocument / 10, settings.postings * size.tokens) }
    private var meanEntries: Int { problem.counts?.meanEntries ?? assumedMeanEntries }

    var stages: [PlannedStage] { [PlannedStage("label means"), PlannedStage(ModuleName.classifiers.name)] }
    var scoreLists: ScoreLists { ScoreLists() }

    func held(groupSize: Int) -> String? {
        "all label means on each; trains about \(max(1, blocks.count / groupSize)) of \(Quantity.plural(blocks.count, "block")) of labels"
    }

    /// Most is held when documents' lists have been turned round by label, or when classifiers are put into tables: by then the lists
    /// are gone.
    func worker(_ share: WorkerShare) -> [MemoryEstimate.Part] {
        func slice(_ count: Int) -> Int { (count + share.groupSize - 1) / share.groupSize }
        // Lists, and turned round; between workers also as they are sent and received.
        let lists = (share.groupSize == 1 ? 8 : 16) * slice(negatives)
        // A feature and a weight each, by label; and in tables.
        let classifiers = share.part(of: 8 * weights + tableBytes, labels: size.labels)
        return [
            // By label and by feature.
            MemoryEstimate.Part("label means", 16 * meanEntries),
            MemoryEstimate.Part(lists > classifiers ? "shortlists" : "classifiers", max(lists, classifiers)),
            // Offsets of means, lists and tables, biases, an order, logarithms of frequencies; a sum of each in a search.
            MemoryEstimate.Part("figures of labels", (40 + 4 * share.threads) * size.labels + 24 * share.labels),
            MemoryEstimate.Part("solvers", share.threads * 20 * size.tokens),
        ]
    }

    /// Weights that all labels keep, as counted; else assumed: mostly features of their own documents, some of the others'. Of PyPINames
    /// and the generated shapes of AmazonTitles-670K and -3M, which keep 7.4, 34.7 and 389 million, this is between 0.6 and 1.6 times.
    private var weights: Int {
        problem.counts?.weights ?? (positives * 6 / 5 + negatives * 6 / 1000) * entriesOfDocument
    }

    /// A quarter of a table's places are free: 12.6 bytes a weight in all three sets.
    private var tableBytes: Int { problem.counts?.tableBytes ?? 63 * weights / 5 }

    /// Lists of all documents turned round, and the means of all labels on each worker.
    func traffic(groupSize m: Int) -> Traffic {
        let others = Double(m - 1) / Double(m)
        let turned = 4 * Double(negatives) * others / Double(m), means = 8 * Double(meanEntries) * others
        return Traffic(bytes: turned + means, messages: 8)
    }

    /// A search costs the postings of the document's features; a label's solver about ten passes over its documents. The constants are
    /// those of PyPINames on two cores of an Intel Xeon (Emerald Rapids), in CPU seconds.
    func stageSeconds(cores: Double) -> [StageSeconds] {
        let documents = Double(size.trainDocuments), tests = Double(size.testDocuments), entries = Double(entriesOfDocument)
        let slow = rates.sparseSlowness / cores, search = entries * postingsOfFeature * posting + 4e-6
        let solving = Double(positives + negatives) * entries * Self.passes * rates.sparsePass / cores
        return [
            StageSeconds("label means", Double(positives) * entries * 8e-8 * slow),
            StageSeconds("shortlists", documents * search * slow),
            StageSeconds(ModuleName.classifiers.name, solving),
            StageSeconds("prediction", tests * (search + Double(settings.numNbrs) * (entries * 1.5e-8 + 1.1e-7)) * slow),
        ]
    }

    /// Of the dual solver, with copying a label's documents and storing it: ten passes that cost as much as so many of a measurement's.
    private static let passes = 27.0

    /// Seconds of a posting: sums of all labels that exceed a core's cache of 2 MiB are slower to reach.
    private var posting: Double { 6.1e-9 * (1 + 0.3 * max(0, Double(4 * size.labels) / Double(2 << 20) - 1)) }

    /// On average over documents, whose features are frequent ones mostly.
    private var postingsOfFeature: Double {
        min(Double(settings.postings), 8 * Double(assumedMeanEntries) / Double(max(1, size.tokens)))
    }
}
