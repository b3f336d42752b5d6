import Support

/// Writes the text form of the XC repository: a header `rows cols`, then a line of `index:value` entries for each row, indices
/// from 0 and ascending; or the old one-file form. Each value has the shortest form that reads back as the same float.
public enum XCText {
    /// Writes `rows cols`, then a line of `column:value` a row (`column:1` where the matrix is binary). The file appears
    /// when it is whole.
    ///
    /// - Parameter isPacked: packed by gzip.
    /// - Throws: `Failure` where the folder is missing or not writable, or the disk is full.
    public static func write(_ path: String, matrix: CSRMatrix, isPacked: Bool = false) throws {
        var output = try TextOutput(path: path, isPacked: isPacked)
        try output.write("\(matrix.rows) \(matrix.cols)\n")
        for r in 0..<matrix.rows { try output.write(entries(matrix, r) + "\n") }
        try output.commit()
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
        var output = try TextOutput(path: path, isPacked: isPacked)
        try output.write("\(features.rows) \(features.cols) \(labels.cols)\n")
        for r in 0..<features.rows {
            let list = labels.columns(r).map(String.init).joined(separator: ",")
            try output.write("\(list) \(entries(features, r))\n")
        }
        try output.commit()
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
        var output = try TextOutput(path: path)
        try output.write("\(rows.count) \(cols)\n")
        for row in rows { try output.write(row.map(text).joined(separator: " ") + "\n") }
        try output.commit()
    }
}
