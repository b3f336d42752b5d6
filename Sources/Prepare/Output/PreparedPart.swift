import Formats
import Support

/// The training or the test part of a data set, row by row.
struct PreparedPart {
    private var vectors: [[(column: Int32, weight: Float)]] = []
    private var sequences: [[Int32]] = []
    private(set) var labels: [[Int32]] = []
    private var texts: [String] = []
    /// Empty where nobody asked for them.
    private(set) var own = OwnLabelPairs()

    var count: Int { texts.count }
    var labelsPerDocument: Double { Double(labels.reduce(0) { $0 + $1.count }) / Double(max(count, 1)) }
    /// Documents given, with those that were left out; of these, the ones without a known feature or label.
    private(set) var given = 0, withoutFeature = 0, withoutLabel = 0
    /// Documents whose sequence is not the whole text.
    private(set) var cut = 0
    /// Tokens of all sequences.
    var tokens: Int { sequences.reduce(0) { $0 + $1.count } }

    /// Counts a document that may then be appended.
    mutating func count(hasFeature: Bool, hasLabel: Bool) {
        given += 1
        if !hasFeature { withoutFeature += 1 }
        if !hasLabel { withoutLabel += 1 }
    }

    /// - Parameters:
    ///   - sequence: columns of the features, or numbers of word pieces, in the order of the text.
    ///   - isCut: whether the text goes on behind them.
    mutating func append(
        vector: [(column: Int32, weight: Float)], sequence: [Int32], isCut: Bool = false, labels: [Int32], text: String,
        own: [Int32] = []
    ) {
        if isCut { cut += 1 }
        vectors.append(vector)
        sequences.append(sequence)
        self.labels.append(labels)
        self.own.append(own, labels: labels)
        texts.append(text)
    }

    /// Writes `prefix`_X_Xf.txt, `prefix`_X_Y.txt and `prefix`_raw.tsv: three files with the same rows.
    func write(to folder: String, prefix: String, features: Int, labels names: [String]) throws {
        try XCText.write("\(folder)/\(prefix)_X_Xf.txt", cols: features, vectors: vectors)
        try XCText.write("\(folder)/\(prefix)_X_Y.txt", cols: names.count, labels: labels)
        var file = try TextOutput(path: "\(folder)/\(prefix)_raw.tsv")
        for (columns, text) in zip(labels, texts) {
            try file.write(columns.map { names[Int($0)] }.joined(separator: "|"))
            try file.write("\t\(Self.oneLine(text))\n")
        }
        try file.commit()
    }

    /// Writes `prefix`_X_seq.npz: the same rows as scipy's CSR, columns in the order of the text, repeats kept, values 1.
    func writeSequences(to folder: String, prefix: String, features: Int) throws {
        try Self.writeSequences(sequences, to: "\(folder)/\(prefix)_X_seq.npz", cols: features)
    }

    static func writeSequences(_ sequences: [[Int32]], to path: String, cols: Int) throws {
        let count = sequences.count, starts = Buffer<Int64>(count: count + 1)
        for row in 0..<count { starts[row + 1] = starts[row] + Int64(sequences[row].count) }
        let indices = Buffer<Int32>(count: Int(starts[count]))
        for row in 0..<count {
            for (place, column) in sequences[row].enumerated() { indices[Int(starts[row]) + place] = column }
        }
        let matrix = CSRMatrix(rows: count, cols: cols, starts: starts, indices: indices, values: nil)
        try NPZ.writeCSR(path: path, matrix: matrix)
    }

    /// A JSON text may hold line ends and tabs, which would cut the row.
    static func oneLine(_ text: String) -> String {
        guard text.utf8.contains(where: { $0 < 0x20 }) else { return text }
        return String(String.UnicodeScalarView(text.unicodeScalars.map { $0.value < 0x20 ? " " : $0 }))
    }
}
