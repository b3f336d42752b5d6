import Config
import Datasets
import Formats
import Inference
import Learners
import Scoring
import Support
import Training

/// Test documents by which a compressed model is compared with the one that it was made of.
public struct CompressionTrial: Sendable, Equatable {
    /// The data set's folder.
    public var folder: String

    public init(folder: String) { self.folder = folder }

    /// The test documents of the folder, by the file names of the model's config.
    ///
    /// - Returns: nil where none of them has a label, so that there is nothing to measure.
    /// - Throws: `Failure` where they are missing, or are not of the model's features and labels.
    func documents(of model: TrainedModel, threads: Int) throws -> TrialDocuments? {
        let files = XCDatasetFiles(folder: folder, global: model.config.global)
        let features = try model.featureFile().read(files.path(files.testFeatures), threads: threads)
        let labels = try MatrixFile.read(path: files.path(files.testLabels), kind: .labels, threads: threads)
        let count = model.description.labelsInFile
        guard labels.rows == features.rows, labels.cols <= count else {
            throw Failure(
                .usage, "the test documents are not of the model's data set", at: folder,
                found: "\(features.rows) rows of features, \(labels.rows) of labels, \(labels.cols) labels",
                expected: "as many rows of either, at most \(count) labels", advice: "give --data and --dataset of the training")
        }
        guard labels.nonZeros > 0 else { return nil }
        let global = model.config.global
        let inverse = Propensity.inverse(
            labelCounts: model.data.labelCounts.all, documents: model.data.trainRowsInFile, A: global.A, B: global.B)
        let filter = try files.filterPath().map {
            try LabelFilter.read(MappedFile(path: $0), documents: labels.rows, labels: count)
        }
        return TrialDocuments(
            features: features,
            truth: GroundTruth(labels: labels.widened(to: count), inversePropensity: inverse, filter: filter))
    }
}

/// Test documents with their labels.
struct TrialDocuments {
    let features: CSRMatrix
    let truth: GroundTruth

    func metrics(of model: TrainedModel, threads: Int) throws -> CompressionMetrics {
        let group = try WorkerGroup.alone(threads: threads)
        defer { group.team.stop() }
        let predictor = try Predictor(models: [model], group: group)
        var sums = MetricAccumulator(truth, k: 5, team: group.team)
        try ProgressScope.stage("scoring test documents", of: features.rows, "documents") { progress in
            for rows in RowBlock.ranges(features.rows) {
                let block = features.block(rows)
                if let scores = try ProgressScope.hidden({ try predictor.predict(block, topK: 5) }) { sums.add(scores) }
                progress.advance(to: rows.upperBound)
            }
        }
        return CompressionMetrics(sums.table)
    }
}

/// P and PSP at 1, 3 and 5, in per cent.
public struct CompressionMetrics: Sendable, Equatable {
    public let figures: [Figure]

    public struct Figure: Sendable, Equatable {
        public let name: String
        public let value: Double
    }

    init(_ table: MetricTable) {
        figures = [("P", table.P), ("PSP", table.PSP)].flatMap { name, values in
            [1, 3, 5].map { Figure(name: "\(name)@\($0)", value: values[$0 - 1]) }
        }
    }
}
