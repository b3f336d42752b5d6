import Datasets
import Devices
import Support

/// A baseline that trains nothing: a test document gets the labels of the training documents nearest to it.
///
/// Nearest are those with the largest cosines of features. Each gives its cosine to each of its labels, and labels are ranked by their
/// sums (Yang & Chute, TOIS 1994).
package struct NearestDocuments {
    /// Training documents that have a say.
    package static let count = 10
    /// Labels ranked a document: as many as metrics look at.
    private static let ranked = 5

    private let data: XCDataset
    private let device: any Device

    package init(data: XCDataset, device: any Device) { (self.data, self.device) = (data, device) }

    /// Whether the data have features to compare: dense ones take too long, sequences have none.
    package static func canSearch(_ data: XCDataset) -> Bool { data.featureType == .sparse }

    /// - Parameter team: of the device.
    /// - Returns: test documents × original labels; sums of cosines, divided by the largest of a document.
    package func scores(_ team: ThreadTeam) -> CSRMatrix {
        let documents = data.trainFeatures.unitRows(team)
        let index = device.invertedIndex(weights: documents, biases: Buffer(count: documents.rows))
        let all = (0..<data.testFeatures.rows).map(Int32.init)
        let nearest = device.bestLabels(
            index, documents: data.testFeatures, docs: all, k: min(Self.count, documents.rows), firstLabel: 0)
        for row in 0..<nearest.rows {
            // What shares no feature with the document is not near.
            let near = nearest.scores(row).prefix { $0 > 0 }.count
            if near < nearest.k { nearest.truncate(row, to: near) }
        }
        let labels = device.labelScores(neighbours: nearest, labels: data.trainLabels, k: Self.ranked)
        return labels.matrix(ids: data.labelIds, columns: data.labelCountInFile)
    }
}

extension CSRMatrix {
    /// The same rows at length 1; shares the columns.
    fileprivate func unitRows(_ team: ThreadTeam) -> CSRMatrix {
        let unit = Buffer<Float>(count: nonZeros)
        if let values { unit.copy(from: values) } else { unit.fill(1) }
        let rows = CSRMatrix(rows: rows, cols: cols, starts: starts, indices: indices, values: unit)
        rows.normalizeRows(team)
        return rows
    }
}

extension TopK {
    /// The lists as rows of a matrix.
    ///
    /// - Parameter ids: ascending; the column of each id in the lists.
    fileprivate func matrix(ids: Buffer<Int32>, columns: Int) -> CSRMatrix {
        let starts = Buffer<Int64>(count: rows + 1)
        for row in 0..<rows { starts[row + 1] = starts[row] + Int64(count(row)) }
        let indices = Buffer<Int32>(count: Int(starts[rows])), values = Buffer<Float>(count: indices.count)
        for row in 0..<rows {
            let entries = zip(self.ids(row), scores(row)).sorted { $0.0 < $1.0 }
            for (i, entry) in entries.enumerated() {
                indices[Int(starts[row]) + i] = ids[Int(entry.0)]
                values[Int(starts[row]) + i] = entry.1
            }
        }
        return CSRMatrix(rows: rows, cols: columns, starts: starts, indices: indices, values: values)
    }
}
