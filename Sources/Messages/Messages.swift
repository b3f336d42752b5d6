import Foundation
import Support
import Transport

/// What the coordinator tells the leader of a group.
public enum Command: Codable, Sendable, Equatable {
    case train(seed: UInt64)
    /// Write a checkpoint and end: some rank was asked to stop.
    case stop
    /// No seed is left.
    case finish
}

/// What a worker did for one learner.
public struct LearnerSummary: Codable, Sendable, Equatable {
    public var seed: UInt64
    public var rank: Int
    /// Wall seconds a module: `surrogate`, `shortlist`, `extreme`, `reranker`, `predict`.
    public var seconds: [String: Double]
    /// Of these, seconds in which the rank waited for messages.
    public var waited: [String: Double]
    /// The largest resident set of the rank so far.
    public var peakRSSMiB: Double
    /// Seconds in which the rank waited for messages while it trained this learner.
    public var commSeconds: Double
    /// What validation documents decided; nil: nothing.
    public var validation: LearnerValidation?

    public init(
        seed: UInt64, rank: Int, seconds: [String: Double], waited: [String: Double] = [:], peakRSSMiB: Double,
        commSeconds: Double, validation: LearnerValidation? = nil
    ) {
        self.seed = seed
        self.rank = rank
        self.seconds = seconds
        self.waited = waited
        self.peakRSSMiB = peakRSSMiB
        self.commSeconds = commSeconds
        self.validation = validation
    }
}

/// An error of one rank, as another prints it.
public struct RankFailure: Error, Codable, Sendable, Equatable, CustomStringConvertible {
    public var rank: Int
    public var host: String
    public var text: String
    /// The job's exit code.
    public var code: Int32

    public init(_ error: any Error, rank: Int, host: String) {
        self.rank = rank
        self.host = host
        text = "\(error)"
        code = (error as? RankFailure)?.code ?? (error as? Failure)?.code.rawValue ?? Failure.Code.outOfResources.rawValue
    }

    public var description: String { rank == 0 ? text : "rank \(rank) on \(host): \(text)" }
}

/// What a worker tells the coordinator, scores apart.
public enum Report: Codable, Sendable, Equatable {
    /// The group is free (sent by its leader).
    case ready(group: Int)
    case progress(ProgressEvent)
    /// The process lives (sent by a thread of its own, while the main one computes).
    case heartbeat
    /// A method that was chosen: a line for the log.
    case notice(String)
    /// Damage that was found and passed over: a line that --quiet leaves.
    case warning(String)
    case done(LearnerSummary)
    /// What a worker did for a learner before it was stopped; `interrupted` follows.
    case paused(LearnerSummary)
    /// A checkpoint was written, and this worker ends.
    case interrupted(rank: Int, seed: UInt64?)
    /// This worker can't go on, and waits for the coordinator to end the job.
    case failed(RankFailure)
}

/// Tags of the messages between coordinator and workers.
public enum MessageTag {
    public static let command = 1
    /// Reports and scores share a tag, so that a worker's `done` comes after all its scores.
    public static let report = 2
    /// Of the coordinator, who says its host; a worker's is a report.
    public static let heartbeat = 3
    /// Between the workers of a group: one is done with its part, or was asked to stop (`StopLookout`).
    public static let peer = 4
    /// Of the coordinator: a block of scores of this worker's group is stored, and one more may be sent.
    package static let stored = 5
}

/// A report, or scores of a block of documents, as it travels.
public enum WorkerMessage {
    case report(Report)
    case scores(ScoreBlock)

    public func encoded() throws -> [UInt8] {
        switch self {
        case .report(let report): [0] + (try JSONEncoder().encode(report))
        case .scores(let block): [1] + block.encoded()
        }
    }

    public init(decoding bytes: [UInt8]) throws {
        if bytes.first == 1 {
            self = .scores(ScoreBlock(decoding: bytes.dropFirst()))
        } else {
            self = .report(try JSONDecoder().decode(Report.self, from: Data(bytes.dropFirst())))
        }
    }
}

extension Communicator {
    public func report(_ report: Report) throws {
        try post(WorkerMessage.report(report).encoded(), to: 0, tag: MessageTag.report)
    }
}

/// What the coordinator tells every rank once the plan stands; or that the run ends here, with an exit code.
package struct Assignment: Codable, Sendable {
    /// nil: go on.
    package var exitCode: Int32?
    /// World ranks of each group.
    package var groups: [[Int]] = []
    /// Threads of each world rank.
    package var threads: [Int] = []
    /// What each world rank computes on; ranks without an entry: the CPU.
    package var devices: [Int: ChosenDevice] = [:]
    /// The mapped data set.
    package var cacheFile = ""
    /// Files of V×D token embeddings, by their name in the config.
    package var embeddings: [String: String] = [:]
    /// Content of those files.
    package var embeddingsFingerprint = ""

    package init(
        exitCode: Int32? = nil, groups: [[Int]] = [], threads: [Int] = [], devices: [Int: ChosenDevice] = [:],
        cacheFile: String = "",
        embeddings: [String: String] = [:], embeddingsFingerprint: String = ""
    ) {
        self.exitCode = exitCode
        self.groups = groups
        self.threads = threads
        self.devices = devices
        self.cacheFile = cacheFile
        self.embeddings = embeddings
        self.embeddingsFingerprint = embeddingsFingerprint
    }

    package func group(of rank: Int) -> Int? { groups.firstIndex { $0.contains(rank) } }
}

/// What a group tells the coordinator while it trains a learner.
public struct ProgressEvent: Codable, Sendable, Equatable {
    /// The learner's seed.
    public var learner: Int
    /// `surrogate`, `shortlist`, `extreme`, `reranker` or `predict`.
    public var module: String
    /// Epochs done, of `epochs`; nil for a stage without epochs.
    public var epoch: Int?
    public var epochs: Int?
    /// Steps of the module done, those of earlier runs included.
    public var step: Int?
    /// Documents that the loss is the mean of.
    public var documents: Int?
    /// Mean loss since the last event.
    public var loss: Double?
    /// Of the last step.
    public var learningRate: Double?
    /// Wall seconds since the last event, and those of them in which the leader waited for messages.
    public var seconds: Double?
    public var waitedSeconds: Double?
    /// Resident set of the group's leader.
    public var residentMiB: Double?
    /// Metrics of validation documents, where there are some.
    public var validation: [String: Double]?
    public var docsPerSecond: Double?
    /// Seconds left of the module.
    public var etaSeconds: Double?
    /// A line for the person; empty where the figures say all.
    public var message: String
    /// How far a piece of work within the module is; nil: the event says something that has come to pass.
    public var progress: ProgressReport?

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

    /// How far a learner's work is.
    public init(learner: Int, _ progress: ProgressReport) {
        self.init(learner: learner, module: progress.section ?? "learner", message: progress.text)
        self.progress = progress
    }
}
