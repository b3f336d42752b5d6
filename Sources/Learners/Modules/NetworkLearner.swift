import Config
import Datasets
import DeepXMLModel
import Support
import Training

/// A framework whose learners are encoders and classifiers that are trained together, in some of DeepXML's four modules
/// (DESIGN.md §1; WSDM 2021, §3): surrogate task, shortlists, extreme classifiers, re-ranker.
///
/// It says which modules there are and how the first three make a first stage; the rest is the same for all of them.
package protocol NetworkLearner: Learner {
    var modules: NetworkModules { get }

    /// Trains all but the re-ranker.
    func trainFirstStage(_ run: NetworkRun) throws -> TrainedStages

    /// Seconds of computing, on so many cores together, of what `trainFirstStage` does.
    func firstStageSeconds(_ costs: NetworkCosts, cores: Double) -> [StageSeconds]
}

/// Which of the modules a framework has; extreme classifiers always.
package struct NetworkModules: Sendable, Equatable {
    /// Module I, from whose encoder that of module III goes on.
    package var hasSurrogate: Bool
    /// Module II; else every label of every document is scored.
    package var hasShortlists: Bool

    package init(hasSurrogate: Bool = false, hasShortlists: Bool = false) {
        self.hasSurrogate = hasSurrogate
        self.hasShortlists = hasShortlists
    }
}

extension NetworkLearner {
    package func plan(_ config: Config) -> NetworkPlan {
        NetworkPlan(modules: modules, config: config, hasReranker: config.usesReranker(requirements))
    }

    package func inputs(_ config: Config) -> LearnerInputs {
        let first = modules.hasSurrogate ? ConfigSection.surrogate : .extreme
        let sections = [first] + (config.usesReranker(requirements) ? [.reranker] : [])
        let readers = sections.filter { config[module: $0].encoder.start == .tokenEmbeddings }
        var embeddings: [LearnerInputs.Embeddings] = []
        for name in readers.map({ config[module: $0].encoder.embeddings }) where !embeddings.contains(where: { $0.name == name })
        {
            let atRandom = readers.filter { config[module: $0].encoder.embeddings == name }.map {
                "--set \($0.rawValue).init=random"
            }
            embeddings.append(
                LearnerInputs.Embeddings(name: name, otherwise: "draw them at random: \(atRandom.joined(separator: " "))"))
        }
        return LearnerInputs(
            normalize: config.extreme.normalize, keepInvalid: config.extreme.keepInvalid, embeddings: embeddings,
            pretrained: sections.filter { config[module: $0].encoder.start == .pretrained },
            keepsLabelText: config.keepsLabelText(requirements))
    }

    package func check(_ options: TrainOptions, _ data: XCDataset) throws { try options.checkArchitecture(data) }

    package func encoderSize(_ options: TrainOptions, _ data: XCDataset) throws -> EncoderSize? {
        try options.encoderSize(data: data)
    }

    package func costs(_ problem: LearnerProblem, rates: StepCosts) -> any LearnerCosts {
        NetworkCosts(self, problem, rates: rates)
    }

    package func train(_ run: LearnerRun) throws -> Prediction {
        let run = NetworkRun(run, usesReranker: run.config.usesReranker(requirements))
        let stages = try trainFirstStage(run)
        try run.control.betweenModules()
        let reranker =
            run.context.usesReranker ? try run.timed("reranker") { try Reranker(training: run, on: stages) } : nil
        return Prediction(stage: stages.test, reranker: reranker).with(
            validation: stages.validation.map { stage in { Prediction(stage: stage, reranker: reranker) } })
    }

    package func open(_ model: TrainedModel, group: WorkerGroup) throws -> any LearnerPredictor {
        try NetworkPredictor(model: model, framework: self, group: group)
    }

    package var predictsByTrainingDocuments: Bool { modules.hasShortlists }

    package func layOut(_ model: TrainedModel, into writer: inout ServingWriter) throws {
        try writer.refusePruning(name.rawValue)
        let packs = !modules.hasShortlists && !model.config.usesReranker(requirements)
        for module in try model.modules() {
            let reader = try model.checkpoint(module)
            switch module {
            case ModuleName.shortlist.name, ModuleName.finalShortlist.name: try writer.copyMethod(reader)
            // Its classifiers are those of clusters, for training alone.
            case ModuleName.surrogate.name: try writer.copy(reader) { !$0.hasPrefix("classifier.") }
            case ModuleName.extreme.name where packs:
                try writer.copy(reader) { !$0.hasPrefix("classifier.") }
                try writer.pack(reader, dims: model.classifierDims())
            default: try writer.copy(reader)
            }
        }
    }

    package func extract(_ extraction: Extraction, from model: TrainedModel) throws -> ExtractedMatrix {
        .dense(try NetworkExtraction(extraction, framework: self).matrix(of: model))
    }

    package func documentVectors(_ asked: Extraction, of model: TrainedModel) throws -> any DocumentVectors {
        try NetworkExtraction(asked, framework: self).documentVectors(of: model)
    }

    package func facts(of model: ModelDescription) -> [ModelFact] {
        [ModelFact("dimensions", .number(model.config.global.embeddingDims))]
    }
}
