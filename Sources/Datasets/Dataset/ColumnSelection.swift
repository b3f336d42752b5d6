import Formats
import Support

/// The columns that `feature_indices` or `label_indices` keep: a text file, one column a line.
package struct ColumnSelection {
    /// In the order of the file.
    package let columns: [Int32]

    /// - Parameters:
    ///   - cols: columns of the matrix that they select from.
    ///   - what: `feature` or `label`, for messages.
    /// - Throws: `Failure` with the line of what is no column, or one for the second time; where the file names none.
    package init(_ file: MappedFile, cols: Int, what: String) throws {
        var columns: [Int32] = []
        var seen = [Bool](repeating: false, count: cols)
        try file.forEachLine { line, number in
            let word = line.drop { $0 == 32 || $0 == 9 }.prefix { $0 != 32 && $0 != 9 && $0 != 13 }
            if word.isEmpty { return }
            func bad(_ problem: String, _ expected: String) -> Failure {
                Failure(
                    .usage, problem, at: "\(file.path):\(number)", found: quoted(line), expected: expected,
                    advice: "write one column a line, in Python: numpy.savetxt(path, columns, fmt='%d')")
            }
            guard word.count <= 10, word.allSatisfy({ (48...57).contains($0) }),
                word.endIndex == line.endIndex || line[word.endIndex...].allSatisfy({ [9, 13, 32].contains($0) })
            else { throw bad("not a column", "a whole number") }
            let column = word.reduce(0) { $0 * 10 + Int($1 - 48) }
            guard column < cols else { throw bad("\(what) out of range", "0…\(cols - 1)") }
            guard !seen[column] else { throw bad("\(what) selected twice", "each \(what) once") }
            seen[column] = true
            columns.append(Int32(column))
        }
        guard !columns.isEmpty else {
            throw Failure(
                .usage, "no \(what) is selected", at: file.path, expected: "one column a line",
                advice: "without the file, all \(what)s are kept")
        }
        self.columns = columns
    }

    /// The matrix with the entries of other columns gone; columns keep their numbers.
    package func masking(_ matrix: CSRMatrix) -> CSRMatrix {
        let keeps = marks(matrix.cols)
        return matrix.filtering { keeps[Int(matrix.indices.pointer[$0])] }
    }

    /// The matrix with the entries of these columns gone; columns keep their numbers.
    package func removing(from matrix: CSRMatrix) -> CSRMatrix {
        let removes = marks(matrix.cols)
        return matrix.filtering { !removes[Int(matrix.indices.pointer[$0])] }
    }

    private func marks(_ cols: Int) -> [Bool] {
        var marks = [Bool](repeating: false, count: cols)
        for column in columns where Int(column) < cols { marks[Int(column)] = true }
        return marks
    }

    /// The selected columns of a matrix of full rows, in the order of the file, renumbered from 0.
    func gathering(_ matrix: CSRMatrix) -> CSRMatrix {
        let gathered = DenseMatrix(rows: matrix.rows, cols: columns.count)
        for r in 0..<matrix.rows {
            let row = matrix.weights(r)
            for (at, column) in columns.enumerated() { gathered.row(r)[at] = row[Int(column)] }
        }
        return gathered.fullRows()
    }
}
