import Config
import Formats
import Foundation
import Messages

/// Shows what the groups do: a live line a learner on a terminal, else a log line an event.
///
/// Used by the coordinator's thread alone.
public final class ProgressReporter {
    private let console: Console
    private let format: LogFormat
    private let quiet: Bool
    /// The last event of each learner that is being trained, in the order in which they began.
    private var current: [ProgressEvent] = []

    /// - Parameter quiet: reports nothing; warnings still appear in the log.
    public init(console: Console = .standardError, format: LogFormat = .text, quiet: Bool = false) {
        self.console = console
        self.format = format
        self.quiet = quiet
    }

    /// JSON is for machines: live lines are for a person who reads text.
    private var isLive: Bool { console.isTerminal && format == .text }

    /// - Parameter rank: the world rank that sent the event.
    public func report(_ event: ProgressEvent, rank: Int, time: Date = Date()) {
        guard !quiet else { return }
        guard isLive else {
            let message = format == .text || event.message.isEmpty ? ProgressText.line(event) : event.message
            let fields = format == .json ? ProgressText.fields(event) : [:]
            return console.print(LogLine(time: time, rank: rank, message: message, fields: fields).formatted(format))
        }
        if let index = current.firstIndex(where: { $0.learner == event.learner }) {
            current[index] = event
        } else {
            current.append(event)
        }
        redraw()
    }

    /// A learner is done: its live line becomes an ordinary one.
    public func finish(learner: Int, message: String, rank: Int, time: Date = Date()) {
        guard !quiet else { return }
        current.removeAll { $0.learner == learner }
        let text = "seed \(learner) \(message)"
        guard isLive else {
            let fields: [String: JSONValue] = format == .json ? ["learner": .integer(learner)] : [:]
            return console.print(LogLine(time: time, rank: rank, message: text, fields: fields).formatted(format))
        }
        redraw()
        console.print(text)
    }

    /// A line to be read once; shown above the live lines.
    public func note(_ message: String, rank: Int, time: Date = Date()) {
        guard !quiet else { return }
        console.print(isLive ? message : LogLine(time: time, rank: rank, message: message).formatted(format))
    }

    /// Nothing more will be reported; what is printed next goes below the live lines.
    public func close() { console.settle() }

    private func redraw() {
        let width = current.map { String($0.learner).count }.max() ?? 0
        console.show(current.map { ProgressText.live($0, learnerWidth: width) })
    }
}
