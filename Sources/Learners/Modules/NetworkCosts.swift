import Config
import Foundation
import Messages
import Support
import Training

/// What a learner of encoders and classifiers needs.
///
/// Time is a sum of step costs (`StepCosts`); what the modules are, its framework says.
package struct NetworkCosts: LearnerCosts {
    package let framework: any NetworkLearner
    package let problem: LearnerProblem
    package let rates: StepCosts
    package let plan: NetworkPlan

    package init(_ framework: any NetworkLearner, _ problem: LearnerProblem, rates: StepCosts) {
        self.framework = framework
        self.problem = problem
        self.rates = rates
        plan = framework.plan(problem.config)
    }

    package var config: Config { problem.config }
    package var size: ProblemSize { problem.size }
    private var encoder: EncoderSize? { problem.encoder }
    private var readsTokens: Bool { encoder?.readsTokens ?? true }

    package var stages: [PlannedStage] {
        var stages = plan.sections.map { name, section in
            PlannedStage(name, epochs: section.optimisation.epochs, steps: steps(section))
        }
        if plan.hasShortlists { stages.insert(PlannedStage("shortlists"), at: plan.hasSurrogate ? 1 : 0) }
        return stages
    }

    private func steps(_ section: ModuleConfig) -> Int {
        section.optimisation.epochs
            * ((size.trainDocuments + section.optimisation.batchSize - 1) / max(section.optimisation.batchSize, 1))
    }

    package var leastWorkers: Int { config.extreme.classifier.partitions }
    package var featureNoun: String { readsTokens ? "tokens" : "features" }
    package var dimensions: Int? { size.dimensions }
    package var scoreLists: ScoreLists { ScoreLists(hasPriors: plan.hasShortlists, hasReranker: plan.hasReranker) }

    package func held(groupSize m: Int) -> String? {
        guard readsTokens else { return "all layers on each" }
        let columns = (0..<m).map { size.dimensions * ($0 + 1) / m - size.dimensions * $0 / m }
        return "\(Quantity.span(columns, "column")) of the embeddings"
    }

    package var mappedBytes: Int { readsTokens ? 4 * size.tokens * size.dimensions * plan.embeddingFiles : 0 }

    package func worker(_ share: WorkerShare) -> [MemoryEstimate.Part] {
        let parts = WorkerMemory(
            labels: share.labels, groupSize: share.groupSize, threads: share.threads, size: size, modules: plan, encoder: encoder
        ).parts
        return plan.hasShortlists ? parts : parts + [MemoryEstimate.scoresSent(share, size: size, topK: config.global.topK)]
    }

    /// Of a step of module III.
    package func messages(groupSize m: Int) -> [PlannedMessage] {
        let batch = config.extreme.optimisation.batchSize, z = encoder?.outputDims ?? size.dimensions
        var messages: [PlannedMessage] = []
        if let encoder {
            let tokens = batch * (encoder.tokensPerDocument ?? size.tokensPerDocument)
            let vectors =
                "vectors of the batch's tokens, about \(Quantity.count(tokens))×\(size.dimensions) floats, and their gradient"
            // Of all columns, a worker gets those of its own share of the tokens.
            let bytes = 2 * 4 * tokens * size.dimensions / max(1, m)
            if encoder.readsTokens { messages.append(PlannedMessage(vectors, bytes: bytes)) }
            messages.append(
                PlannedMessage(
                    "sum of the layers' gradient, and an allgather of their new values, \(Quantity.count(encoder.parameters)) floats each",
                    bytes: 8 * encoder.parameters))
        }
        let sum = PlannedMessage("sum of its gradient over the label shards", bytes: 4 * batch * z)
        if encoder != nil {
            return messages + [PlannedMessage("allgather of the encoded batch, \(batch)×\(z) floats", bytes: 4 * batch * z), sum]
        }
        if rates.sharesMemory {
            return [PlannedMessage("vectors of the batch and gradients, in memory that the workers of a node share", bytes: 0)]
        }
        return [
            PlannedMessage("allgathers of x̂ and z, \(batch)×\(z) floats each", bytes: 8 * batch * z), sum,
            PlannedMessage("allgather of the residual's gradient, \(z)×\(z) floats", bytes: 4 * z * z),
        ]
    }

    /// What a worker gets a step, each in as many messages as there are peers, sent at once: its rows of x̂ (B×D/m), z made whole (B×D),
    /// its rows of the parts of ∂z (B×D in all), columns of ∂h and ∂x̂ (2·B×D/m); ∂R̄ made whole (D×D), in time for the next rows of x̂.
    /// x̂ is made whole (B×D) while labels are worked on. Now and then there is a look whether one is to stop, and random labels are dealt.
    package func traffic(groupSize m: Int) -> Traffic {
        let others = 4 * Double(m - 1) / Double(m), D = Double(size.dimensions)
        var traffic = Traffic.none
        for (name, section) in plan.sections {
            let batch = Double(section.optimisation.batchSize) * D, steps = Double(self.steps(section))
            traffic.bytes += steps * others * (batch * (2 + 3 / Double(m)) + D * D)
            traffic.messages += (4 + (log2(Double(max(2, m))) + 2) / 8) * steps
            traffic.covered.append(
                Traffic.Covered(steps: steps, bytes: others * batch, seconds: labelSeconds(name, section, workers: Double(m))))
        }
        return traffic
    }

    /// Seconds a step of module `name` of what labels alone cost.
    private func labelSeconds(_ name: String, _ section: ModuleConfig, workers m: Double) -> Double {
        let batch = section.optimisation.batchSize
        if name == "surrogate" || (name == "extreme" && !plan.hasShortlists) {
            let labels = name == "surrogate" ? plan.surrogateLabels(size.labels) : size.labels
            return rates.oneVsAllStep(batch: batch, labels: labels, dims: size.dimensions) / m
        }
        let pairs = section.shortlist.length + (name == "extreme" ? 150 : 0)
        return rates.shortlistStep(batch: batch, labels: size.labels, pairs: pairs, dims: size.dimensions) / m
    }

    package func stageSeconds(cores: Double) -> [StageSeconds] {
        var stages = framework.firstStageSeconds(self, cores: cores)
        if plan.hasReranker {
            let section = config.reranker
            stages.append(
                StageSeconds("re-ranker", shortlists(section, pairs: section.shortlist.length, freezes: false, cores: cores)))
        }
        // Where there are shortlists, those of the test documents are counted with the search.
        let scored = plan.hasShortlists ? config.extreme.shortlist.length : size.labels
        let products = 2 * Double(size.testDocuments) * Double(min(scored, size.labels)) * Double(size.dimensions)
        let encoding = layers(size.testDocuments, cores: cores)
        stages.append(StageSeconds("prediction", encoding + products / rates.exactSearch / cores))
        return stages
    }
}

// Of validation.
extension NetworkCosts {
    /// Where the encoder learns, what is searched is made anew each time: the vectors of training documents and labels.
    package func seconds(of validation: PlannedValidation, cores: Double) -> Double {
        let once = predictionSeconds(documents: validation.documents, cores: cores)
        let moves = plan.hasShortlists && !config.extreme.searchesBeforeTraining
        let times = validation.times(epochs: config.extreme.optimisation.epochs) + validation.trials
        let reranked = plan.hasReranker ? validation.times(epochs: config.reranker.optimisation.epochs) : 0
        return Double(times + reranked + 1) * once + (moves ? Double(times) * search(cores: cores) : 0)
    }

    /// What the leader of a group holds while it measures a module: each list's blocks and the whole that they make; what the logistic
    /// function makes of them and their sum, of up to twice the entries; and a block of each worker, as it arrives and as it is read. No
    /// list is longer than the shortlist. Every worker has the labels' propensities, and its documents' shortlists, as they are found
    /// and by label.
    package func worker(_ validation: PlannedValidation, _ share: WorkerShare) -> [MemoryEstimate.Part] {
        let listed = plan.listedLabels(size.labels), priors = plan.hasShortlists ? 1 : 0
        let topK = priors > 0 ? min(config.global.topK, listed.shortlist) : config.global.topK
        let lists = 2 * (1 + priors + (plan.hasReranker ? 1 : 0)) + (priors > 0 ? 4 : 1)
        let arriving = min(ScoreBlock.size, validation.documents) * min(topK, max(size.labels, 1)) * 16 * 2
        let own = (validation.documents + share.groupSize - 1) / share.groupSize
        return [
            MemoryEstimate.Part(
                "validation's scores",
                validation.bytes(lists: lists, topK: topK, labels: size.labels) + arriving + 8 * size.labels),
            MemoryEstimate.Part("validation's shortlists", 16 * own * (listed.shortlist + listed.reranker)),
        ]
    }
}

// Of modules, for the frameworks that have them.
extension NetworkCosts {
    /// Epochs on all logits of `labels` labels.
    package func oneVsAll(_ section: ModuleConfig, labels: Int, cores: Double) -> Double {
        Double(section.optimisation.epochs)
            * (layersEpoch(section, cores: cores)
                + rates.oneVsAllEpoch(
                    documents: size.trainDocuments, labels: labels, dims: size.dimensions, workers: cores))
    }

    /// Epochs on `pairs` logits a document.
    package func shortlists(_ section: ModuleConfig, pairs: Int, freezes: Bool, cores: Double) -> Double {
        Double(section.optimisation.epochs)
            * (layersEpoch(section, cores: cores)
                + rates.shortlistEpoch(
                    documents: size.trainDocuments, labels: size.labels, pairs: pairs, dims: size.dimensions,
                    batch: section.optimisation.batchSize,
                    freezes: freezes, workers: cores))
    }

    /// The forward pass of a stack of layers over some documents: each of its parameters meets each token, or each document that is a
    /// vector. At most as many workers as there are blocks of a batch share it.
    private func layers(_ documents: Int, cores: Double) -> Double {
        guard let encoder else { return 0 }
        let rows = Double(documents) * Double(encoder.readsTokens ? encoder.tokensPerDocument ?? size.tokensPerDocument : 1)
        return 2 * rows * Double(encoder.parameters) / rates.layers / min(cores, Double(BlockCut.count))
    }

    /// Of training documents, forward and backward, where products are twice as many.
    private func layersEpoch(_ section: ModuleConfig, cores: Double) -> Double {
        (section.encoder.isFrozen ? 1 : 3) * layers(size.trainDocuments, cores: cores)
    }

    /// Module III on shortlists of module II.
    package func extremeOnShortlists(cores: Double) -> Double {
        let section = config.extreme
        return shortlists(section, pairs: section.shortlist.length + 150, freezes: section.encoder.isFrozen, cores: cores)
    }

    /// One search of module II.
    package func search(cores: Double) -> Double {
        rates.search(size, config.extreme, workers: cores) + layers(size.trainDocuments, cores: cores)
    }
}
