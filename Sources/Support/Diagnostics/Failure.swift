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

extension Failure {
    /// An error in one line, for a place where others stand beside it.
    package static func short(_ error: any Error) -> String {
        guard let failure = error as? Failure else { return "\(error)" }
        return failure.found.isEmpty ? failure.problem : "\(failure.problem) (\(failure.found))"
    }
}

/// The candidate nearest to `word` by edit distance, where it is near enough to be a likely misspelling.
///
/// - Returns: the candidate with at most ⌈|word|/3⌉ edits (never fewer than 1), or nil.
public func suggestion(for word: String, among candidates: some Sequence<String>) -> String? {
    let limit = max(1, (word.count + 2) / 3)
    // A distance is never below the difference of lengths: a page of text is compared with nothing.
    let ranked = candidates.filter { abs($0.count - word.count) <= limit }.map {
        ($0, editDistance(word.lowercased(), $0.lowercased()))
    }
    guard let best = ranked.min(by: { ($0.1, $0.0) < ($1.1, $1.0) }), best.1 <= limit else { return nil }
    return best.0
}

/// Damerau–Levenshtein distance with adjacent transpositions (optimal string alignment).
func editDistance(_ a: String, _ b: String) -> Int {
    // A character of ASCII is a byte, but for the two of a line's end; bytes are compared far sooner.
    let isPlain = [a, b].allSatisfy { $0.utf8.allSatisfy { $0 < 0x80 && $0 != 0x0D } }
    return isPlain ? editDistance(Array(a.utf8), Array(b.utf8)) : editDistance(Array(a), Array(b))
}

private func editDistance<Character: Equatable>(_ a: [Character], _ b: [Character]) -> Int {
    if a.isEmpty || b.isEmpty { return max(a.count, b.count) }
    var before = Array(0...b.count), last = before, row = before
    for i in 1...a.count {
        row[0] = i
        for j in 1...b.count {
            let cost = a[i - 1] == b[j - 1] ? 0 : 1
            var best = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + cost)
            if i > 1, j > 1, a[i - 1] == b[j - 2], a[i - 2] == b[j - 1] { best = min(best, before[j - 2] + 1) }
            row[j] = best
        }
        (before, last, row) = (last, row, before)
    }
    return last[b.count]
}
