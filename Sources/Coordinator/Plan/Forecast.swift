import Config
import Datasets
import Formats
import Foundation
import Learners
import Support

/// What a learner of a data set of given size would need on some ranks: memory, messages and time, without the data.
///
/// Time is the learner's own sum of step costs, and of messages at a given bandwidth and latency; it leaves out reading, starting and what
/// ranks of one node take from each other's memory bandwidth.
public struct Forecast: Sendable {
    /// What lies between two ranks.
    public struct Interconnect: Sendable {
        /// Bytes a second between two ranks.
        public var bandwidth: Double
        /// Seconds a message.
        public var latency: Double

        public init(bandwidth: Double, latency: Double) {
            self.bandwidth = bandwidth
            self.latency = latency
        }
    }

    public struct Row: Sendable, Equatable {
        public var ranks: Int
        public var coordinatorBytes: Int
        public var workerBytes: Int
        /// Bytes that a worker receives in one step, on average over the learner's steps.
        public var bytesAStep: Double
        public var computeSeconds: Double
        public var messageSeconds: Double
        public var seconds: Double { computeSeconds + messageSeconds }
        /// What one worker alone would take, divided by what these take together.
        public var efficiency: Double
    }

    let framework: FrameworkName
    let config: Config
    let size: ProblemSize
    let costs: any LearnerCosts
    let interconnect: Interconnect
    let threads: Int
    /// nil: no documents are held out.
    let validation: PlannedValidation?

    /// - Parameters:
    ///   - size: of the whole data set, with what is held out of its training documents.
    ///   - rates: of the processor that is to train.
    ///   - heldOut: share of the training documents by which each epoch is measured (`--validation`); nil: none.
    public init(
        framework: FrameworkName, config: Config, size: ProblemSize, interconnect: Interconnect, threads: Int = 1,
        rates: StepCosts = StepCosts(), heldOut: Double? = nil
    ) {
        var size = size
        validation = heldOut.map { share in
            let documents = ValidationCut.count(share: share, of: size.trainDocuments)
            size.trainDocuments -= documents
            return PlannedValidation(documents: documents)
        }
        (self.framework, self.config, self.size) = (framework, config, size)
        (self.interconnect, self.threads) = (interconnect, threads)
        var rates = rates
        // Ranks that an interconnect lies between.
        rates.sharesMemory = false
        costs = framework.learner.costs(LearnerProblem(config: config, size: size), rates: rates)
    }

    /// One learner on `ranks` ranks, one of which coordinates where there are several.
    public func row(ranks: Int) -> Row {
        let m = max(ranks - 1, 1), labels = (size.labels + m - 1) / m
        let worker = costs.memory(WorkerShare(labels: labels, groupSize: m, threads: threads), validation: validation)
        let coordinator = MemoryEstimate.coordinator(
            atATime: 1, size: size, topK: config.global.topK, lists: costs.scoreLists, validation: validation)
        let traffic = m > 1 ? costs.traffic(groupSize: m) : .none, steps = costs.stages.reduce(0) { $0 + $1.steps }
        let computing = seconds(cores: Double(m * threads)), alone = seconds(cores: Double(threads))
        let messages = traffic.seconds(
            bandwidth: interconnect.bandwidth, latency: interconnect.latency, threads: threads)
        return Row(
            ranks: ranks, coordinatorBytes: coordinator.bytes, workerBytes: (ranks == 1 ? worker + coordinator : worker).bytes,
            bytesAStep: steps == 0 ? 0 : traffic.allBytes / Double(steps), computeSeconds: computing, messageSeconds: messages,
            efficiency: computing + messages > 0 ? alone / (computing + messages) / Double(m) : 1)
    }

    /// Of training, with validation.
    private func seconds(cores: Double) -> Double {
        costs.seconds(cores: cores) + (validation.map { costs.seconds(of: $0, cores: cores) } ?? 0)
    }
}

extension Forecast {
    /// A table, a line for each number of ranks.
    public func text(ranks: [Int]) -> String {
        let rows = ranks.map(row(ranks:))
        let table = TextTable(
            header: ["ranks", "coordinator", "worker", "received a step", "computing", "messages", "a learner", "efficiency"],
            rows: rows.map { row in
                [
                    "\(row.ranks)", row.ranks == 1 ? "-" : Quantity.bytes(row.coordinatorBytes), Quantity.bytes(row.workerBytes),
                    Quantity.bytes(Int(saturating: row.bytesAStep)), Quantity.seconds(row.computeSeconds),
                    Quantity.seconds(row.messageSeconds), Quantity.seconds(row.seconds),
                    "\(Int(saturating: (100 * row.efficiency).rounded())) %",
                ]
            })
        let heading =
            "\(framework), \(Quantity.count(size.trainDocuments)) training\(validationText) and"
            + " \(Quantity.count(size.testDocuments)) test documents, \(Quantity.count(size.tokens)) \(costs.featureNoun), \(Quantity.count(size.labels)) labels"
            + (costs.dimensions.map { ", \($0) dimensions" } ?? "")
        return "\(heading)\n\n\(table.text)"
    }

    private var validationText: String { validation.map { ", \(Quantity.count($0.documents)) validation" } ?? "" }
}

extension Forecast {
    /// The same as JSON; bytes, and seconds of one learner.
    public func json(ranks: [Int]) -> String {
        let rows = ranks.map(row(ranks:)).map { row in
            JSONValue.object([
                .init("ranks", .integer(row.ranks)), .init("coordinator_bytes", .integer(row.coordinatorBytes)),
                .init("worker_bytes", .integer(row.workerBytes)), .init("received_bytes_a_step", .finite(row.bytesAStep)),
                .init("compute_seconds", .finite(row.computeSeconds)), .init("message_seconds", .finite(row.messageSeconds)),
                .init("seconds", .finite(row.seconds)), .init("efficiency", .finite(row.efficiency)),
            ])
        }
        return JSONValue.object([
            .init("framework", .string(framework.rawValue)), .init("train_documents", .integer(size.trainDocuments)),
            .init("test_documents", .integer(size.testDocuments)),
            .init("validation_documents", .integer(validation?.documents ?? 0)), .init("features", .integer(size.tokens)),
            .init("labels", .integer(size.labels)), .init("threads", .integer(threads)), .init("ranks", .array(rows)),
        ]).indentedText
    }
}
