import Foundation
import Messages
import Support

/// Something that came to pass in training: a line of `events.jsonl`, of `--events`, and of `watch --json`.
public struct TrainingEvent: Codable, Sendable, Equatable {
    public enum Kind: String, Codable, Sendable {
        /// A group takes up a learner: for the first time, or again.
        case start, resume
        /// An epoch is done; a part of a module without epochs.
        case epoch, part
        /// A rank has done its share of a learner, or was stopped on the way: what it cost since it took it up.
        case rank
        /// The learner is trained and measured.
        case learner
        /// The job ends, or this learner's part of it, with an exit code.
        case end
    }

    public var event: Kind
    /// UTC, ISO 8601, with milliseconds.
    public var time: String
    /// World rank that it comes from.
    public var rank: Int
    /// Its seed.
    public var learner: Int
    public var module: String?
    public var epoch: Int?
    public var epochs: Int?
    public var step: Int?
    public var documents: Int?
    public var loss: Double?
    public var learningRate: Double?
    public var docsPerSecond: Double?
    public var seconds: Double?
    public var waitedSeconds: Double?
    public var residentMiB: Double?
    public var validation: [String: Double]?
    public var message: String?

    // Of `start` and `resume`.
    /// World ranks of the group.
    public var workers: [Int]?
    /// What each world rank of the job was planned to need, without the data that ranks of a node share.
    public var plannedMiB: [Double]?
    /// The shared data.
    public var mappedMiB: Double?
    /// As `--dry-run` prints it.
    public var plan: String?

    // Of `rank`.
    /// Wall seconds of each module, and those of them in which the rank waited for messages.
    public var moduleSeconds: [String: Double]?
    public var moduleWaited: [String: Double]?
    public var peakMiB: Double?

    // Of `learner`.
    /// P, nDCG, PSP at 1 … 5, in per cent.
    public var metrics: [String: [Double]]?

    // Of `end`.
    public var code: Int?

    public init(_ event: Kind, learner: Int, rank: Int = 0, time: Date = Date()) {
        (self.event, self.learner, self.rank) = (event, learner, rank)
        self.time = UTCTime.text(time)
    }

    enum CodingKeys: String, CodingKey {
        case event, time, rank, learner, module, epoch, epochs, step, documents, loss, seconds, validation, message, workers,
            plan,
            metrics, code
        case learningRate = "learning_rate"
        case docsPerSecond = "docs_per_second"
        case waitedSeconds = "waited_seconds"
        case residentMiB = "resident_mib"
        case plannedMiB = "planned_mib"
        case mappedMiB = "mapped_mib"
        case moduleSeconds = "module_seconds"
        case moduleWaited = "module_waited"
        case peakMiB = "peak_mib"
    }
}

extension TrainingEvent {
    /// What a group reports of a learner that it trains.
    public init(_ progress: ProgressEvent, rank: Int, time: Date = Date()) {
        self.init(progress.loss == nil ? .part : .epoch, learner: progress.learner, rank: rank, time: time)
        module = progress.module
        (epoch, epochs, step, documents) = (progress.epoch, progress.epochs, progress.step, progress.documents)
        loss = progress.loss?.finite
        learningRate = progress.learningRate?.finite
        docsPerSecond = progress.docsPerSecond?.finite?.rounded(digits: 2)
        seconds = progress.seconds?.finite?.rounded(digits: 4)
        waitedSeconds = progress.waitedSeconds?.finite?.rounded(digits: 4)
        residentMiB = progress.residentMiB?.finite?.rounded(digits: 1)
        validation = progress.validation?.compactMapValues(\.finite)
        message = progress.message.isEmpty ? nil : progress.message
    }

    /// What a rank did for a learner.
    public init(_ summary: LearnerSummary, rank: Int, time: Date = Date()) {
        self.init(.rank, learner: Int(truncatingIfNeeded: summary.seed), rank: rank, time: time)
        moduleSeconds = summary.seconds.mapValues { $0.rounded(digits: 3) }
        moduleWaited = summary.waited.mapValues { $0.rounded(digits: 3) }
        peakMiB = summary.peakRSSMiB.rounded(digits: 1)
    }
}

extension TrainingEvent {
    /// A JSON object on one line, keys sorted; what is not known is left out.
    public var line: String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        // All numbers are finite, and nothing else can fail.
        return (try? encoder.encode(self)).map { String(decoding: $0, as: UTF8.self) } ?? "{}"
    }

    /// nil where the line is no event: the end of a file that a killed process left, or another program's line.
    public init?(line: some StringProtocol) {
        guard let event = try? JSONDecoder().decode(TrainingEvent.self, from: Data(line.utf8)) else { return nil }
        self = event
    }

    /// The time as seconds since 1970; nil where it is none.
    public var seconds1970: Double? { UTCTime.date(time)?.timeIntervalSince1970 }
}

/// Times of events.
public enum UTCTime {
    /// `2026-11-30T06:50:13.123Z`.
    public static func text(_ date: Date) -> String {
        date.formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))
    }

    public static func date(_ text: String) -> Date? {
        try? Date(text, strategy: Date.ISO8601FormatStyle(includingFractionalSeconds: true))
    }
}

extension Double {
    /// The number, where it is one.
    var finite: Double? { isFinite ? self : nil }
}
