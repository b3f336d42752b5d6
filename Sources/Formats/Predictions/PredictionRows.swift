import Support

/// Predictions as a text reader meets them, row by row; labels of a row in any order.
struct PredictionRows {
    private var starts: [Int64] = [0]
    private var entries: [(label: Int32, score: Float)] = []
    private(set) var labels = 0

    var rows: Int { starts.count - 1 }

    mutating func add(label: Int, score: Float) {
        entries.append((Int32(label), score))
        labels = max(labels, label + 1)
    }

    /// Ends the row that the latest entries belong to.
    ///
    /// - Returns: a label that the row has twice, or nil where all is well.
    mutating func endRow() -> Int? {
        let from = Int(starts[starts.count - 1])
        starts.append(Int64(entries.count))
        let ascending = (from..<entries.count).dropFirst().allSatisfy { entries[$0 - 1].label < entries[$0].label }
        if ascending { return nil }
        entries[from...].sort { $0.label < $1.label }
        return (from..<entries.count).dropFirst().first { entries[$0 - 1].label == entries[$0].label }
            .map { Int(entries[$0].label) }
    }

    /// The rows in their order, or row i at the place that `order` gives: ascending, others stay empty.
    func matrix(rows: Int, cols: Int, places: [Int]? = nil) -> CSRMatrix {
        let sequence = places.map { places in places.indices.sorted { places[$0] < places[$1] } } ?? Array(0..<self.rows)
        let newStarts = Buffer<Int64>(count: rows + 1)
        for row in sequence { newStarts[(places?[row] ?? row) + 1] = starts[row + 1] - starts[row] }
        for row in 0..<rows { newStarts[row + 1] += newStarts[row] }
        let (indices, values) = (Buffer<Int32>(count: entries.count), Buffer<Float>(count: entries.count))
        var at = 0
        for row in sequence {
            for entry in entries[Int(starts[row])..<Int(starts[row + 1])] {
                (indices[at], values[at]) = (entry.label, entry.score)
                at += 1
            }
        }
        return CSRMatrix(rows: rows, cols: cols, starts: newStarts, indices: indices, values: values)
    }
}
