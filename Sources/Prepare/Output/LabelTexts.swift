import Formats
import Support

/// The texts of a data set's labels, and what is written of them: features of the documents' kind, a row for each label.
struct LabelTexts {
    /// By column; empty: the label has no text, and its row no feature.
    let texts: [String]
    /// Texts whose pieces go on behind those that are written.
    private(set) var cut = 0

    init(_ texts: [String]) { self.texts = texts }

    /// How many labels have a text.
    var count: Int { texts.count { !$0.isEmpty } }

    /// Writes lbl_raw.txt: a text on each line, in the order of the labels.
    func writeTexts(to folder: String) throws {
        try TextOutput.write("\(folder)/lbl_raw.txt", lines: texts.lazy.map(PreparedPart.oneLine))
    }

    /// Writes lbl_X_Xf.txt: labels × features.
    func writeFeatures(to folder: String, by vectoriser: TextVectoriser) throws {
        let vectors = texts.map { $0.isEmpty ? [] : vectoriser.vector(of: $0) }
        try XCText.write("\(folder)/lbl_X_Xf.txt", cols: vectoriser.vocabulary.count, vectors: vectors)
    }

    /// Writes lbl_X_seq.npz: labels × features, or word pieces.
    func writeSequences(to folder: String, by vectoriser: TextVectoriser) throws {
        try PreparedPart.writeSequences(
            texts.map { $0.isEmpty ? [] : vectoriser.sequence(of: $0) }, to: "\(folder)/lbl_X_seq.npz",
            cols: vectoriser.vocabulary.count)
    }

    /// - Parameter columns: word embeddings of the encoder.
    mutating func writePieces(to folder: String, by tokenizer: WordPiece, columns: Int) throws {
        let pieces = texts.map { $0.isEmpty ? ([], false) : tokenizer.encode($0) }
        cut = pieces.count { $0.1 }
        try PreparedPart.writeSequences(pieces.map(\.0), to: "\(folder)/lbl_X_seq.npz", cols: columns)
    }
}

/// Adds the labels' texts to a data set that is there already, by the tokenizers that stand in its folder.
public struct LabelTextAddition: Sendable {
    /// The data set's.
    public let folder: String
    /// Where the texts are, a line each in the order of the labels, or `{"title": …}` a line; nil: lbl_raw.txt of the folder, or else
    /// the labels' names.
    public var texts: String?

    public init(folder: String, texts: String? = nil) { (self.folder, self.texts) = (folder, texts) }

    /// Writes lbl_X_Xf.txt where the folder has tokenizer.json, and lbl_X_seq.npz where it has trn_X_seq.npz.
    ///
    /// - Returns: a sentence about what was written.
    /// - Throws: `Failure` where the data set lacks what it takes, or the texts are not those of its labels.
    public func run() throws -> String {
        let labels = try shape("trn_X_Y.txt", .labels).cols
        var texts = LabelTexts(try lines(labels))
        let hasWords = isFile("\(folder)/tokenizer.json"), hasPieces = isFile("\(folder)/\(WordPiece.fileName)")
        guard hasWords || hasPieces else {
            throw Failure(
                .usage, "the data set has no tokenizer", at: folder, found: "neither tokenizer.json nor \(WordPiece.fileName)",
                expected: "a data set made by deepxml-dist prepare",
                advice: "prepare it again with --label-text, or add lbl_X_Xf.txt, with a row of features for each label")
        }
        var written = [String]()
        let vectoriser = hasWords ? try TextVectoriser(folder: folder) : nil
        if let vectoriser {
            try texts.writeFeatures(to: folder, by: vectoriser)
            written.append("lbl_X_Xf.txt")
        }
        if isFile("\(folder)/trn_X_seq.npz") {
            let columns = try shape("trn_X_seq.npz", .sequences).cols
            if hasPieces {
                try texts.writePieces(
                    to: folder, by: WordPiece(file: "\(folder)/\(WordPiece.fileName)"), columns: columns)
            } else if let vectoriser {
                try texts.writeSequences(to: folder, by: vectoriser)
            }
            written.append("lbl_X_seq.npz")
        }
        return "\(folder): \(written.joined(separator: " and ")) of \(texts.count.grouped) texts of \(labels.grouped) labels"
    }

    /// What a label's text is, by its name, in a data set that is prepared from text.
    ///
    /// - Parameters:
    ///   - file: titles of raw XC JSON's labels, or lines `label<TAB>text`; nil: labels' names are their texts.
    ///   - names: of raw XC JSON's labels.
    /// - Throws: `Failure` where the labels have no names, or a line is of another form.
    public static func texts(
        from file: String?, names: LabelNames?, _ isRawXC: Bool
    ) throws -> @Sendable (String) -> String {
        guard let file else {
            guard !isRawXC else {
                throw Failure(
                    .usage, "the labels have no texts", at: "--label-text", found: "raw XC JSON, whose labels are numbers",
                    expected: "a file of their titles", advice: "give --label-text lbl.json.gz")
            }
            return { $0 }
        }
        var texts = [String: String]()
        if isRawXC {
            texts = Dictionary(zip(names?.names ?? [], try LabelNames.texts(file: file)), uniquingKeysWith: { first, _ in first })
        } else {
            try TextLines(path: file, expected: "label<TAB>text, a line each").forEach { line, number in
                guard let tab = line.firstIndex(of: "\t") else {
                    throw Failure(
                        .usage, "the line has no tab", at: "\(file):\(number)", found: "\"\(line.prefix(60))\"",
                        expected: "label<TAB>text", advice: "put a tab between a label's name and its text")
                }
                texts[DocumentReader.trimmed(String(line[..<tab]))] = String(line[line.index(after: tab)...])
            }
        }
        return { [texts] in texts[$0] ?? "" }
    }

    private func shape(_ name: String, _ kind: MatrixFile.Kind) throws -> (rows: Int, cols: Int) {
        try MatrixFile.shape(path: "\(folder)/\(name)", kind: kind)
    }

    private func lines(_ labels: Int) throws -> [String] {
        let own = "\(folder)/lbl_raw.txt"
        guard let path = texts ?? (isFile(own) ? own : NameFile.find(in: folder, .labels)) else {
            throw Failure(
                .usage, "the labels have no texts", at: folder, found: "neither lbl_raw.txt nor labels.txt",
                expected: "a text for each of the \(labels) labels, a line each", advice: "name the file by --label-text FILE")
        }
        var lines = try LabelNames.texts(file: path)
        // Labels without text may be the last: blank lines, which are left out where texts are read.
        var number = 0
        if lines.count < labels { try MappedFile(path: path).forEachLine { _, line in number = line } }
        if number == labels { lines += Array(repeating: "", count: labels - lines.count) }
        guard lines.count == labels else {
            throw Failure(
                .usage, "the texts are not those of the data set's labels", at: path, found: "\(lines.count) lines",
                expected: "\(labels), one for each label", advice: "an empty line stands for a label without text")
        }
        return lines
    }
}
