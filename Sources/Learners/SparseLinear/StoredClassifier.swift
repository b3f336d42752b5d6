import Checkpoint
import DeepXMLModel
import Support
import Training

/// Sparse classifiers in a checkpoint: how many weights each label has; all labels' features and weights, label by label; and the
/// biases. So any worker reads any run of labels, whoever wrote them.
package struct StoredClassifier {
    private let reader: CheckpointReader
    private let features: Int
    /// Where each label's weights begin, of all that are stored.
    private let starts: [Int]
    /// The first label that is stored.
    private let first: Int
    private let names: Names

    /// What the arrays are called.
    private struct Names {
        let counts, columns, weights, biases: String

        init(_ name: String) {
            (counts, columns, weights, biases) = ("\(name).counts", "\(name).columns", "\(name).weights", "\(name).bias")
        }
    }

    /// Trained ones, unless another name is given.
    package static let classifier = "classifier"

    /// - Parameters:
    ///   - first: the model's number of the first label that is stored.
    ///   - features: V.
    /// - Throws: `Failure(.damagedCheckpoint)` where the arrays don't fit together.
    package init(_ reader: CheckpointReader, name: String = classifier, first: Int = 0, features: Int) throws {
        (self.reader, self.first, self.features, names) = (reader, first, features, Names(name))
        let counts: Buffer<Int32> = try reader.replicated(names.counts)
        try RangeChecks(of: reader.folder).notNegative(counts, of: "\(reader.key.module)/\(names.counts)")
        starts = counts.array.reduce(into: [0]) { $0.append($0[$0.count - 1] + Int($1)) }
        func size(_ name: String) throws -> Int {
            let (rows, cols) = try reader.extent(name)
            return cols == 1 ? rows : 0
        }
        let stored = try (size(names.columns), size(names.weights), size(names.biases))
        guard stored == (starts[counts.count], starts[counts.count], counts.count) else {
            throw Failure(
                .damagedCheckpoint, "the arrays of the classifiers don't fit together", at: reader.folder,
                found: "\(stored.0) features, \(stored.1) weights, \(stored.2) biases",
                expected: "\(starts[counts.count]), as many, \(counts.count)",
                advice: "restore the files, or train again with --fresh")
        }
    }

    /// The classifiers of some of the labels that are stored, their numbers checked.
    ///
    /// - Throws: `Failure`: `.usage` where a feature is none or stands twice, `.damagedCheckpoint` where labels are missing.
    package func classifier(of labels: Range<Int>) throws -> SparseClassifier {
        let rows = labels.lowerBound - first..<labels.upperBound - first
        guard labels.isEmpty || rows.lowerBound >= 0 && rows.upperBound < starts.count else {
            throw Failure(
                .damagedCheckpoint, "the checkpoint has not all labels", at: reader.folder,
                found: "labels \(first) to \(first + starts.count - 2)",
                expected: "labels \(labels.lowerBound) to \(labels.upperBound - 1)", advice: "train again with --fresh")
        }
        if labels.isEmpty { return SparseClassifier(joining: [], features: features) }
        let entries = starts[rows.lowerBound]..<starts[rows.upperBound]
        let own = Buffer(starts[rows.lowerBound...rows.upperBound].map { Int64($0 - entries.lowerBound) })
        let columns: Buffer<Int32> = try reader.rows(names.columns, entries)
        let checks = RangeChecks(of: reader.folder), name = "\(reader.key.module)/\(names.columns)"
        try checks.indices(columns, of: name, below: features)
        try checks.ascending(columns, of: name, in: own)
        return SparseClassifier(
            labels: labels,
            weights: CSRMatrix(
                rows: labels.count, cols: features, starts: own, indices: columns,
                values: try reader.rows(names.weights, entries)),
            biases: try reader.rows(names.biases, rows))
    }

    /// One worker's part of the arrays.
    ///
    /// - Parameters:
    ///   - labels: of all parts together, the first of which is `first`.
    ///   - entries: weights in the parts before this one, and in all of them.
    static func arrays(
        _ classifier: SparseClassifier, name: String = classifier, first: Int, labels: Int, entries: (before: Int, all: Int)
    ) -> [StoredArray] {
        let names = Names(name)
        let weights = classifier.weights, counts = (0..<weights.rows).map { Int32(weights.range($0).count) }
        let rows = Placement.rows(start: weights.rows == 0 ? 0 : classifier.labels.lowerBound - first, total: labels)
        let places = Placement.rows(start: entries.before, total: entries.all)
        return [
            StoredArray(names.counts, Buffer(counts), rows), StoredArray(names.biases, classifier.biases, rows),
            StoredArray(names.columns, weights.indices, places),
            StoredArray(names.weights, weights.values ?? Buffer(count: 0), places),
        ]
    }
}
