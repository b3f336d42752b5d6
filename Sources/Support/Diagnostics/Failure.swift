/// An error that a person can act on: what is wrong, where, what was found and expected, and what to do.
///
/// Printed once, by the rank that met it; its `code` becomes the exit code of the whole job.
public struct Failure: Error, Sendable, Equatable {
    /// Exit codes of the command (DESIGN.md §2).
    public enum Code: Int32, Sendable {
        /// Wrong use or bad input; nothing that was written before is touched.
        case usage = 2
        /// A checkpoint or result file is damaged and nothing whole stands behind it.
        case damagedCheckpoint = 3
        /// Memory, disk or another resource of the machine is used up.
        case outOfResources = 4
        /// Stopped by a signal after a checkpoint: the same command goes on from there.
        case interrupted = 75
    }

    public var code: Code
    /// One sentence that says what is wrong.
    public var problem: String
    /// `file`, `file:line`, a flag or a config key; empty where no place is known.
    public var place: String
    public var found: String
    public var expected: String
    /// What the person can do about it.
    public var advice: String

    public init(
        _ code: Code, _ problem: String, at place: String = "", found: String = "", expected: String = "", advice: String = ""
    ) {
        self.code = code
        self.problem = problem
        self.place = place
        self.found = found
        self.expected = expected
        self.advice = advice
    }
}

extension Failure: CustomStringConvertible {
    /// Several lines: `place: problem`, then `found`, `expected` and `what to do` where they are known.
    public var description: String {
        var lines = [place.isEmpty ? problem : "\(place): \(problem)"]
        if !found.isEmpty { lines.append("  found:      \(found)") }
        if !expected.isEmpty { lines.append("  expected:   \(expected)") }
        if !advice.isEmpty { lines.append("  what to do: \(advice)") }
        return lines.joined(separator: "\n")
    }
}
