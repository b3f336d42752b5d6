import Support

/// The framework of a run for which none was named, and why it is the one.
public struct FrameworkChoice: Sendable, Equatable {
    public enum Reason: Sendable, Equatable {
        /// The data set has a config of it.
        case ownConfig
        /// `--set` names settings that are its own.
        case settings
        /// One-vs-all is trained in reasonable time.
        case oneVsAllIsFast
        /// It is not: on two cores a learner would take so many seconds.
        case oneVsAllIsSlow(seconds: Double)
        /// One-vs-all would start from this file of embeddings, which isn't there.
        case noEmbeddings(path: String)
    }

    public var framework: FrameworkName
    public var reason: Reason
    /// What DiSMEC would take on two cores, where that was too long as well.
    public var linearSeconds: Double?
    /// The only one of the seeds that is trained, where several were given and all learners would be the same.
    public var onlySeed: UInt64?

    public init(_ framework: FrameworkName, _ reason: Reason, linearSeconds: Double? = nil, onlySeed: UInt64? = nil) {
        (self.framework, self.reason, self.linearSeconds, self.onlySeed) = (framework, reason, linearSeconds, onlySeed)
    }

    /// One line for a person: what was chosen, why, and how to get the original's.
    ///
    /// - Parameter time: what a learner takes, and on what; nil: nothing is said of it.
    public func text(labels: Int, time: String?) -> String {
        let labels = Quantity.plural(labels, "label")
        var parts = [labels] + (time.map { [$0] } ?? [])
        switch reason {
        case .ownConfig: parts.append("the data set's own config is for it")
        case .settings: parts.append("--set names its settings")
        case .oneVsAllIsFast: break
        case .oneVsAllIsSlow(let seconds):
            parts.append("one-vs-all would take about \(Quantity.seconds(seconds)) on two cores")
        case .noEmbeddings(let path): parts.append("there is no \(path) for one-vs-all to start from")
        }
        if let linearSeconds { parts.append("DiSMEC would take about \(Quantity.seconds(linearSeconds)) on two cores") }
        if let onlySeed { parts.append("seed \(onlySeed) only, since nothing is drawn at random") }
        return "framework \(framework): \(parts.joined(separator: ", ")); --framework DeepXML trains the original's"
    }
}
