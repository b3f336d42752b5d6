import Config
import Datasets
import Devices
import Support
import Training

/// Slice's method (Jain, Balasubramanian, Chunduri & Varma, WSDM 2019) on the documents' own sparse features: the fast learner for large
/// label sets.
///
/// A label's generative model is the unit mean of its documents; an inverted index of the means lists each document's likely labels.
/// Linear classifiers are trained against the documents in whose lists their label stands without being theirs (as in a label tree, but
/// without the tree). A listed label is scored by classifier, similarity and frequency together. No encoder, no embeddings.
package struct SparseSlice: SparseLinearLearner {
    package init() {}

    package var requirements: FrameworkRequirements {
        FrameworkRequirements(
            name: .sparseSlice, schema: .own(SparseSliceSettings.self), sections: [.global], reranker: .never,
            archWithoutEncoder: "Linear")
    }

    package func counts(_ data: XCDataset, _ config: Config, on device: any Device) -> DataCounts? {
        SparseSliceCount(data.trainFeatures, members: data.trainDocuments, config[SparseSliceSettings.self], on: device).counts()
    }

    package func costs(_ problem: LearnerProblem, rates: StepCosts) -> any LearnerCosts {
        SparseSliceCosts(problem, rates: rates)
    }

    package func train(_ run: LearnerRun) throws -> Prediction {
        let stage = try SparseSliceTraining(run).stage()
        return Prediction(stage: stage).with(
            validation: run.data.validation.map { held in { Prediction(stage: stage.scoring(held.features)) } })
    }

    package func open(_ model: TrainedModel, group: WorkerGroup) throws -> any LearnerPredictor {
        try SparseSlicePredictor(model, group: group)
    }

    package func layOut(_ model: TrainedModel, into writer: inout ServingWriter) throws {
        let features = model.data.vocabularySize, labels = 0..<model.data.labelCount
        try writer.file.write(SparseSlicePredictor.positives, Buffer(model.data.positives.map(Int32.init)), .int32)
        let means = try LabelMeans.stored(model.checkpoint(ModuleName.shortlist.name), features: features)
        try writer.writeIndex(try means.classifier(of: labels), ModuleName.shortlist.name)
        let classifiers = try StoredClassifier(model.checkpoint(ModuleName.classifiers.name), features: features)
        try writer.writeTables(writer.pruned(try classifiers.classifier(of: labels)), ModuleName.classifiers.name)
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
