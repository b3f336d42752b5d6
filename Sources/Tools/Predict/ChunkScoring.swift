import Formats
import Inference
import Support
import Synchronization

/// The predictions of a chunk in the form in which they travel and are written.
struct ScoredChunk: Sendable, Equatable {
    var first: Int
    var documents: Int
    /// Documents without any feature that the model knows.
    var withoutFeature: Int
    /// Lines of the output, or where it is a matrix its three arrays.
    var payload: [UInt8]
}

/// Chunk in, predictions out: what each rank does, alone.
final class ChunkScoring {
    private let predictor: Predictor
    private let text: TextFeatures?
    private let format: PredictionFormat
    private let lines: PredictionLines.Lines
    private let topK: Int
    private let team: ThreadTeam

    /// - Parameter text: nil where documents come as features.
    init(
        _ predictor: Predictor, text: TextFeatures?, format: PredictionFormat, names: [String], topK: Int, team: ThreadTeam
    ) throws {
        self.predictor = predictor
        self.text = text
        self.format = format
        self.topK = topK
        self.team = team
        lines = PredictionLines.Lines(names: format == .jsonl ? names : [])
    }

    /// The chunk's documents as features.
    ///
    /// - Throws: `Failure` with the line that is not of the form.
    func withFeatures(_ chunk: DocumentChunk) throws -> DocumentChunk {
        DocumentChunk(first: chunk.first, documents: chunk.documents, content: .features(try features(of: chunk)))
    }

    private func features(of chunk: DocumentChunk) throws -> CSRMatrix {
        switch chunk.content {
        case .features(let matrix): return matrix
        case .lines(let bytes, let form):
            guard let text else { preconditionFailure("text came, features were announced") }
            return try text.features(bytes, form: form, first: chunk.first, team: team)
        }
    }

    /// Scores a chunk with the rank that leads the group.
    func scoreAlong(_ chunk: DocumentChunk) throws {
        _ = try ProgressScope.hidden { try predictor.predict(features(of: chunk), topK: topK) }
    }

    /// At the rank that leads its group.
    func score(_ chunk: DocumentChunk) throws -> ScoredChunk {
        let features = try features(of: chunk)
        // How far all chunks are is the better news.
        guard let scores = try ProgressScope.hidden({ try predictor.predict(features, topK: topK) }) else {
            preconditionFailure("asked of a rank that does not lead its group")
        }
        let empty = (0..<features.rows).count { features.range($0).isEmpty }
        return ScoredChunk(
            first: chunk.first, documents: chunk.documents, withoutFeature: empty, payload: payload(scores, first: chunk.first))
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
    /// As it travels to another rank.
    var bytes: [UInt8] {
        let kind: Int64, body: [UInt8]
        switch content {
        case .features(let matrix): (kind, body) = (-1, matrix.packedBytes)
        case .lines(let lines, let form): (kind, body) = (Int64(form.rawValue), lines)
        }
        return [Int64(first), Int64(documents), kind].withUnsafeBytes { Array($0) } + body
    }

    init(bytes: [UInt8]) {
        let head = bytes.withUnsafeBytes { raw in (0..<3).map { raw.loadUnaligned(fromByteOffset: 8 * $0, as: Int64.self) } }
        (first, documents) = (Int(head[0]), Int(head[1]))
        content =
            head[2] < 0
            ? .features(CSRMatrix(packedBytes: bytes.dropFirst(24)))
            : .lines(Array(bytes.dropFirst(24)), form: TextForm(rawValue: UInt8(head[2])) ?? .plain)
    }
}

extension ScoredChunk {
    /// As it travels back.
    var bytes: [UInt8] {
        [Int64(first), Int64(documents), Int64(withoutFeature)].withUnsafeBytes { Array($0) } + payload
    }

    init(bytes: [UInt8]) {
        let head = bytes.withUnsafeBytes { raw in (0..<3).map { raw.loadUnaligned(fromByteOffset: 8 * $0, as: Int64.self) } }
        (first, documents, withoutFeature) = (Int(head[0]), Int(head[1]), Int(head[2]))
        payload = Array(bytes.dropFirst(24))
    }
}
