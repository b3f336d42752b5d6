import Foundation
import Support

/// `events.jsonl` in a learner's folder of results: what came to pass in its training, over all the jobs that it took.
public enum EventFile {
    public static let name = "events.jsonl"

    /// The events of a folder's file, in their order; none where there is no file. Lines that are no events are passed over.
    public static func read(folder: String) -> [TrainingEvent] {
        guard let data = FileManager.default.contents(atPath: "\(folder)/\(name)") else { return [] }
        return String(decoding: data, as: UTF8.self).split(separator: "\n").compactMap { TrainingEvent(line: $0) }
    }

    /// Tells that a file which events are to be added to holds something else: it would be damaged, or with `--fresh` emptied.
    ///
    /// - Throws: `Failure(.usage)`; a file that is empty or missing, and one that is no plain file, will do.
    public static func checkHoldsEvents(_ path: String) throws {
        guard isFile(path), let file = FileHandle(forReadingAtPath: path) else { return }
        defer { try? file.close() }
        guard let start = try? file.read(upToCount: 1 << 20), !start.isEmpty else { return }
        let lines = String(decoding: start, as: UTF8.self).split(separator: "\n")
        guard !lines.contains(where: { TrainingEvent(line: $0) != nil }) else { return }
        throw Failure(
            .usage, "the file for events holds something else", at: "--events \(path)",
            found: String(lines.first?.prefix(60) ?? ""),
            expected: "events of an earlier job, an empty file, or a name that is not taken", advice: "name another file")
    }

    /// The learners of an ensemble's folder of results, `…/v_0`: its neighbours `…/v_0_<seed>` that have events, or scores.
    public static func learnerFolders(of ensemble: String) -> [String] {
        let path = URL(fileURLWithPath: ensemble).standardizedFileURL, parent = path.deletingLastPathComponent().path
        let stem = path.lastPathComponent + "_"
        let names = (try? FileManager.default.contentsOfDirectory(atPath: parent)) ?? []
        let seeds = names.filter { $0.hasPrefix(stem) }.compactMap { UInt64($0.dropFirst(stem.count)) }.sorted()
        return seeds.map { "\(parent)/\(stem)\($0)" }
    }
}

/// Reads the lines that are added to a file while it grows, or that appear in one that isn't there yet.
public struct FileTail {
    public let path: String
    private var position: UInt64 = 0
    private var rest: [UInt8] = []

    public init(path: String) { self.path = path }

    /// The whole lines since the last call. A file that has become shorter has begun anew.
    public mutating func newLines() -> [String] {
        guard let file = FileHandle(forReadingAtPath: path) else { return [] }
        defer { try? file.close() }
        if let size = try? file.seekToEnd(), size < position { (position, rest) = (0, []) }
        guard (try? file.seek(toOffset: position)) != nil, let data = try? file.readToEnd() else { return [] }
        position += UInt64(data.count)
        var lines = (rest + data).split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        rest = Array(lines.popLast() ?? [])
        return lines.map { String(decoding: $0, as: UTF8.self) }
    }
}
