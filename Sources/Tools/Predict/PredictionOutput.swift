import Coordinator
import Formats
import Foundation
import Support

/// Where predictions go: lines as they come, or a matrix when all are there.
final class PredictionOutput {
    private let path: String
    private let format: PredictionFormat
    private let labels: Int
    private let isStream: Bool
    private let temporary: String
    private var file: FileHandle?
    private var parts: [CSRMatrix] = []

    /// - Parameters:
    ///   - path: `-`: standard output, to which each chunk goes at once; a file appears when it is whole.
    ///   - documents: where they are known; only then text has a header.
    init(path: String, format: PredictionFormat, documents: Int?, labels: Int) throws {
        (self.path, self.format, self.labels) = (path, format, labels)
        isStream = path == "-" || Self.isDevice(path)
        temporary = isStream ? path : "\(path).\(getpid()).tmp"
        guard format == .text || format == .jsonl else { return }
        if path == "-" {
            file = .standardOutput
        } else {
            if !isStream { _ = FileManager.default.createFile(atPath: temporary, contents: nil) }
            file = FileHandle(forWritingAtPath: temporary)
        }
        guard file != nil else { throw Self.unwritable(path, String(cString: strerror(errno))) }
        if format == .text, let documents { try write(Data("\(documents) \(labels)\n".utf8)) }
    }

    deinit { if !isStream { unlink(temporary) } }

    private static func isDevice(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT != S_IFREG && status.st_mode & S_IFMT != S_IFDIR
    }

    private static func unwritable(_ path: String, _ reason: String) -> Failure {
        Failure(
            .usage, "the predictions cannot be written", at: path, found: reason, expected: "a file that may be written",
            advice: "check the folder of --to")
    }

    func add(_ chunk: ScoredChunk) throws {
        if file == nil {
            parts.append(CSRMatrix(packedBytes: chunk.payload[...]))
        } else {
            try write(Data(chunk.payload))
        }
    }

    private func write(_ data: Data) throws {
        do { try file?.write(contentsOf: data) } catch {
            throw Failure(
                .outOfResources, "the predictions cannot be written", at: path, found: error.localizedDescription,
                advice: "see whether the disk is full")
        }
    }

    /// Completes the file.
    func finish() throws {
        guard file != nil else { return try PredictionFile.write(matrix(), format, to: path) }
        guard !isStream else { return }
        do {
            try file?.synchronize()
            try file?.close()
        } catch {
            throw Failure(
                .outOfResources, "the predictions cannot be written", at: path, found: error.localizedDescription,
                advice: "see whether the disk is full")
        }
        if rename(temporary, path) != 0 { throw Self.unwritable(path, String(cString: strerror(errno))) }
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
