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
        guard let file = file.take() else { return try PredictionFile.write(matrix(), format, to: path) }
        try file.commit()
    }

    private func matrix() -> CSRMatrix {
        let rows = parts.reduce(0) { $0 + $1.rows }, entries = parts.reduce(0) { $0 + $1.nonZeros }
        let starts = Buffer<Int64>(count: rows + 1), indices = Buffer<Int32>(count: entries),
            values = Buffer<Float>(count: entries)
        var row = 0, at = 0
        for part in parts {
            for r in 0..<part.rows { starts[row + r + 1] = Int64(at) + part.starts[r + 1] }
            (indices.pointer + at).update(from: part.indices.pointer, count: part.nonZeros)
            if let from = part.values { (values.pointer + at).update(from: from.pointer, count: part.nonZeros) }
            row += part.rows
            at += part.nonZeros
        }
        return CSRMatrix(rows: rows, cols: labels, starts: starts, indices: indices, values: values)
    }
}
