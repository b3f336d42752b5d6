import Config
import Datasets
import Support
import Training

/// Slice (Jain, Balasubramanian, Chunduri & Varma, WSDM 2019): linear classifiers on fixed document vectors.
///
/// A label's negatives are the documents that a generative model, the labels' mean vectors, takes for its own; no encoder is
/// trained. A document is scored for its nearest labels alone, by classifier and generative model together.
package struct Slice: Learner {
    package init() {}

    package var requirements: FrameworkRequirements { .slice }

    package func inputs(_ config: Config) -> LearnerInputs {
        let settings = config[SliceSettings.self]
        let embeddings = LearnerInputs.Embeddings(
            name: settings.embeddings, otherwise: "project features at random: --set slice.init=random")
        return LearnerInputs(
            normalize: settings.normalize, keepInvalid: settings.keepInvalid,
            embeddings: settings.start == .tokenEmbeddings ? [embeddings] : [])
    }

    /// Vectors of any kind will do.
    package func check(_ options: TrainOptions, _ data: XCDataset) throws {}

    package func costs(_ problem: LearnerProblem, rates: StepCosts) -> any LearnerCosts {
        SliceCosts(problem: problem, rates: rates)
    }

    package func train(_ run: LearnerRun) throws -> Prediction { try SliceTraining(run).prediction() }

    package func open(_ model: TrainedModel, group: WorkerGroup) throws -> any LearnerPredictor {
        try SlicePredictor(model: model, group: group)
    }

    package func extract(_ extraction: Extraction, from model: TrainedModel) throws -> ExtractedMatrix {
        .dense(try SliceExtraction(asked: extraction).matrix(of: model))
    }

    package func documentVectors(_ asked: Extraction, of model: TrainedModel) throws -> any DocumentVectors {
        try SliceDocuments(asked, of: model)
    }

    package func facts(of model: ModelDescription) -> [ModelFact] {
        let settings = model.config[SliceSettings.self], isDense = model.config.global.featureType == .dense
        let dims = isDense ? model.features : model.config.global.embeddingDims
        let source = settings.start == .random ? "random projections of features" : "bags of token embeddings"
        return [
            ModelFact("document vectors", .text(isDense ? "dense features" : source)), ModelFact("dimensions", .number(dims)),
            ModelFact("labels scored a document", .number(min(settings.numNbrs, model.labels))),
        ]
    }
}

extension FrameworkName {
    public static let slice = FrameworkName("Slice")
}

extension FrameworkRequirements {
    public static let slice = FrameworkRequirements(
        name: .slice, schema: .own(SliceSettings.self), sections: [.global], reranker: .never, archWithoutEncoder: "Linear")
}
