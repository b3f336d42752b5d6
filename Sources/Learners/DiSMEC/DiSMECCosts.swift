import Config
import Support
import Training

/// What a DiSMEC learner needs.
struct DiSMECCosts: LearnerCosts {
    let problem: LearnerProblem
    let rates: StepCosts

    init(_ problem: LearnerProblem, rates: StepCosts) { (self.problem, self.rates) = (problem, rates) }

    private var size: ProblemSize { problem.size }
    private var blocks: LabelBlocks {
        LabelBlocks(labels: size.labels, size: problem.config[DiSMECSettings.self].blockSize)
    }
    /// Features of a document and training documents' labels; where the data are not there to tell (`plan`), what is common among
    /// the data sets of the XC repository.
    private var entriesOfDocument: Int { size.storedFeatures == 0 ? 60 : size.tokensPerDocument }
    private var positives: Int {
        if size.storedLabels == 0 { return 5 * size.trainDocuments }
        return size.storedLabels * size.trainDocuments / max(1, size.trainDocuments + size.testDocuments)
    }
    private var entries: Int { size.trainDocuments * entriesOfDocument }

    var stages: [PlannedStage] { [PlannedStage(ModuleName.classifiers.name)] }
    var scoreLists: ScoreLists { ScoreLists() }

    func held(groupSize: Int) -> String? {
        "trains about \(blocks.count / groupSize) of \(Quantity.plural(blocks.count, "block")) of labels"
    }

    /// Weights that all labels keep, as counted; else they grow with what a label's documents hold: measured on WordNetSmall and
    /// PyPINames, 2.5 for each feature of its documents.
    private var weights: Int {
        let perLabel = min(size.tokens, 1 + 5 * positives * entriesOfDocument / max(1, 2 * size.labels))
        return problem.counts?.weights ?? size.labels * perLabel
    }

    /// Weights as rows, and turned for prediction.
    func worker(_ share: WorkerShare) -> [MemoryEstimate.Part] {
        let rows = size.trainDocuments, solver = Self.bytesOfSolver * rows + 80 * size.tokens + 2 * entries
        return [
            MemoryEstimate.Part("classifiers", share.part(of: 16 * weights, labels: size.labels)),
            MemoryEstimate.Part("documents by feature", 8 * entries + 16 * size.tokens),
            MemoryEstimate.Part("solvers", share.threads * solver),
            MemoryEstimate.scoresSent(share, size: size, topK: problem.config.global.topK),
        ]
    }

    func stageSeconds(cores: Double) -> [StageSeconds] {
        let entriesOfPositives = Double(positives * entriesOfDocument) / Double(max(1, size.labels))
        let solving = Self.seconds(documents: size.trainDocuments, entriesOfPositives: entriesOfPositives)
        return [StageSeconds(ModuleName.classifiers.name, Double(size.labels) * solving * rates.sparseSlowness / cores)]
    }

    /// Of one label on one core: seven to ten Newton steps, each with a few passes over all documents, and products over the columns
    /// of features that the label's own documents have, the longer the more documents there are.
    ///
    /// Measured at 2.5 GHz with AVX-512: 0.10 µs a document on WordNetSmall (13,114 documents), 0.23 µs on PyPINames (403,792), where
    /// what a solver passes over exceeds a core's cache.
    static func seconds(documents: Int, entriesOfPositives: Double) -> Double {
        let perDocument = bytesOfSolver * documents < 2 << 20 ? 1e-7 : 2.3e-7
        return perDocument * Double(documents) * (1 + 1.1e-3 * entriesOfPositives)
    }

    /// For each document.
    private static let bytesOfSolver = 36
}
