import Foundation
import Synchronization

/// Reports how far the work of a thread is, every two seconds, by a thread of its own: the work itself only counts, and may be
/// silent for as long as it likes within a kernel or another program.
///
/// Work finds it by the scope that it runs in, as a span of a tracer does, so that readers, searches and writers need no
/// argument for it:
///
///     try ProgressScope.run(section: "preparing", sink: show) {
///         try ProgressScope.stage("reading", of: lines.count, "documents") { stage in
///             for line in lines { …; stage.advance() }
///         }
///     }
///
/// Where nobody listens, counting does nothing.
public final class ProgressScope: Sendable {
    /// Whom work of this thread tells. A thread that is started within doesn't inherit it: give it the stage.
    @TaskLocal public static var current: ProgressScope?

    private let meter = Mutex(ProgressMeter())
    private let time = Stopwatch()
    private let stopping = WaitFlag(), stopped = WaitFlag()
    private static let tickSeconds = 0.5

    private init() {}

    /// Runs `body`, and reports how far it is.
    ///
    /// - Parameters:
    ///   - section: what all of it is; nil: only its stages and sections are reported.
    ///   - sink: called by another thread, never after this returns; nil: what was shown no longer holds.
    public static func run<Result>(
        section: String? = nil, sink: @escaping @Sendable (ProgressReport?) -> Void, _ body: () throws -> Result
    ) rethrows -> Result {
        let progress = ProgressScope()
        progress.start(sink)
        defer { progress.stop() }
        return try $current.withValue(progress) {
            guard let section else { return try body() }
            return try self.section(section, body)
        }
    }

    /// Runs `body` without reports: its stages would hide a better one around it.
    public static func hidden<Result>(_ body: () throws -> Result) rethrows -> Result {
        try $current.withValue(nil, operation: body)
    }

    /// A part of the run by its name.
    public static func section<Result>(_ name: String, _ body: () throws -> Result) rethrows -> Result {
        guard let progress = current else { return try body() }
        progress.meter.withLock { $0.begin(section: name, now: progress.time.seconds) }
        defer { progress.meter.withLock { $0.end() } }
        return try body()
    }

    /// A piece of work.
    ///
    /// - Parameters:
    ///   - total: units in all, where they are counted and known.
    ///   - unit: what is counted, in the plural; `ProgressReport.bytes` for bytes.
    ///   - body: is given the stage, to count in.
    public static func stage<Result>(
        _ what: @autoclosure () -> String, of total: Int? = nil, _ unit: String = "", body: (ProgressStage) throws -> Result
    ) rethrows -> Result {
        guard let progress = current else { return try body(.none) }
        let what = what()
        let place = progress.meter.withLock { meter in
            meter.begin(what, of: total, unit: unit, now: progress.time.seconds)
            return meter.depth - 1
        }
        defer { progress.meter.withLock { $0.end() } }
        return try body(ProgressStage(progress: progress, place: place))
    }

    fileprivate func count(_ change: (inout ProgressMeter) -> Void) { meter.withLock { change(&$0) } }

    private func start(_ sink: @escaping @Sendable (ProgressReport?) -> Void) {
        let thread = Thread { [self] in
            var isShown = false
            while !stopping.wait(seconds: Self.tickSeconds) {
                let (report, isIdle) = meter.withLock { ($0.report(now: time.seconds), $0.depth == 0) }
                if let report {
                    sink(report)
                    isShown = true
                } else if isShown, isIdle {
                    sink(nil)
                    isShown = false
                }
            }
            if isShown { sink(nil) }
            stopped.set()
        }
        thread.name = "progress"
        thread.start()
    }

    private func stop() {
        stopping.set()
        stopped.wait(seconds: nil)
    }
}

/// A piece of work in hand, to count in; by any thread, while it lasts.
public struct ProgressStage: Sendable {
    fileprivate let progress: ProgressScope?
    fileprivate let place: Int

    /// Counts for nobody.
    public static let none = ProgressStage(progress: nil, place: 0)

    /// So many units more are done.
    public func advance(by count: Int = 1) { progress?.count { $0.advance(place, by: count) } }

    /// So many units are done, all together.
    public func advance(to count: Int) { progress?.count { $0.advance(place, to: count) } }
}
