import Datasets
import DeepXMLModel
import Support
import Training

/// Sparse linear classifiers that score every label of every document by its margin.
struct DiSMECStage: ExhaustiveStage {
    let group: WorkerGroup
    let data: XCDataset
    let topK: Int
    let queries: CSRMatrix
    let predictor: SparsePredictor

    var labels: Range<Int> { predictor.labels }

    func best(_ k: Int, docs: [Int32], features: CSRMatrix) throws -> TopK {
        predictor.best(of: features, docs: docs, k: k)
    }
}

/// A trained learner's classifiers, of the labels of one rank.
final class DiSMECPredictor: LearnerPredictor {
    private let model: TrainedModel
    private let group: WorkerGroup
    private let predictor: SparsePredictor

    init(_ model: TrainedModel, group: WorkerGroup) throws {
        self.model = model
        self.group = group
        let labels = LabelShards.cut(positives: model.data.positives).labels(ofWorker: group.rank, workers: group.size)
        let name = ModuleName.classifiers.name, features = model.data.vocabularySize
        let served = ServedSparse(
            model.served, name, features: features, labels: model.data.labelCount, on: group.device)
        if let served {
            predictor = SparsePredictor(try served.index(labels), labels: labels, on: group.device)
        } else {
            let stored = try StoredClassifier(model.checkpoint(name), features: features)
            predictor = SparsePredictor(try stored.classifier(of: labels), on: group.device)
        }
    }

    func prediction(of features: CSRMatrix) throws -> Prediction {
        Prediction(
            stage: DiSMECStage(
                group: group, data: model.data, topK: model.config.global.topK, queries: features, predictor: predictor))
    }

    var scoresAllLabels: Bool { group.size == 1 }

    func bestLabels(_ k: Int, of features: CSRMatrix) throws -> TopK {
        let found = predictor.best(of: features, docs: (0..<Int32(features.rows)).map { $0 }, k: k), ids = model.labelIds
        for i in 0..<found.indices.count where found.indices[i] >= 0 { found.indices[i] = ids[Int(found.indices[i])] }
        return found
    }
}
