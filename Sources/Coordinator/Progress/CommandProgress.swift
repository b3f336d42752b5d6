import Support

/// How a command that runs in one process shows what it is at.
public struct CommandProgress: Sendable {
    private let section: String
    private let reporter: ProgressReporter

    /// - Parameters:
    ///   - section: what the command does: `preparing`.
    ///   - quiet: nothing is shown.
    public init(_ section: String, quiet: Bool = false, console: Console = .standardError) {
        self.section = section
        reporter = ProgressReporter(console: console, quiet: quiet)
    }

    /// Runs the command's work; what it shows is gone when this returns.
    public func shown<Result>(_ body: () throws -> Result) rethrows -> Result {
        try ProgressScope.shown(section, by: reporter, body)
    }

    /// A line of the log.
    public func note(_ line: String) { reporter.note(line, rank: 0) }
}
