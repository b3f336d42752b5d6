import Coordinator
import Formats
import Support

/// Where predictions go: lines as they come, or a matrix when all are there.
final class PredictionOutput {
    private let path: String
    private let format: PredictionFormat
    private let labels: Int
    /// Lines are written as they come; nil where a matrix waits for its last row.
    private var file: AtomicFile?
    private var parts: [CSRMatrix] = []

    /// - Parameters:
    ///   - path: `-`: standard output, which like any pipe or device gets each chunk at once; a file appears when it is complete.
    ///   - documents: where they are known; only then text has a header.
    init(path: String, format: PredictionFormat, documents: Int?, labels: Int) throws {
        (self.path, self.format, self.labels) = (path, format, labels)
        guard format == .text || format == .jsonl else { return }
        file = try path == "-" ? AtomicFile.standardOutput() : AtomicFile(path: path)
        if format == .text, let documents { try file?.write(Array("\(documents) \(labels)\n".utf8)) }
    }

    func add(_ chunk: ScoredChunk) throws {
        if file == nil {
            parts.append(CSRMatrix(packedBytes: chunk.payload[...]))
        } else {
            try file?.write(chunk.payload)
        }
    }

    /// Completes the file.
    func finish() throws {
        guard let file = file.take() else {
            return try PredictionFile.write(CSRMatrix(joining: parts, cols: labels), format, to: path)
        }
        try file.commit()
    }
}
