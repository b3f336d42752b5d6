import Config
import Foundation
import Support
import Training

/// What a learner of a data set of given size would need on some ranks: memory, messages and time, without the data.
///
/// Time is a sum of step costs and of messages at a given bandwidth and latency; it leaves out reading, starting and what
/// ranks of one node take from each other's memory bandwidth.
public struct Forecast: Sendable {
    public struct Network: Sendable {
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
    }

    let framework: Framework
    let config: Config
    let size: ProblemSize
    let costs: StepCosts
    let network: Network
    let threads: Int

    public init(
        framework: Framework, config: Config, size: ProblemSize, network: Network, threads: Int = 1,
        costs: StepCosts = StepCosts()
    ) {
        (self.framework, self.config, self.size) = (framework, config, size)
        (self.network, self.threads, self.costs) = (network, threads, costs)
    }

    /// One learner on `ranks` ranks, one of which coordinates where there are several.
    public func row(ranks: Int) -> Row {
        let m = max(ranks - 1, 1), labels = (size.labels + m - 1) / m
        let modules = TrainedModules(framework: framework, config: config)
        let worker = WorkerMemory(
            labels: labels, groupSize: m, threads: threads, size: size, modules: modules, encoder: nil
        ).estimate
        let coordinator = MemoryEstimate.coordinator(learners: 1, atATime: 1, size: size, config: config, framework: framework)
        let (bytes, messages) = communication(workers: m)
        return Row(
            ranks: ranks, coordinatorBytes: coordinator.bytes, workerBytes: (ranks == 1 ? worker + coordinator : worker).bytes,
            bytesAStep: steps == 0 ? 0 : bytes / Double(steps), computeSeconds: compute(workers: Double(m * threads)),
            messageSeconds: bytes / network.bandwidth + messages * network.latency)
    }

    /// Epochs of each module with steps, with its batch size.
    private var modules: [(epochs: Int, batch: Int)] {
        TrainedModules(framework: framework, config: config).sections.map { ($0.config.numEpochs, $0.config.batchSize) }
    }

    private func steps(_ module: (epochs: Int, batch: Int)) -> Int {
        module.epochs * ((size.trainDocuments + module.batch - 1) / max(module.batch, 1))
    }

    private var steps: Int { modules.reduce(0) { $0 + steps($1) } }

    /// Bytes that a worker receives, and the messages it waits for one after the other: an allgather of B×D and a reduction
    /// of its gradient a step, each in as many messages as there are peers, sent at once.
    private func communication(workers m: Int) -> (bytes: Double, messages: Double) {
        guard m > 1 else { return (0, 0) }
        let others = Double(m - 1) / Double(m)
        let bytes = modules.reduce(0.0) { sum, module in
            sum + Double(steps(module)) * 2 * others * 4 * Double(module.batch * size.dimensions)
        }
        return (bytes, 5 * Double(steps))
    }

    private func compute(workers m: Double) -> Double {
        let N = size.trainDocuments, D = size.dimensions, e = config.extreme, pairs = e.numNbrs + 150
        func shortlists(_ section: ModuleConfig, pairs: Int, freezes: Bool) -> Double {
            Double(section.numEpochs)
                * costs.shortlistEpoch(
                    documents: N, labels: size.labels, pairs: pairs, dims: D, batch: section.batchSize, freezes: freezes,
                    workers: m)
        }
        func oneVsAll(_ section: ModuleConfig, _ labels: Int) -> Double {
            Double(section.numEpochs) * costs.oneVsAllEpoch(documents: N, labels: labels, dims: D, workers: m)
        }
        let reranker =
            config.usesReranker(framework) ? shortlists(config.reranker, pairs: config.reranker.numNbrs, freezes: false) : 0
        switch framework {
        case .ova: return oneVsAll(e, size.labels) + reranker
        case .anns:
            let searches = e.freezeIntermediate ? 1 : 2 + (e.updateShortlist ? (e.numEpochs - 1) / e.retrainHnswAfter : 0)
            return Double(searches) * costs.search(size, e, workers: m)
                + shortlists(e, pairs: pairs, freezes: e.freezeIntermediate)
                + reranker
        case .deepXML:
            let clusters = min(config.global.surrogateThreshold, size.labels)
            return oneVsAll(config.surrogate, clusters) + costs.search(size, e, workers: m)
                + shortlists(e, pairs: pairs, freezes: e.freezeIntermediate) + reranker
        }
    }
}

extension Forecast {
    /// A table, a line for each number of ranks.
    public func text(ranks: [Int]) -> String {
        let rows = ranks.map(row(ranks:))
        let table = TextTable(
            header: ["ranks", "coordinator", "worker", "received a step", "computing", "messages", "a learner"],
            rows: rows.map { row in
                [
                    "\(row.ranks)", row.ranks == 1 ? "-" : Quantity.bytes(row.coordinatorBytes), Quantity.bytes(row.workerBytes),
                    Quantity.bytes(Int(row.bytesAStep)), Quantity.seconds(row.computeSeconds),
                    Quantity.seconds(row.messageSeconds), Quantity.seconds(row.seconds),
                ]
            })
        let heading =
            "\(framework.rawValue), \(Quantity.count(size.trainDocuments)) training and \(Quantity.count(size.testDocuments)) test"
            + " documents, \(Quantity.count(size.tokens)) tokens, \(Quantity.count(size.labels)) labels,"
            + " \(size.dimensions) dimensions"
        return "\(heading)\n\n\(table.text)"
    }
}
