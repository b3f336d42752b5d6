/// What a group tells the coordinator while it trains a learner.
public struct ProgressEvent: Codable, Sendable, Equatable {
    /// The learner's seed.
    public var learner: Int
    /// `surrogate`, `shortlist`, `extreme`, `reranker` or `predict`.
    public var module: String
    /// Epochs done, of `epochs`; nil for a stage without epochs.
    public var epoch: Int?
    public var epochs: Int?
    /// Mean loss since the last event.
    public var loss: Double?
    public var docsPerSecond: Double?
    /// Seconds left of the module.
    public var etaSeconds: Double?
    /// A line for the person; empty where the figures say all.
    public var message: String

    public init(
        learner: Int, module: String, epoch: Int? = nil, epochs: Int? = nil, loss: Double? = nil,
        docsPerSecond: Double? = nil, etaSeconds: Double? = nil, message: String = ""
    ) {
        self.learner = learner
        self.module = module
        self.epoch = epoch
        self.epochs = epochs
        self.loss = loss
        self.docsPerSecond = docsPerSecond
        self.etaSeconds = etaSeconds
        self.message = message
    }
}
