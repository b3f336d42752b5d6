import Datasets
import Foundation
import Inference
import Learners
import Prepare
import Support
import Synchronization

/// Turns lines of raw text into the features of a model: those that `prepare` and `train` made of the same texts; or lines of features.
struct TextFeatures: Sendable {
    private enum Reader {
        case words(TextVectoriser)
        case pieces(WordPiece)
        /// The lines are features.
        case rows
    }

    private let reader: Reader
    private let file: FeatureFile
    /// Tokens of a document that the model reads, at most.
    private let longest: Int
    /// Named in messages.
    private let place: String
    /// Of raw XC JSON, as the data set was prepared.
    private let fields: TextFields

    /// Lines that are features, as through a pipe.
    init(rowsFor model: TrainedModel, place: String) throws {
        self.place = place
        file = try model.featureFile()
        longest = model.arch.longestDocument ?? .max
        (reader, fields) = (.rows, .both)
    }

    /// - Throws: `Failure` where the model's data set was not made of text, or its tokenizer's files are damaged.
    init(_ model: TrainedModel, place: String) throws {
        self.place = place
        file = try model.featureFile()
        longest = model.arch.longestDocument ?? .max
        fields = try TextFields(folder: model.folder)
        if file.type == .sequential, let pieces = try model.wordPieces() {
            try Self.require(pieces.columns <= file.columns, model, WordPiece.fileName, pieces.columns, "at most \(file.columns)")
            reader = .pieces(pieces)
            return
        }
        guard let vectoriser = try model.textVectoriser() else {
            throw Failure(
                .usage, "the model's data set was not prepared from text", at: model.folder, found: "no tokenizer.json",
                expected: "a data set made by deepxml-dist prepare", advice: "give --features FILE instead of --text")
        }
        let words = vectoriser.vocabulary.count
        try Self.require(words == file.columns, model, "vocabulary.txt", words, "\(file.columns)")
        reader = .words(vectoriser)
    }

    /// The word pieces that a pretrained encoder reads.
    init(_ pieces: WordPiece, _ file: FeatureFile, place: String) {
        (reader, self.file, self.place, longest, fields) = (.pieces(pieces), file, place, .max, .both)
    }

    private static func require(_ fits: Bool, _ model: TrainedModel, _ file: String, _ found: Int, _ expected: String) throws {
        if fits { return }
        throw Failure(
            .damagedCheckpoint, "the model's vocabulary is not that of its features", at: "\(model.folder)/\(file)",
            found: "\(found) entries", expected: expected, advice: "give the training command again: it completes the folder")
    }

    /// Features of the documents that stand in `lines`, and the rows of those that the model reads the beginning of alone.
    ///
    /// - Parameter first: number of the first of them, from 0.
    /// - Throws: `Failure` with the line that is not UTF-8, or not of the form.
    func features(_ lines: [UInt8], form: TextForm, first: Int, team: ThreadTeam) throws -> (CSRMatrix, cut: [Int]) {
        var parts = lines.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        if lines.last == UInt8(ascii: "\n") { parts.removeLast() }
        if case .rows = reader {
            let rows = try file.rows(lines, count: parts.count, firstLine: first + 1, place: place, team)
            return (rows, (0..<rows.rows).filter { rows.range($0).count > longest })
        }
        let documents = parts, pieces = max(1, min(4 * team.size, documents.count / 16))
        let made = Mutex([Int: Result<Piece, any Error>]())
        team.forEach(pieces) { index in
            let range = documents.count * index / pieces..<documents.count * (index + 1) / pieces
            let piece = Result { try self.piece(documents[range], form: form, first: first) }
            made.withLock { $0[index] = piece }
        }
        let all = try made.withLock { made in try (0..<pieces).map { try made[$0]!.get() } }
        return (try file.made(Piece.matrix(all, cols: file.columns), threads: 1), all.flatMap(\.cut))
    }

    private func piece(
        _ lines: ArraySlice<ArraySlice<UInt8>>, form: TextForm, first: Int
    ) throws -> Piece {
        var piece = Piece()
        for (at, line) in zip(lines.indices, lines) {
            let text = try LineText.text(line, form, fields, at: "\(place):\(first + at + 1)"), start = piece.columns.count
            var isCut = false
            switch reader {
            case .rows: preconditionFailure("rows are no text")
            case .pieces(let tokenizer):
                let pieces = tokenizer.encode(text)
                isCut = pieces.isCut
                for column in pieces.ids { piece.append(column, 1) }
            case .words(let vectoriser) where file.type == .sequential:
                for column in vectoriser.sequence(of: text) { piece.append(column, 1) }
            case .words(let vectoriser):
                for (column, weight) in vectoriser.vector(of: text) { piece.append(column, weight) }
            }
            piece.ends.append(piece.columns.count)
            if isCut || piece.columns.count - start > longest { piece.cut.append(at) }
        }
        return piece
    }
}

/// Rows of features as they are made.
private struct Piece: Sendable {
    var ends: [Int] = []
    /// Rows, among all lines, of which the model does not read the end.
    var cut: [Int] = []
    var columns: [Int32] = []
    var weights: [Float] = []

    mutating func append(_ column: Int32, _ weight: Float) {
        columns.append(column)
        weights.append(weight)
    }

    static func matrix(_ pieces: [Piece], cols: Int) -> CSRMatrix {
        var starts: [Int64] = [0]
        for piece in pieces {
            let base = starts[starts.count - 1]
            for end in piece.ends { starts.append(base + Int64(end)) }
        }
        return CSRMatrix(
            rows: starts.count - 1, cols: cols, starts: Buffer(starts), indices: Buffer(pieces.flatMap(\.columns)),
            values: Buffer(pieces.flatMap(\.weights)))
    }
}

/// The text that a line holds.
enum LineText {
    /// - Throws: `Failure` where the line is not UTF-8, or not of the form.
    static func text(_ line: ArraySlice<UInt8>, _ form: TextForm, _ fields: TextFields, at place: String) throws -> String {
        let line = line.last == UInt8(ascii: "\r") ? line.dropLast() : line
        guard let text = String(validating: line, as: UTF8.self) else {
            throw Failure(
                .usage, "the line is not UTF-8 text", at: place, expected: "UTF-8",
                advice: "convert the text, for example: iconv -f latin1 -t utf8")
        }
        switch form {
        case .plain:
            guard let tab = text.utf8.firstIndex(of: UInt8(ascii: "\t")) else { return text }
            return String(text[text.utf8.index(after: tab)...])
        case .json: return try object(text, fields, at: place)
        case .features: preconditionFailure("features are no text")
        }
    }

    private struct Fields: Decodable {
        var text, title, content: String?
    }

    private static func object(_ line: String, _ chosen: TextFields, at place: String) throws -> String {
        if line.utf8.allSatisfy({ $0 <= 0x20 }) { return "" }
        let fields = try? JSONDecoder().decode(Fields.self, from: Data(line.utf8))
        if let fields, let text = fields.text { return text }
        let parts = [chosen == .content ? nil : fields?.title, chosen == .title ? nil : fields?.content].compactMap { $0 }
        guard !parts.isEmpty else {
            let keys = chosen == .both ? "\"title\" and \"content\"" : "\"\(chosen)\", the text of the model's data set"
            throw Failure(
                .usage, "the line is no document", at: place, found: "\"\(line.prefix(60))\(line.count > 60 ? "…" : "")\"",
                expected: "a JSON object with \"text\", or with \(keys)",
                advice: "write one document a line, all in one form; put a tab before a text that begins with a brace")
        }
        return parts.filter { !$0.isEmpty }.joined(separator: " ")
    }
}

extension TrainedModel {
    /// Turns raw text into the model's features; nil where its data set was not made from text by `prepare`.
    ///
    /// - Throws: `Failure` where vocabulary.txt and tokenizer.json don't fit together or are of an unknown version.
    public func textVectoriser() throws -> TextVectoriser? {
        guard FileManager.default.fileExists(atPath: "\(folder)/tokenizer.json") else { return nil }
        return try TextVectoriser(folder: folder)
    }

    /// Turns raw text into the word pieces that the model reads; nil where its data set was prepared without a pretrained encoder.
    ///
    /// - Throws: `Failure` where wordpiece.json is damaged.
    public func wordPieces() throws -> WordPiece? {
        let path = "\(folder)/\(WordPiece.fileName)"
        return FileManager.default.fileExists(atPath: path) ? try WordPiece(file: path) : nil
    }
}
