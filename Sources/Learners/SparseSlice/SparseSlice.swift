import Config
import Datasets
import Support
import Training

/// Slice's method (Jain, Balasubramanian, Chunduri & Varma, WSDM 2019) on the documents' own sparse features: the fast learner for large
/// label sets.
///
/// A label's generative model is the unit mean of its documents; an inverted index of the means lists each document's likely labels.
/// Linear classifiers are trained against the documents in whose lists their label stands without being theirs (as in a label tree, but
/// without the tree). A listed label is scored by classifier, similarity and frequency together. No encoder, no embeddings.
package struct SparseSlice: Learner {
    package init() {}

    package var requirements: FrameworkRequirements {
        FrameworkRequirements(
            name: .sparseSlice, schema: .own(SparseSliceSettings.self), sections: [.global], reranker: .never,
            archWithoutEncoder: "Linear")
    }

    package var drawsAtRandom: Bool { false }

    package func inputs(_ config: Config) -> LearnerInputs { LearnerInputs(normalize: true) }

    package func check(_ options: TrainOptions, _ data: XCDataset) throws {
        guard options.seeds.count == 1 else {
            throw Failure(
                .usage, "nothing in SparseSlice is drawn at random: its learners would all be the same", at: "--seeds",
                found: "\(options.seeds.count) seeds", expected: "one",
                advice: "give one seed; merge unlike learners with deepxml-dist merge")
        }
        guard data.featureType != .sequential else {
            throw Failure(
                .usage, "SparseSlice has a weight for each feature, and sequences of tokens have none", at: "global.feature_type",
                found: "sequential", expected: "sparse or dense",
                advice: "give it tf-idf features: --set global.feature_type=sparse, with files of such features")
        }
    }

    package func costs(_ problem: LearnerProblem, rates: StepCosts) -> any LearnerCosts {
        SparseSliceCosts(problem, rates: rates)
    }

    package func train(_ run: LearnerRun) throws -> Prediction { Prediction(stage: try SparseSliceTraining(run).stage()) }

    package func open(_ model: TrainedModel, group: WorkerGroup) throws -> any LearnerPredictor {
        try SparseSlicePredictor(model, group: group)
    }

    /// Classifier weights: a row for each label id (empty where no training document has it), the bias in the last of V+1
    /// columns.
    package func extract(_ extraction: Extraction, from model: TrainedModel) throws -> ExtractedMatrix {
        guard extraction.what == .classifierWeights else {
            throw Failure(
                .usage, "a SparseSlice model has no \(extraction.what.rawValue)", at: model.folder,
                found: extraction.what.rawValue, expected: Extraction.What.classifierWeights.rawValue,
                advice: "it works on the features themselves, without an encoder")
        }
        let module = extraction.module ?? ModuleName.classifiers.name
        let stored = try StoredClassifier(model.checkpoint(module), features: model.data.vocabularySize)
        let classifier = try stored.classifier(of: 0..<model.labelIds.count)
        return .sparse(classifier.matrix(labelIds: model.labelIds, labels: model.data.labelCountInFile))
    }

    package func facts(of model: ModelDescription) -> [ModelFact] {
        let settings = model.config[SparseSliceSettings.self]
        return [
            ModelFact("labels scored a document", .number(min(settings.numNbrs, model.labels))),
            ModelFact("cost", .text("C \(settings.cost)")),
            ModelFact("dropped", .text("weights up to \(settings.delta)")),
        ]
    }
}

extension FrameworkName {
    public static let sparseSlice = FrameworkName("SparseSlice")
}
