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
    /// The only one of the seeds that is trained, where several were given and all learners would be the same.
    public var onlySeed: UInt64?

    public init(_ framework: FrameworkName, _ reason: Reason, onlySeed: UInt64? = nil) {
        (self.framework, self.reason, self.onlySeed) = (framework, reason, onlySeed)
    }

    /// What a run is expected to take, for `text`.
    public struct Time: Sendable, Equatable {
        /// Of one learner on all the cores.
        public var seconds: Double
        public var cores: Int

        public init(seconds: Double, cores: Int) { (self.seconds, self.cores) = (seconds, cores) }
    }

    /// One line for a person: what was chosen, why, and how to get the original's.
    ///
    /// - Parameter time: nil: nothing is said of it.
    public func text(labels: Int, time: Time?) -> String {
        let labels = Quantity.plural(labels, "label")
        var parts = [labels]
        if let time {
            parts.append("about \(Quantity.seconds(time.seconds)) a learner on \(Quantity.plural(time.cores, "core"))")
        }
        switch reason {
        case .ownConfig: parts.append("the data set's own config is for it")
        case .settings: parts.append("--set names its settings")
        case .oneVsAllIsFast: break
        case .oneVsAllIsSlow(let seconds):
            parts.append("one-vs-all would take about \(Quantity.seconds(seconds)) on two cores")
        case .noEmbeddings(let path): parts.append("there is no \(path) for one-vs-all to start from")
        }
        if let onlySeed { parts.append("seed \(onlySeed) only, since nothing is drawn at random") }
        return "framework \(framework): \(parts.joined(separator: ", ")); --framework DeepXML trains the original's"
    }
}
