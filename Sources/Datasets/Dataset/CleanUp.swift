import CText
import Support

/// What training keeps from the training files (DESIGN.md §1): documents with a feature and a label, and labels with such a
/// document. Labels are renumbered in ascending order of their ids. With `keep_invalid`, all documents and all selected labels
/// stay.
struct CleanUp {
    let features: CSRMatrix
    /// Columns are positions in `labelIds`.
    let labels: CSRMatrix
    let labelIds: Buffer<Int32>
    /// Documents of each original label, the dropped ones included.
    let labelCounts: Buffer<Int32>

    /// - Parameters:
    ///   - keepsInvalid: the labels to keep, ascending, whether or not they have a document; nil for the usual rules.
    ///   - labelTexts: how many of the documents, the last ones, are texts of labels: they count for no label's frequency.
    init(features allFeatures: CSRMatrix, labels allLabels: CSRMatrix, keepsInvalid: [Int]? = nil, labelTexts: Int = 0) {
        labelCounts = Buffer<Int32>(count: allLabels.cols)
        for i in 0..<Int(allLabels.starts[allLabels.rows - labelTexts]) { labelCounts[Int(allLabels.indices[i])] += 1 }
        let kept = (0..<allFeatures.rows).filter {
            keepsInvalid != nil || !allFeatures.range($0).isEmpty && !allLabels.range($0).isEmpty
        }
        features = allFeatures.selecting(rows: kept)
        let keptLabels = allLabels.selecting(rows: kept)

        let position = Buffer<Int32>(count: allLabels.cols)
        for i in 0..<keptLabels.nonZeros { position[Int(keptLabels.indices[i])] = 1 }
        let used: [Int] = keepsInvalid ?? (0..<allLabels.cols).filter { position[$0] != 0 }
        labelIds = Buffer<Int32>(count: used.count)
        for (at, label) in used.enumerated() {
            labelIds[at] = Int32(label)
            position[label] = Int32(at)
        }
        for i in 0..<keptLabels.nonZeros { keptLabels.indices[i] = position[Int(keptLabels.indices[i])] }
        labels = CSRMatrix(
            rows: keptLabels.rows, cols: used.count, starts: keptLabels.starts, indices: keptLabels.indices, values: nil)
    }
}

extension CSRMatrix {
    /// The same matrix with columns added that nothing stands in; shares the buffers.
    package func widened(to cols: Int) -> CSRMatrix {
        precondition(cols >= self.cols)
        return CSRMatrix(rows: rows, cols: cols, starts: starts, indices: indices, values: values)
    }

    /// The given rows, ascending. Shares the buffers where that is all of them.
    public func selecting(rows kept: [Int]) -> CSRMatrix {
        if kept.count == rows { return self }
        let newStarts = Buffer<Int64>(count: kept.count + 1)
        for (at, row) in kept.enumerated() { newStarts[at + 1] = newStarts[at] + Int64(range(row).count) }
        let entries = Int(newStarts[kept.count])
        let newIndices = Buffer<Int32>(count: entries)
        let newValues = values.map { _ in Buffer<Float>(count: entries) }
        for (at, row) in kept.enumerated() {
            let from = Int(starts[row])
            let to = Int(newStarts[at])
            let count = range(row).count
            (newIndices.pointer + to).update(from: indices.pointer + from, count: count)
            if let values, let newValues { (newValues.pointer + to).update(from: values.pointer + from, count: count) }
        }
        return CSRMatrix(rows: kept.count, cols: cols, starts: newStarts, indices: newIndices, values: newValues)
    }

    /// Divides each row by its l2 norm, in place.
    package func normalizeRows(_ team: ThreadTeam) {
        guard let values else { return }
        team.forRanges(rows, grain: 1024) { [starts] in
            ct_normalize_rows(starts.pointer, $0.lowerBound, $0.upperBound, values.pointer)
        }
    }
}
