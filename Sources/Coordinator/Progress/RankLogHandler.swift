import Config
import Formats
import Foundation
import Logging

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
