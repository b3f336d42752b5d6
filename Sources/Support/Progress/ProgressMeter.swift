/// How far a piece of work is: what a line about it says.
public struct ProgressReport: Codable, Sendable, Equatable {
    /// The part of the run that the work belongs to: `shortlist`, `preparing`; nil: none.
    public var section: String?
    /// What is being done; empty where only the section is known.
    public var what: String
    /// Done so far, and in all; nil: not counted.
    public var done: Int?
    public var total: Int?
    /// What is counted: `documents`. `bytes` are written as MiB.
    public var unit: String
    /// Wall seconds since the work began.
    public var seconds: Double

    public init(section: String?, what: String, done: Int?, total: Int?, unit: String, seconds: Double) {
        (self.section, self.what, self.done, self.total) = (section, what, done, total)
        (self.unit, self.seconds) = (unit, seconds)
    }

    /// Units a second since the work began; nil where nothing is counted yet.
    public var rate: Double? {
        guard let done, done > 0, seconds > 0 else { return nil }
        return Double(done) / seconds
    }

    /// Seconds until all is done, at the rate so far; nil where that can't be known.
    public var secondsLeft: Double? {
        guard let rate, let done, let total, total > done else { return nil }
        return Double(total - done) / rate
    }

    /// `searching: 1,024 of 95,317 documents, 512/s, 3.1 min left`, without the section.
    public var text: String { what.isEmpty ? figures : "\(what): \(figures)" }

    private var figures: String {
        guard let done, done > 0 || total != nil else { return "\(Quantity.seconds(seconds)) so far" }
        let inAll = total.map { " of \(amount($0))" } ?? ""
        var parts = ["\(amount(done))\(inAll)" + (unit == Self.bytes ? "" : " \(unit)")]
        if let rate { parts.append("\(amount(Int(saturating: rate.rounded())))/s") }
        parts.append(secondsLeft.map { "\(Quantity.seconds($0)) left" } ?? "\(Quantity.seconds(seconds)) so far")
        return parts.joined(separator: ", ")
    }

    private func amount(_ count: Int) -> String { unit == Self.bytes ? Quantity.bytes(count) : Quantity.count(count) }

    public static let bytes = "bytes"
}

/// The pieces of work that one thread has begun, each within the one before, and when to say how far they are.
///
/// A value without a clock: whoever asks says what time it is.
public struct ProgressMeter: Sendable {
    private struct Stage: Sendable {
        var section: String?
        var what: String
        var total: Int?
        var unit: String
        var done: Int?
        var began: Double
    }

    /// Work that ends sooner is not reported, nor is any report made sooner after the last.
    public static let interval = 2.0

    private var stages: [Stage] = []
    private var reported = -Double.infinity

    public init() {}

    /// How many pieces of work are in hand.
    public var depth: Int { stages.count }

    /// Begins a part of the run; what is begun within it belongs to it.
    public mutating func begin(section: String, now: Double) {
        stages.append(Stage(section: section, what: "", unit: "", began: now))
    }

    /// Begins a piece of work.
    ///
    /// - Parameters:
    ///   - total: units in all; nil: not known.
    ///   - unit: what is counted, if anything is: `documents`.
    ///   - now: seconds of any clock that runs on.
    public mutating func begin(_ what: String, of total: Int?, unit: String, now: Double) {
        stages.append(
            Stage(
                section: stages.last?.section, what: what, total: total, unit: unit, done: total == nil ? nil : 0, began: now))
    }

    /// So many units more of the piece of work at `place` (of `depth` when it had begun, less one) are done.
    public mutating func advance(_ place: Int, by count: Int) {
        guard stages.indices.contains(place) else { return }
        stages[place].done = (stages[place].done ?? 0) + count
    }

    /// So many units of it are done, all together.
    public mutating func advance(_ place: Int, to count: Int) {
        guard stages.indices.contains(place) else { return }
        stages[place].done = count
    }

    /// The piece of work begun last has ended.
    public mutating func end() { _ = stages.popLast() }

    /// What is to be said now: of the innermost piece of work that has lasted `interval`; nil: nothing yet, or nothing again.
    public mutating func report(now: Double) -> ProgressReport? {
        guard now - reported >= Self.interval, let stage = stages.last(where: { now - $0.began >= Self.interval }) else {
            return nil
        }
        reported = now
        return ProgressReport(
            section: stage.section, what: stage.what, done: stage.done, total: stage.total, unit: stage.unit,
            seconds: now - stage.began)
    }
}
