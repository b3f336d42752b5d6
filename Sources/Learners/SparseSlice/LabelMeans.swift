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
    /// L×V: a label's mean, times the label's documents to the power of `frequencyPower`.
    private let weights: CSRMatrix
    private let index: InvertedIndex
    private let device: any Device

    private static let name = "mean"

    /// - Parameter weights: L×V, as described above.
    package init(_ weights: CSRMatrix, on device: any Device) {
        (self.weights, self.device) = (weights, device)
        index = device.invertedIndex(weights: weights, biases: Buffer(count: weights.rows))
    }

    /// Each worker makes the means of its own labels. Collective.
    init(of run: LearnerRun, _ settings: SparseSliceSettings) throws {
        let own = run.group.device.sparseMeans(
            of: run.data.trainFeatures, members: run.data.trainDocuments, labels: run.labels,
            threshold: Float(settings.meanThreshold))
        let values = own.values!, positives = run.data.positives
        for row in 0..<own.rows {
            let factor = Float(pow(Double(positives[run.labels.lowerBound + row]), settings.frequencyPower))
            for entry in own.range(row) { values[entry] *= factor }
        }
        let team = run.group.team, kept = own.keepingLargest(settings.postings, firstRow: run.labels.lowerBound, team: team)
        let all = try run.group.gatherRows(kept).keepingLargest(settings.postings, firstRow: 0, team: team)
        self.init(all, on: run.group.device)
    }

    /// Those of a trained learner.
    init(_ reader: CheckpointReader, labels: Int, features: Int, on device: any Device) throws {
        let stored = try StoredClassifier(reader, name: Self.name, features: features)
        self.init(try stored.classifier(of: 0..<labels).weights, on: device)
    }

    /// One worker's part of a checkpoint: the rows of its labels.
    func stored(_ labels: Range<Int>) -> [StoredArray] {
        let own = SparseClassifier(labels: labels, weights: weights.block(labels), biases: Buffer(count: labels.count))
        let before = Int(weights.starts[labels.lowerBound])
        return StoredClassifier.arrays(
            own, name: Self.name, first: 0, labels: weights.rows, entries: (before: before, all: weights.nonZeros))
    }

    /// The k labels with the largest similarities, frequent ones preferred, to each of the documents `docs`, ties by smaller label;
    /// none that shares no feature with the document.
    package func best(_ k: Int, of documents: CSRMatrix, docs: [Int32]) -> TopK {
        let lists = device.bestLabels(index, documents: documents, docs: docs, k: k, firstLabel: 0)
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
