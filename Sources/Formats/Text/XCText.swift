import Support

/// Writes the text form of the XC repository: a header `rows cols`, then a line of `index:value` entries for each row, indices
/// from 0 and ascending; or the old one-file form. Each value has the shortest form that reads back as the same float.
public enum XCText {
    /// Writes `rows cols`, then a line of `column:value` a row (`column:1` where the matrix is binary). The file appears
    /// when it is complete.
    ///
    /// - Parameter isPacked: packed by gzip.
    /// - Throws: `Failure` where the folder is missing or not writable, or the disk is full.
    public static func write(_ path: String, matrix: CSRMatrix, isPacked: Bool = false) throws {
        try writeRows(path, header: "\(matrix.rows) \(matrix.cols)", count: matrix.rows, isPacked: isPacked) {
            entries(matrix, $0)
        }
    }

    /// Features, row by row.
    public static func write(_ path: String, cols: Int, vectors: [[(column: Int32, weight: Float)]]) throws {
        try write(path, cols: cols, rows: vectors) { "\($0.column):\($0.weight)" }
    }

    /// Labels, row by row: every value is 1.
    public static func write(_ path: String, cols: Int, labels: [[Int32]]) throws {
        try write(path, cols: cols, rows: labels) { "\($0):1" }
    }

    /// Writes the old one-file form: `rows features labels`, then `label,label feature:value …` a row; a row without labels
    /// starts with a blank.
    ///
    /// - Throws: `Failure` as `write` does. The matrices must have the same number of rows.
    public static func writeOneFile(_ path: String, features: CSRMatrix, labels: CSRMatrix, isPacked: Bool = false) throws {
        precondition(features.rows == labels.rows)
        let header = "\(features.rows) \(features.cols) \(labels.cols)"
        try writeRows(path, header: header, count: features.rows, isPacked: isPacked) { row in
            let list = labels.columns(row).map(String.init).joined(separator: ",")
            return "\(list) \(entries(features, row))"
        }
    }

    /// `column:value …` of one row.
    ///
    /// - Parameter one: how the value of a binary matrix's entries is written.
    static func entries(_ matrix: CSRMatrix, _ row: Int, one: String = "1") -> String {
        var line = ""
        for i in matrix.range(row) {
            if !line.isEmpty { line += " " }
            line += matrix.values.map { "\(matrix.indices[i]):\($0[i])" } ?? "\(matrix.indices[i]):\(one)"
        }
        return line
    }

    private static func write<Entry>(_ path: String, cols: Int, rows: [[Entry]], _ text: (Entry) -> String) throws {
        try writeRows(path, header: "\(rows.count) \(cols)", count: rows.count, isPacked: false) {
            rows[$0].map(text).joined(separator: " ")
        }
    }

    private static func writeRows(
        _ path: String, header: String, count: Int, isPacked: Bool, _ row: (Int) -> String
    ) throws {
        try ProgressScope.stage("writing \(lastName(path))", of: count, "rows") { progress in
            var output = try TextOutput(path: path, isPacked: isPacked)
            try output.write("\(header)\n")
            for r in 0..<count {
                try output.write(row(r) + "\n")
                progress.advance()
            }
            try output.commit()
        }
    }
}
