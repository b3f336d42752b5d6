import Formats
import Inference
import Scoring
import Support
import Synchronization

/// The predictions of a chunk in the form in which they travel and are written.
struct ScoredChunk: Sendable, Equatable {
    var first: Int
    var documents: Int
    /// Documents without any feature that the model knows.
    var withoutFeature: Int
    /// Documents of which a learner reads the beginning alone.
    var cut: Int
    /// Documents of which no label is at or above the threshold.
    var withoutLabel: Int
    /// Lines of the output, or where it is a matrix its three arrays.
    var payload: [UInt8]
}

/// Chunk in, predictions out: what each rank does, alone.
final class ChunkScoring {
    private let predictor: Predictor
    private let texts: [TextFeatures]?
    private let format: PredictionFormat
    private let lines: PredictionLines.Lines
    private let topK: Int
    private let threshold: Float?
    private let team: ThreadTeam

    /// - Parameters:
    ///   - texts: of each input of the predictor; nil where documents come as features.
    ///   - threshold: labels that score less are left out; nil: none is.
    init(
        _ predictor: Predictor, texts: [TextFeatures]?, format: PredictionFormat, names: [String], topK: Int,
        threshold: Double? = nil, team: ThreadTeam
    ) throws {
        self.predictor = predictor
        self.texts = texts
        self.format = format
        self.topK = topK
        self.threshold = threshold.map(Float.init)
        self.team = team
        lines = PredictionLines.Lines(names: format == .jsonl ? names : [])
    }

    /// The chunk's documents as features.
    ///
    /// - Throws: `Failure` with the line that is not of the form.
    func withFeatures(_ chunk: DocumentChunk) throws -> DocumentChunk {
        let (features, cut) = try features(of: chunk)
        return DocumentChunk(first: chunk.first, documents: chunk.documents, content: .features(features, cut: cut))
    }

    /// Of each input; and how many documents are cut.
    private func features(of chunk: DocumentChunk) throws -> ([CSRMatrix], cut: Int) {
        switch chunk.content {
        case .features(let matrices, let cut): return (matrices, cut)
        case .lines(let bytes, let form):
            guard let texts else { preconditionFailure("text came, features were announced") }
            var matrices: [CSRMatrix] = [], cut: Set<Int> = []
            for text in texts {
                let (matrix, rows) = try text.features(bytes, form: form, first: chunk.first, team: team)
                matrices.append(matrix)
                cut.formUnion(rows)
            }
            return (matrices, cut.count)
        }
    }

    /// Scores a chunk with the rank that leads the group.
    func scoreAlong(_ chunk: DocumentChunk) throws {
        _ = try ProgressScope.hidden { try predictor.predict(inputs: features(of: chunk).0, topK: topK) }
    }

    /// At the rank that leads its group.
    func score(_ chunk: DocumentChunk) throws -> ScoredChunk {
        let (features, cut) = try features(of: chunk)
        // How far all chunks are is the better news.
        guard let best = try ProgressScope.hidden({ try predictor.predict(inputs: features, topK: topK) }) else {
            preconditionFailure("asked of a rank that does not lead its group")
        }
        let scores = threshold.map { Scoring.atLeast($0, of: best, team: team) } ?? best
        let empty = (0..<chunk.documents).count { row in features.allSatisfy { $0.range(row).isEmpty } }
        return ScoredChunk(
            first: chunk.first, documents: chunk.documents, withoutFeature: empty, cut: cut,
            withoutLabel: (0..<scores.rows).count { scores.range($0).isEmpty }, payload: payload(scores, first: chunk.first))
    }

    private func payload(_ scores: CSRMatrix, first: Int) -> [UInt8] {
        guard format == .text || format == .jsonl else { return scores.packedBytes }
        let pieces = max(1, min(4 * team.size, scores.rows / 16)), (format, lines) = (format, lines)
        let made = Mutex([Int: [UInt8]]())
        team.forEach(pieces) { index in
            var bytes: [UInt8] = []
            for row in scores.rows * index / pieces..<scores.rows * (index + 1) / pieces {
                let line = format == .text ? PredictionText.line(scores, row) : lines.line(scores, row, document: first + row)
                bytes += line.utf8
            }
            let done = bytes
            made.withLock { $0[index] = done }
        }
        return made.withLock { made in (0..<pieces).flatMap { made[$0] ?? [] } }
    }
}

extension CSRMatrix {
    /// Rows and columns, then the three arrays: what `init(packedBytes:)` takes.
    var packedBytes: [UInt8] {
        let head = [Int64(rows), Int64(cols)]
        var bytes = head.withUnsafeBytes { Array($0) }
        bytes += starts.bytes
        bytes += indices.bytes
        if let values { bytes += values.bytes }
        return bytes
    }

    convenience init(packedBytes bytes: ArraySlice<UInt8>) {
        func array<Element: BitwiseCopyable>(_: Element.Type, at offset: Int, _ count: Int) -> Buffer<Element> {
            let buffer = Buffer<Element>(count: count)
            buffer.bytes.copyBytes(from: bytes.dropFirst(offset).prefix(buffer.byteCount))
            return buffer
        }
        let head = array(Int64.self, at: 0, 2), rows = Int(head[0])
        let starts = array(Int64.self, at: 16, rows + 1), entries = Int(starts[rows])
        let indices = array(Int32.self, at: 24 + 8 * rows, entries)
        let values = array(Float.self, at: 24 + 8 * rows + 4 * entries, entries)
        self.init(rows: rows, cols: Int(head[1]), starts: starts, indices: indices, values: values)
    }
}

extension DocumentChunk {
    /// As it travels to another rank. Of features, each matrix with its length.
    var bytes: [UInt8] {
        let kind: Int, cut: Int, body: [UInt8]
        switch content {
        case .features(let matrices, let number):
            (kind, cut) = (-matrices.count, number)
            body = matrices.flatMap { matrix in
                let bytes = matrix.packedBytes
                return packed([bytes.count]) + bytes
            }
        case .lines(let lines, let form): (kind, cut, body) = (Int(form.rawValue), 0, lines)
        }
        return packed([first, documents, kind, cut]) + body
    }

    init(bytes: [UInt8]) {
        let head = unpacked(bytes, 4)
        var rest = bytes.dropFirst(32)
        (first, documents) = (head[0], head[1])
        guard head[2] < 0 else {
            content = .lines(Array(rest), form: TextForm(rawValue: UInt8(head[2])) ?? .plain)
            return
        }
        let matrices = (0..<(-head[2])).map { _ in
            let length = unpacked(Array(rest.prefix(8)), 1)[0], matrix = CSRMatrix(packedBytes: rest.dropFirst(8).prefix(length))
            rest = rest.dropFirst(8 + length)
            return matrix
        }
        content = .features(matrices, cut: head[3])
    }
}

extension ScoredChunk {
    /// As it travels back.
    var bytes: [UInt8] { packed([first, documents, withoutFeature, cut, withoutLabel]) + payload }

    init(bytes: [UInt8]) {
        let head = unpacked(bytes, 5)
        (first, documents, withoutFeature, cut, withoutLabel) = (head[0], head[1], head[2], head[3], head[4])
        payload = Array(bytes.dropFirst(40))
    }
}

private func packed(_ numbers: [Int]) -> [UInt8] { numbers.withUnsafeBytes { Array($0) } }

private func unpacked(_ bytes: [UInt8], _ count: Int) -> [Int] {
    bytes.withUnsafeBytes { raw in (0..<count).map { raw.loadUnaligned(fromByteOffset: 8 * $0, as: Int.self) } }
}
