import Config
import Support
import Training

/// What a learner of Slice needs. With a graph, search grows with N·log L; training grows with the documents listed, N·num_nbrs.
struct SliceCosts: LearnerCosts {
    let problem: LearnerProblem
    let rates: StepCosts

    private var size: ProblemSize { problem.size }
    private var settings: SliceSettings { problem.config[SliceSettings.self] }
    private var isDense: Bool { problem.config.global.featureType == .dense }
    private var dims: Int { isDense ? size.tokens : size.dimensions }
    /// Floats of a vector with its padding.
    private var width: Int { (dims + 15) / 16 * 16 }
    private var documents: Int { size.trainDocuments + size.testDocuments }
    private var listed: Int { min(settings.numNbrs, max(size.labels, 1)) }

    var stages: [PlannedStage] { [PlannedStage("shortlists"), PlannedStage("classifiers")] }
    var featureNoun: String { isDense ? "features" : "tokens" }
    var dimensions: Int? { isDense ? nil : size.dimensions }
    var scoreLists: ScoreLists { ScoreLists() }
    func held(groupSize: Int) -> String? { "all document vectors on each" }
    var mappedBytes: Int { isDense || settings.start == .random ? 0 : 4 * size.tokens * size.dimensions }

    func worker(_ share: WorkerShare) -> [MemoryEstimate.Part] {
        func slice(_ count: Int) -> Int { (count + share.groupSize - 1) / share.groupSize }
        let links = isExact ? 0 : 8 * settings.M
        return [
            MemoryEstimate.Part("document vectors", 4 * documents * width),
            MemoryEstimate.Part("token embeddings", isDense ? 0 : 4 * size.tokens * size.dimensions),
            MemoryEstimate.Part("classifiers", 4 * share.labels * (width + 1)),
            MemoryEstimate.Part("means and graphs", share.labels * (4 * width * (isExact ? 1 : 2) + links)),
            MemoryEstimate.Part("shortlists", 8 * slice(documents) * listed),
            // Turned round here, sent and received.
            MemoryEstimate.Part("negatives", 12 * slice(size.trainDocuments) * listed),
        ]
    }

    /// The vectors of its documents, and their shortlists.
    func worker(_ validation: PlannedValidation, _ share: WorkerShare) -> [MemoryEstimate.Part] {
        let own = (validation.documents + share.groupSize - 1) / share.groupSize
        return [MemoryEstimate.Part("validation's vectors", 4 * validation.documents * width + 8 * own * listed)]
    }

    /// All vectors on all workers; queries' lists from each worker to their owner; and the lists turned round.
    func traffic(groupSize m: Int) -> Traffic {
        let others = Double(m - 1) / Double(m), listed = Double(self.listed), N = Double(documents)
        let vectors = 4 * N * Double(width) * others, merged = 8 * N * listed * others
        let turned = 4 * Double(size.trainDocuments) * listed * others / Double(m)
        return Traffic(bytes: vectors + merged + turned, messages: N / 1024 * 2)
    }

    private var exactSeconds: Double { 2 * Double(documents) * Double(size.labels) * Double(dims) / rates.exactSearch }

    private var graphSeconds: Double {
        let D = Double(dims), L = Double(size.labels), links = Double(settings.M)
        func seen(_ width: Int) -> Double { L * Double(width) * links / (L + Double(width) * links) }
        return (L * seen(settings.efC) + Double(documents) * seen(settings.efS)) * 2 * D / rates.graphSearch
    }

    private var isExact: Bool { exactSeconds <= graphSeconds }

    /// Documents of the labels' examples times the products that the solver makes with each.
    func stageSeconds(cores: Double) -> [StageSeconds] {
        let positives = Double(size.storedLabels) * Double(size.trainDocuments) / Double(max(documents, 1))
        let examples = Double(size.trainDocuments) * Double(listed) + positives
        let training = examples * Self.productsAnExample * 4 * Double(width) / Self.solverRate * rates.productSlowness
        return [
            StageSeconds("shortlists", min(exactSeconds, graphSeconds) / cores), StageSeconds("classifiers", training / cores),
        ]
    }

    /// Passes over a label's documents, and flop/s of one core in them: together as measured on WordNetSmall with the default settings.
    private static let productsAnExample = 27.0, solverRate = 12e9
}
