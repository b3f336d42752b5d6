import Support

/// What choices are made by: a ranking metric at some rank (`P@1`), or the harmonic mean of several (`P@1+PSP@1`), in per cent.
public struct SelectionMetric: Sendable, Equatable, CustomStringConvertible {
    /// A metric at a rank.
    public struct Term: Sendable, Equatable {
        public var name: String
        /// 1 … 5.
        public var rank: Int
    }

    public static let names = ["P", "nDCG", "PSP", "PSnDCG", "R"]
    public static let standard = SelectionMetric(terms: [Term(name: "P", rank: 1)])
    public var terms: [Term]

    private init(terms: [Term]) { self.terms = terms }

    /// Whether A and B of the propensities change it.
    var weighsPropensities: Bool { terms.contains { $0.name.hasPrefix("PS") } }

    /// - Parameter flag: where it was typed, for messages.
    /// - Throws: `Failure(.usage)` where there is no such metric.
    public init(_ text: String, flag: String) throws {
        terms = try text.split(separator: "+", omittingEmptySubsequences: false).map { word in
            let parts = word.split(separator: "@", omittingEmptySubsequences: false).map(String.init)
            let name = Self.names.first { $0.lowercased() == parts.first?.lowercased() }
            guard parts.count == 2, let name, let rank = Int(parts[1]), (1...5).contains(rank) else {
                let all = Self.names.flatMap { name in (1...5).map { "\(name)@\($0)" } }
                throw Failure(
                    .usage, "unknown metric \"\(word)\"", at: flag, found: text,
                    expected: Self.names.map { "\($0)@1 … \($0)@5" }.joined(separator: ", ")
                        + ", or several for their harmonic mean: P@1+PSP@1",
                    advice: suggestion(for: String(word), among: all).map { "did you mean \($0)?" } ?? "")
            }
            return Term(name: name, rank: rank)
        }
    }

    public var description: String { terms.map { "\($0.name)@\($0.rank)" }.joined(separator: "+") }

    /// The harmonic mean of the terms' figures; 0 where one is 0.
    ///
    /// - Parameter figure: of a metric at 1 … 5.
    public func value(_ figure: (_ name: String) -> [Double]) -> Double {
        let figures = terms.map { figure($0.name)[$0.rank - 1] }
        if figures.count == 1 { return figures[0] }
        guard figures.allSatisfy({ $0 > 0 }) else { return 0 }
        return Double(figures.count) / figures.reduce(0) { $0 + 1 / $1 }
    }
}
