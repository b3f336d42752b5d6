import Config
import Datasets
import DeepXMLModel
import Devices
import Support
import Training

/// DiSMEC (Babbar & Schölkopf, WSDM 2017): a sparse linear classifier for each label on the documents' own features, trained on
/// its own. No encoder, no embeddings, no message in training.
package struct DiSMEC: SparseLinearLearner {
    package init() {}

    package var requirements: FrameworkRequirements {
        FrameworkRequirements(
            name: .dismec, schema: .own(DiSMECSettings.self), sections: [.global], reranker: .never,
            archWithoutEncoder: "Linear")
    }

    /// Some labels are trained, frequent ones rather: so many as take about a second, sixteen at least.
    package func counts(_ data: XCDataset, _ config: Config, on device: any Device) -> DataCounts? {
        let documents = data.trainFeatures, members = data.trainDocuments, pairs = Double(max(1, members.nonZeros))
        guard members.rows > 0, documents.rows > 0 else { return DataCounts(weights: 0) }
        let features = pairs / Double(members.rows) * Double(documents.nonZeros) / Double(documents.rows)
        let seconds = DiSMECCosts.seconds(documents: documents.rows, entriesOfPositives: features)
        let sample = LabelSample(members.rows, of: members.rows).proportional(min(500, max(16, Int(saturating: 1 / seconds)))) {
            1 + Double(members.range($0).count) / (pairs / Double(members.rows))
        }
        let solver = LinearTraining(
            documents: documents, positives: members.selecting(rows: sample.labels), settings: config[DiSMECSettings.self].solver,
            on: device)
        guard let trained = solver.classifiers(of: 0..<sample.labels.count) else { preconditionFailure("nobody stops it") }
        return DataCounts(weights: sample.total { trained.classifier.weights.range($0).count })
    }

    package func costs(_ problem: LearnerProblem, rates: StepCosts) -> any LearnerCosts { DiSMECCosts(problem, rates: rates) }

    package func train(_ run: LearnerRun) throws -> Prediction {
        let classifier = try run.timed("classifiers") { try DiSMECTraining(run).classifier() }
        let predictor = SparsePredictor(classifier, on: run.group.device)
        func prediction(_ queries: CSRMatrix) -> Prediction {
            Prediction(
                stage: DiSMECStage(
                    group: run.group, data: run.data, topK: run.config.global.topK, queries: queries, predictor: predictor))
        }
        return prediction(run.data.testFeatures).with(
            validation: run.data.validation.map { held in { prediction(held.features) } })
    }

    package func open(_ model: TrainedModel, group: WorkerGroup) throws -> any LearnerPredictor {
        try DiSMECPredictor(model, group: group)
    }

    package func layOut(_ model: TrainedModel, into writer: inout ServingWriter) throws {
        let name = ModuleName.classifiers.name
        let stored = try StoredClassifier(model.checkpoint(name), features: model.data.vocabularySize)
        let all = try stored.classifier(of: 0..<model.data.labelCount)
        try writer.writeIndex(writer.pruned(all), name)
    }

    package func facts(of model: ModelDescription) -> [ModelFact] {
        let settings = model.config[DiSMECSettings.self]
        return [
            ModelFact("cost", .text("C \(settings.cost), epsilon \(settings.epsilon)")),
            ModelFact("dropped", .text("weights up to \(settings.delta)")),
        ]
    }
}

extension FrameworkName {
    public static let dismec = FrameworkName("DiSMEC")
}
