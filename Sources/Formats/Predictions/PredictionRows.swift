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

/// Predictions of scipy's three arrays, as any program may have stored them.
public enum ScipyArrays {
    /// The matrix, labels ascending in each row.
    ///
    /// - Parameters:
    ///   - shape: documents, labels.
    ///   - path: the file, for messages.
    /// - Throws: `Failure` where the arrays don't fit together, offsets fall, a label is out of range or twice in its row, or
    ///   a score is not finite.
    public static func matrix(
        shape: Buffer<Int64>, starts: Buffer<Int64>, columns: Buffer<Int64>, values: Buffer<Float>, path: String
    ) throws -> CSRMatrix {
        func bad(_ problem: String, found: String, expected: String) -> Failure {
            Failure(.usage, problem, at: path, found: found, expected: expected, advice: "write the file again")
        }
        guard shape.count == 2, shape.array.allSatisfy({ (0...Int64(Int32.max)).contains($0) }),
            shape[0] == Int64(starts.count) - 1,
            columns.count == values.count, starts[0] == 0, starts[starts.count - 1] == Int64(columns.count)
        else {
            throw bad(
                "offsets, indices and data don't fit together",
                found:
                    "shape \(shape.array.prefix(4)), \(starts.count) offsets, \(columns.count) indices, \(values.count) values",
                expected: "an offset more than rows, the last one the number of indices and of values")
        }
        var rows = PredictionRows()
        for row in 0..<starts.count - 1 {
            guard starts[row] <= starts[row + 1], starts[row + 1] <= Int64(columns.count) else {
                throw bad("offsets fall", found: "\(starts[row + 1]) after \(starts[row])", expected: "ascending offsets")
            }
            for i in Int(starts[row])..<Int(starts[row + 1]) {
                guard (0..<shape[1]).contains(columns[i]) else {
                    throw bad("label out of range", found: "\(columns[i]) in row \(row)", expected: "a label below \(shape[1])")
                }
                guard values[i].isFinite else {
                    throw bad("not a score", found: "\(values[i]) in row \(row)", expected: "finite numbers")
                }
                rows.add(label: Int(columns[i]), score: values[i])
            }
            if let label = rows.endRow() {
                throw bad("a label appears twice in its row", found: "label \(label) in row \(row)", expected: "each label once")
            }
        }
        return rows.matrix(rows: Int(shape[0]), cols: Int(shape[1]))
    }
}
