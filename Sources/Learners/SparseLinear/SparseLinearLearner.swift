import Config
import Datasets
import DeepXMLModel
import Support
import Training

/// A framework of sparse linear classifiers on the documents' own features, of which nothing is drawn at random: what it asks of data and
/// command line, and what can be extracted from its classifiers.
package protocol SparseLinearLearner: Learner {}

extension SparseLinearLearner {
    package var drawsAtRandom: Bool { false }

    package func inputs(_ config: Config) -> LearnerInputs { LearnerInputs(normalize: true) }

    package func check(_ options: TrainOptions, _ data: XCDataset) throws {
        guard options.seeds.count == 1 else {
            throw Failure(
                .usage, "nothing in \(name) is drawn at random: its learners would all be the same", at: "--seeds",
                found: "\(options.seeds.count) seeds", expected: "one",
                advice: "give one seed; merge unlike learners with deepxml-dist merge")
        }
        guard data.featureType != .sequential else {
            throw Failure(
                .usage, "\(name) has a weight for each feature, and sequences of tokens have none", at: "global.feature_type",
                found: "sequential", expected: "sparse or dense",
                advice: "give it tf-idf features: --set global.feature_type=sparse, with files of such features")
        }
    }

    /// Classifier weights: a row for each label id (empty where no training document has it), the bias in the last of V+1
    /// columns.
    package func extract(_ extraction: Extraction, from model: TrainedModel) throws -> ExtractedMatrix {
        guard extraction.what == .classifierWeights else { throw lacks(extraction.what, model) }
        let module = extraction.module ?? ModuleName.classifiers.name
        let stored = try StoredClassifier(model.checkpoint(module), features: model.data.vocabularySize)
        let classifier = try stored.classifier(of: 0..<model.labelIds.count)
        return .sparse(classifier.matrix(labelIds: model.labelIds, labels: model.data.labelCountInFile))
    }

    package func documentVectors(_ asked: Extraction, of model: TrainedModel) throws -> any DocumentVectors {
        throw lacks(.documentEmbeddings, model)
    }

    private func lacks(_ what: Extraction.What, _ model: TrainedModel) -> Failure {
        Failure(
            .usage, "a \(name) model has no \(what.rawValue)", at: model.folder, found: what.rawValue,
            expected: Extraction.What.classifierWeights.rawValue,
            advice: "it works on the features themselves, without an encoder")
    }
}

extension SparseClassifier {
    /// The weights, the bias behind them, by original label id.
    ///
    /// - Parameters:
    ///   - labelIds: original id of each label, ascending.
    ///   - labels: rows of the matrix.
    func matrix(labelIds: Buffer<Int32>, labels count: Int) -> CSRMatrix {
        let features = weights.cols, starts = Buffer<Int64>(count: count + 1)
        for label in labels { starts[Int(labelIds[label]) + 1] = Int64(weights.range(label).count + 1) }
        for row in 0..<count { starts[row + 1] += starts[row] }
        let columns = Buffer<Int32>(count: Int(starts[count])), values = Buffer<Float>(count: columns.count)
        for label in labels {
            var at = Int(starts[Int(labelIds[label])])
            for (column, weight) in zip(weights.columns(label), weights.weights(label)) {
                (columns[at], values[at]) = (column, weight)
                at += 1
            }
            (columns[at], values[at]) = (Int32(features), biases[label])
        }
        return CSRMatrix(rows: count, cols: features + 1, starts: starts, indices: columns, values: values)
    }
}
