import Config
import Formats
import Foundation
import Logging

/// One line of the log: time, rank, level, message, and fields.
public struct LogLine: Sendable {
    public var time: Date
    public var rank: Int
    /// `info`, `warning`, …
    public var level: String
    public var message: String
    public var fields: [String: JSONValue]

    public init(time: Date = Date(), rank: Int, level: String = "info", message: String, fields: [String: JSONValue] = [:]) {
        self.time = time
        self.rank = rank
        self.level = level
        self.message = message
        self.fields = fields
    }

    public func formatted(_ format: LogFormat) -> String {
        switch format {
        case .text: text
        case .json: json
        }
    }

    /// `2025-11-25T03:23:11Z rank 0 info message key=value`.
    private var text: String {
        let extra = fields.sorted { $0.key < $1.key }.map { " \($0.key)=\($0.value.plain)" }.joined()
        let flat = message.replacing("\n", with: "\n    ")
        return "\(stamp) rank \(rank) \(level) \(flat)\(extra)"
    }

    /// An object; the fields stand beside `time`, `rank`, `level` and `message`, which they can't replace.
    private var json: String {
        var object = fields
        object["time"] = .string(stamp)
        object["rank"] = .integer(rank)
        object["level"] = .string(level)
        object["message"] = .string(message)
        return JSONValue.sorted(object).compactText
    }

    /// UTC, so that ranks in several places agree.
    private var stamp: String {
        var seconds = time_t(time.timeIntervalSince1970.rounded(.down))
        var parts = tm()
        gmtime_r(&seconds, &parts)
        return String(
            format: "%04d-%02d-%02dT%02d:%02d:%02dZ", parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday, parts.tm_hour,
            parts.tm_min, parts.tm_sec)
    }
}

extension JSONValue {
    /// As it stands in a text line.
    var plain: String {
        switch self {
        case .string(let text): text
        case .array(let array): "[" + array.map(\.plain).joined(separator: ",") + "]"
        case .object(let members): "{" + members.map { "\($0.name):\($0.value.plain)" }.joined(separator: ",") + "}"
        default: compactText
        }
    }
}

/// swift-log's back end: one line an event on standard error, with time and rank.
public struct RankLogHandler: LogHandler {
    public var logLevel: Logger.Level
    public var metadata: Logger.Metadata = [:]
    private let rank: Int
    private let format: LogFormat
    private let console: Console

    public init(rank: Int, format: LogFormat = .text, quiet: Bool = false, console: Console = .standardError) {
        self.rank = rank
        self.format = format
        self.console = console
        logLevel = quiet ? .warning : .info
    }

    public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    public func log(event: LogEvent) {
        var fields = metadata.merging(event.metadata ?? [:]) { $1 }
        if let error = event.error { fields["error"] = "\(error)" }
        let line = LogLine(
            rank: rank, level: event.level.rawValue, message: event.message.description,
            fields: fields.mapValues { JSONValue.string($0.description) })
        console.print(line.formatted(format))
    }
}
