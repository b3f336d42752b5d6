/// The text layout of the XC repository: `rows cols`, then one line a row of `column:value`.
enum XCText {
    /// Features, each value in the shortest form that reads back as the same float.
    static func write(_ path: String, cols: Int, vectors: [[(column: Int32, weight: Float)]]) throws {
        try write(path, cols: cols, rows: vectors) { "\($0.column):\($0.weight)" }
    }

    /// Labels: every value is 1.
    static func write(_ path: String, cols: Int, labels: [[Int32]]) throws {
        try write(path, cols: cols, rows: labels) { "\($0):1" }
    }

    private static func write<Entry>(_ path: String, cols: Int, rows: [[Entry]], _ text: (Entry) -> String) throws {
        try OutputFile.write(path) { file in
            try file.write("\(rows.count) \(cols)\n")
            for row in rows {
                for (index, entry) in row.enumerated() {
                    if index > 0 { try file.write(" ") }
                    try file.write(text(entry))
                }
                try file.write("\n")
            }
        }
    }
}
