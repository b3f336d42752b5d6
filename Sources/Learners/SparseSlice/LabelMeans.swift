import Checkpoint
import DeepXMLModel
import Devices
import Foundation
import Support
import Training
import Transport

/// The generative model: unit means of the labels' documents, by feature. Every worker has all of them, so that a document is searched
/// for by one worker alone.
///
/// Of each feature only the labels with the largest weights are kept (`postings`): a frequent word says little of a label, and would
/// list most of them.
package struct LabelMeans {
    /// The labels whose means are here: all, but where a model that is larger than a node's memory predicts.
    let labels: Range<Int>
    private let index: InvertedIndex
    private let device: any Device

    private static let name = "mean"

    /// - Parameter weights: L×V: a label's mean, times the label's documents to the power of `frequencyPower`.
    package init(_ weights: CSRMatrix, on device: any Device) {
        self.init(
            device.invertedIndex(weights: weights, biases: Buffer(count: weights.rows)), labels: 0..<weights.rows, on: device)
    }

    /// Those of some labels, laid out already.
    init(_ index: InvertedIndex, labels: Range<Int>, on device: any Device) {
        precondition(index.labels == labels.count)
        (self.index, self.labels, self.device) = (index, labels, device)
    }

    /// Each worker makes the means of its own labels. Collective.
    static func weights(of run: LearnerRun, _ settings: SparseSliceSettings) throws -> CSRMatrix {
        let own = weights(
            of: run.data.trainFeatures, members: run.data.trainDocuments, labels: run.labels, settings, on: run.group.device)
        let team = run.group.team, kept = own.keepingLargest(settings.postings, firstRow: run.labels.lowerBound, team: team)
        return try run.group.gatherRows(kept).keepingLargest(settings.postings, firstRow: 0, team: team)
    }

    /// Of some labels, with all their features.
    ///
    /// - Parameters:
    ///   - documents: N×V.
    ///   - members: the documents of each label; `labels` are rows of it.
    /// - Returns: |labels|×V.
    static func weights(
        of documents: CSRMatrix, members: CSRMatrix, labels: Range<Int>, _ settings: SparseSliceSettings, on device: any Device
    ) -> CSRMatrix {
        let means = device.sparseMeans(
            of: documents, members: members, labels: labels, threshold: Float(settings.meanThreshold))
        for row in 0..<means.rows {
            let count = members.range(labels.lowerBound + row).count
            let factor = Float(pow(Double(count), settings.frequencyPower))
            for entry in means.range(row) { means.values?[entry] *= factor }
        }
        return means
    }

    /// Those of a trained learner, of some of the labels.
    init(_ reader: CheckpointReader, labels: Range<Int>, features: Int, on device: any Device) throws {
        let means = try Self.stored(reader, features: features).classifier(of: labels)
        self.init(device.invertedIndex(weights: means.weights, biases: means.biases), labels: labels, on: device)
    }

    /// A checkpoint's, as classifiers without biases.
    static func stored(_ reader: CheckpointReader, features: Int) throws -> StoredClassifier {
        try StoredClassifier(reader, name: name, features: features)
    }

    /// One worker's part of a checkpoint: the rows of its labels.
    ///
    /// - Parameter weights: of all labels.
    static func arrays(_ weights: CSRMatrix, _ labels: Range<Int>) -> [StoredArray] {
        let own = SparseClassifier(labels: labels, weights: weights.block(labels), biases: Buffer(count: labels.count))
        let before = Int(weights.starts[labels.lowerBound])
        return StoredClassifier.arrays(
            own, name: name, first: 0, labels: weights.rows, entries: (before: before, all: weights.nonZeros))
    }

    /// The k labels with the largest similarities, frequent ones preferred, to each of the documents `docs`, ties by smaller label;
    /// none that shares no feature with the document. Of the labels that are here.
    package func best(_ k: Int, of documents: CSRMatrix, docs: [Int32]) -> TopK {
        let lists = device.bestLabels(index, documents: documents, docs: docs, k: k, firstLabel: labels.lowerBound)
        for row in 0..<lists.rows {
            let count = (0..<k).first { !(lists.scores[row * k + $0] > 0) } ?? k
            if count < k { lists.truncate(row, to: count) }
        }
        return lists
    }
}

extension CSRMatrix {
    /// Of each column only the `count` entries of largest size, whatever their sign, ties by smaller row.
    ///
    /// - Parameter firstRow: what the rows' numbers begin with.
    package func keepingLargest(_ count: Int, firstRow: Int, team: ThreadTeam) -> CSRMatrix {
        let values = values!, least = Buffer<UInt64>(count: cols), byColumn = columnKeys(firstRow: firstRow)
        team.forRanges(cols, grain: 64) { range in
            for column in range {
                let own = Int(byColumn.starts[column])..<Int(byColumn.starts[column + 1])
                least[column] = own.count <= count ? .max : own.map { byColumn.keys[$0] }.sorted()[count - 1]
            }
        }
        let kept = Buffer<Int64>(count: rows + 1)
        func isKept(_ entry: Int, _ row: Int) -> Bool {
            Self.key(values[entry], row: firstRow + row) <= least[Int(indices[entry])]
        }
        for row in 0..<rows { kept[row + 1] = kept[row] + Int64(range(row).count { isKept($0, row) }) }
        let columns = Buffer<Int32>(count: Int(kept[rows])), weights = Buffer<Float>(count: columns.count)
        var at = 0
        for row in 0..<rows {
            for entry in range(row) where isKept(entry, row) {
                (columns[at], weights[at]) = (indices[entry], values[entry])
                at += 1
            }
        }
        return CSRMatrix(rows: rows, cols: cols, starts: kept, indices: columns, values: weights)
    }

    /// The keys of each column's entries.
    private func columnKeys(firstRow: Int) -> (starts: Buffer<Int64>, keys: Buffer<UInt64>) {
        let starts = Buffer<Int64>(count: cols + 1), next = Buffer<Int64>(count: cols + 1)
        for i in 0..<nonZeros { starts[Int(indices[i]) + 1] += 1 }
        for column in 0..<cols { starts[column + 1] += starts[column] }
        next.copy(from: starts)
        let keys = Buffer<UInt64>(count: nonZeros), values = values!
        for row in 0..<rows {
            for entry in range(row) {
                let column = Int(indices[entry])
                keys[Int(next[column])] = Self.key(values[entry], row: firstRow + row)
                next[column] += 1
            }
        }
        return (starts, keys)
    }

    /// Ascends where the value's size descends, then with the row.
    private static func key(_ value: Float, row: Int) -> UInt64 { UInt64(~value.magnitude.bitPattern) << 32 | UInt64(row) }
}
