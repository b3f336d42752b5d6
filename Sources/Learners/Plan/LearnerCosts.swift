import Config
import Support
import Training

/// What a learner's costs follow from.
package struct LearnerProblem: Sendable, Equatable {
    package var config: Config
    package var size: ProblemSize
    /// Of an encoder that is a stack of layers; nil: another, or none.
    package var encoder: EncoderSize?
    /// nil: the data aren't there, or nothing was counted on them.
    package var counts: DataCounts?

    package init(config: Config, size: ProblemSize, encoder: EncoderSize? = nil, counts: DataCounts? = nil) {
        self.config = config
        self.size = size
        self.encoder = encoder
        self.counts = counts
    }
}

/// A worker's part of a learner.
package struct WorkerShare: Sendable {
    /// Of its own.
    package var labels: Int
    /// Workers of its group.
    package var groupSize: Int
    package var threads: Int

    package init(labels: Int, groupSize: Int, threads: Int) {
        self.labels = labels
        self.groupSize = groupSize
        self.threads = threads
    }

    /// A worker's part of what all L labels have: labels are cut so that each worker's cost about as much (`LabelShards`), whatever
    /// their number; where there are fewer shards than workers, some have none.
    func part(of all: Int, labels count: Int) -> Int {
        if labels == 0 { return 0 }
        // The product may be larger than a number; what is divided is not.
        let own = max(1, count, labels).dividingFullWidth(all.multipliedFullWidth(by: labels)).quotient
        return max((all + groupSize - 1) / groupSize, own)
    }
}

/// What a learner needs: what `--dry-run` says of it, and what `plan` sums. A value of a framework's making.
package protocol LearnerCosts: Sendable {
    var problem: LearnerProblem { get }
    /// What is trained and searched, in order.
    var stages: [PlannedStage] { get }
    /// Workers of a group, at least.
    var leastWorkers: Int { get }
    /// What features are called: tokens, where an encoder has a vector of each.
    var featureNoun: String { get }
    /// Numbers of the vector that a document becomes; nil: its features are all there is.
    var dimensions: Int? { get }
    /// What a worker has beside its labels, of a group of so many: `100 columns of the embeddings`; nil: nothing.
    func held(groupSize: Int) -> String?
    /// Bytes of files that the ranks of a node map together, beside the data set.
    var mappedBytes: Int { get }
    /// Memory of a worker, the program's own apart (`MemoryEstimate.program`). Parts of nothing may be left in.
    func worker(_ share: WorkerShare) -> [MemoryEstimate.Part]
    /// Lists of scores that the coordinator keeps of a test document.
    var scoreLists: ScoreLists { get }
    /// What the workers of a group send each other in a step, each with its bytes over all of them; empty: training needs no
    /// message.
    func messages(groupSize: Int) -> [PlannedMessage]
    /// Seconds of computing, on so many cores together, of each thing that is done, in order; the prediction of the test documents is
    /// the last.
    func stageSeconds(cores: Double) -> [StageSeconds]
    /// Seconds of computing that validation takes, on so many cores together.
    func seconds(of validation: PlannedValidation, cores: Double) -> Double
    /// Memory of a worker that validation takes beside that of training, each part by a name that `worker` has not.
    func worker(_ validation: PlannedValidation, _ share: WorkerShare) -> [MemoryEstimate.Part]
    /// What a worker waits for over the whole training, in a group of two or more.
    func traffic(groupSize: Int) -> Traffic
}

/// A module in a plan.
package struct PlannedStage: Sendable, Equatable {
    package var name: String
    /// nil: it has none, such as a search.
    package var epochs: Int?
    /// Of all epochs together.
    package var steps: Int

    package init(_ name: String, epochs: Int? = nil, steps: Int = 0) {
        self.name = name
        self.epochs = epochs
        self.steps = steps
    }
}

/// About how long a part of training lasts.
package struct StageSeconds: Sendable, Equatable {
    package var name: String
    package var seconds: Double

    package init(_ name: String, _ seconds: Double) {
        self.name = name
        self.seconds = seconds
    }
}

/// Which lists of scores a learner has: its first stage's scores always.
package struct ScoreLists: Sendable, Equatable {
    /// Similarities of a shortlist, or other scores to weigh the first stage's against.
    package var hasPriors: Bool
    package var hasReranker: Bool

    package init(hasPriors: Bool = false, hasReranker: Bool = false) {
        self.hasPriors = hasPriors
        self.hasReranker = hasReranker
    }
}

package struct PlannedMessage: Sendable, Equatable {
    package var what: String
    package var bytes: Int

    package init(_ what: String, bytes: Int) {
        self.what = what
        self.bytes = bytes
    }
}

/// Bytes that a worker receives, and messages that it waits for one after the other.
package struct Traffic: Sendable, Equatable {
    /// Bytes that arrive while a worker computes what does not need them, of so many steps alike.
    package struct Covered: Sendable, Equatable {
        package var steps: Double
        /// Of a step: bytes, and seconds of computing on one core a worker.
        package var bytes: Double, seconds: Double

        package init(steps: Double, bytes: Double, seconds: Double) {
            self.steps = steps
            self.bytes = bytes
            self.seconds = seconds
        }
    }

    /// Of those that it waits for.
    package var bytes: Double
    package var messages: Double
    package var covered: [Covered]
    package static let none = Traffic(bytes: 0, messages: 0)

    package init(bytes: Double, messages: Double, covered: [Covered] = []) {
        self.bytes = bytes
        self.messages = messages
        self.covered = covered
    }

    package var allBytes: Double { covered.reduce(bytes) { $0 + $1.steps * $1.bytes } }

    /// Seconds that a worker of so many threads waits.
    ///
    /// - Parameters:
    ///   - bandwidth: bytes a second.
    ///   - latency: seconds a message.
    package func seconds(bandwidth: Double, latency: Double, threads: Int) -> Double {
        covered.reduce(bytes / bandwidth + messages * latency) { sum, part in
            sum + part.steps * max(0, part.bytes / bandwidth - part.seconds / Double(threads))
        }
    }
}

extension LearnerCosts {
    package var leastWorkers: Int { 1 }

    /// Seconds of computing, on so many cores together.
    package func seconds(cores: Double) -> Double { stageSeconds(cores: cores).reduce(0) { $0 + $1.seconds } }

    package var featureNoun: String { "features" }
    package var dimensions: Int? { nil }
    package var mappedBytes: Int { 0 }
    package func held(groupSize: Int) -> String? { nil }
    package func messages(groupSize: Int) -> [PlannedMessage] { [] }
    package func traffic(groupSize: Int) -> Traffic { .none }

    /// Memory of a worker, by part.
    package func memory(_ share: WorkerShare, validation: PlannedValidation? = nil) -> MemoryEstimate {
        let parts = worker(share) + (validation.map { worker($0, share) } ?? []) + [MemoryEstimate.program]
        return MemoryEstimate(parts: parts.filter { $0.bytes > 0 })
    }
}
