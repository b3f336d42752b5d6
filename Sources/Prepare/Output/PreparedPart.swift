import XCData

/// The training or the test part of a data set, row by row.
struct PreparedPart {
    private var vectors: [[(column: Int32, weight: Float)]] = []
    private var labels: [[Int32]] = []
    private var texts: [String] = []

    var count: Int { texts.count }
    var labelsPerDocument: Double { Double(labels.reduce(0) { $0 + $1.count }) / Double(max(count, 1)) }

    mutating func append(vector: [(column: Int32, weight: Float)], labels: [Int32], text: String) {
        vectors.append(vector)
        self.labels.append(labels)
        texts.append(text)
    }

    /// Writes `prefix`_X_Xf.txt, `prefix`_X_Y.txt and `prefix`_raw.tsv: three files with the same rows.
    func write(to folder: String, prefix: String, features: Int, labels names: [String]) throws {
        try XCText.write("\(folder)/\(prefix)_X_Xf.txt", cols: features, vectors: vectors)
        try XCText.write("\(folder)/\(prefix)_X_Y.txt", cols: names.count, labels: labels)
        try OutputFile.write("\(folder)/\(prefix)_raw.tsv") { file in
            for (columns, text) in zip(labels, texts) {
                try file.write(columns.map { names[Int($0)] }.joined(separator: "|"))
                try file.write("\t\(Self.oneLine(text))\n")
            }
        }
    }

    /// A JSON text may hold line ends and tabs, which would cut the row.
    private static func oneLine(_ text: String) -> String {
        guard text.utf8.contains(where: { $0 < 0x20 }) else { return text }
        return String(String.UnicodeScalarView(text.unicodeScalars.map { $0.value < 0x20 ? " " : $0 }))
    }
}
