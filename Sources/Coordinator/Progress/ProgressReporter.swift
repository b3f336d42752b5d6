import Config
import Formats
import Foundation
import Messages
import Support
import Synchronization

/// Shows what the groups do, and this process itself: a live line each on a terminal, else a log line an event.
public final class ProgressReporter: Sendable {
    private let console: Console
    private let format: LogFormat
    private let quiet: Bool
    private let state = Mutex(State())

    private struct State {
        /// The last event of each learner that is being trained, in the order in which they began.
        var current: [ProgressEvent] = []
        /// What this process is at.
        var own: ProgressReport?
        /// When the last log line of a learner was printed, and of this process (nil).
        var printed: [Int?: Date] = [:]

        /// Whether a line that only says how far something is would not come too soon after the last.
        func mayPrint(_ learner: Int?, _ time: Date) -> Bool {
            guard let last = printed[learner] else { return true }
            return abs(time.timeIntervalSince(last)) >= ProgressReporter.secondsBetweenLines
        }
    }

    /// Log lines that only say how far something is are this far apart, at least.
    private static let secondsBetweenLines = 4.5

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
        state.withLock { state in
            guard isLive else {
                guard event.isMilestone || state.mayPrint(event.learner, time) else { return }
                state.printed[event.learner] = time
                let message = format == .text || event.message.isEmpty ? ProgressText.line(event) : event.message
                let fields = format == .json ? ProgressText.fields(event) : [:]
                return console.print(LogLine(time: time, rank: rank, message: message, fields: fields).formatted(format))
            }
            if let index = state.current.firstIndex(where: { $0.learner == event.learner }) {
                state.current[index] = event.following(state.current[index])
            } else {
                state.current.append(event)
            }
            redraw(state)
        }
    }

    /// What this process is at; nil: nothing that would be worth a line.
    public func report(own progress: ProgressReport?, rank: Int = 0, time: Date = Date()) {
        guard !quiet else { return }
        state.withLock { state in
            if isLive {
                state.own = progress
                return redraw(state)
            }
            guard let progress, state.mayPrint(nil, time) else { return }
            state.printed[nil] = time
            let fields = format == .json ? ProgressText.fields(progress) : [:]
            let line = LogLine(time: time, rank: rank, message: ProgressText.line(progress), fields: fields)
            console.print(line.formatted(format))
        }
    }

    /// A learner is done: its live line becomes an ordinary one.
    public func finish(learner: Int, message: String, rank: Int, time: Date = Date()) {
        guard !quiet else { return }
        let text = "seed \(learner) \(message)"
        state.withLock { state in
            state.current.removeAll { $0.learner == learner }
            guard isLive else {
                let fields: [String: JSONValue] = format == .json ? ["learner": .integer(learner)] : [:]
                return console.print(LogLine(time: time, rank: rank, message: text, fields: fields).formatted(format))
            }
            redraw(state)
            console.print(text)
        }
    }

    /// A line to be read once; shown above the live lines.
    public func note(_ message: String, rank: Int, time: Date = Date()) {
        if !quiet { show(message, "info", rank, time) }
    }

    /// A line that --quiet leaves: something may not be as the person thinks.
    public func warn(_ message: String, rank: Int, time: Date = Date()) { show(message, "warning", rank, time) }

    private func show(_ message: String, _ level: String, _ rank: Int, _ time: Date) {
        console.print(
            isLive ? message : LogLine(time: time, rank: rank, level: level, message: message).formatted(format))
    }

    /// Nothing more will be reported of learners; what is printed next goes below the live lines.
    public func close() {
        state.withLock { $0.current = [] }
        console.settle()
    }

    private func redraw(_ state: borrowing State) {
        let width = state.current.map { String($0.learner).count }.max() ?? 0
        let own = state.own.map { [ProgressText.line($0)] } ?? []
        console.show(state.current.map { ProgressText.live($0, learnerWidth: width) } + own)
    }
}

extension ProgressEvent {
    /// Says something that is worth a line of its own, and not only how far the work is.
    fileprivate var isMilestone: Bool {
        progress == nil && (loss != nil || epoch == nil || epoch == epochs)
    }

    /// The event with the epochs and the loss that were known before, as long as the module is the same.
    fileprivate func following(_ last: ProgressEvent) -> ProgressEvent {
        guard progress != nil, last.module == module else { return self }
        var event = self
        (event.epoch, event.epochs, event.loss, event.validation) = (last.epoch, last.epochs, last.loss, last.validation)
        return event
    }
}

extension ProgressScope {
    /// Runs this process's own work and shows how far it is.
    ///
    /// - Parameter section: what all of it is; nil: only its parts are shown.
    static func shown<Result>(
        _ section: String?, by reporter: ProgressReporter, _ body: () throws -> Result
    ) rethrows -> Result {
        try run(section: section, sink: { reporter.report(own: $0) }, body)
    }
}
