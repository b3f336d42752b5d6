import Config
import Learners
import Messages
import Reports
import Support
import Training

/// Who does what: seeds → groups → label shards, with threads and memory of each rank (DESIGN.md §2). A value: making
/// one starts nothing.
public struct RunPlan: Sendable, Equatable {
    /// Workers that train one learner together: neighbouring world ranks.
    public struct Group: Sendable, Equatable {
        public var index: Int
        public var workers: [Int]
    }

    public let worldSize: Int
    /// Seeds to train, in the order in which groups take them.
    public let queue: [Int]
    public let groups: [Group]
    public let size: ProblemSize
    public let config: Config
    public let framework: FrameworkName
    /// nil: Astec's, or none.
    public let encoder: EncoderSize?
    public let shards: LabelShards
    public let nodes: [NodeResources]
    /// Threads of each world rank; 0 for one that doesn't compute.
    public let threads: [Int]
    /// By which times are estimated: as in docs/PERFORMANCE.md, or as measured here.
    public var rates = StepCosts()
    /// What was counted on the data, for memory; nil: nothing was.
    package var counts: DataCounts?
    /// nil: the run has none.
    package var validation: PlannedValidation?
    /// What each worker computes on, by rank; empty: CPUs.
    package var devices: [Int: ChosenDevice] = [:]

    /// - Parameters:
    ///   - seeds: the learners that are still to train; finished ones left out.
    ///   - positives: training documents of each of the L labels.
    ///   - threads: `--threads`; nil: the node's cores divided among its workers.
    ///   - nodes: all nodes; their ranks together are 0 ..< worldSize.
    public init(
        worldSize: Int, seeds: [Int], size: ProblemSize, config: Config, framework: FrameworkName = .deepXML,
        encoder: EncoderSize? = nil, positives: [Int], threads: Int? = nil, nodes: [NodeResources]
    ) {
        precondition(worldSize >= 1 && positives.count == size.labels)
        precondition(nodes.flatMap(\.ranks).sorted() == Array(0..<worldSize))
        self.worldSize = worldSize
        self.queue = seeds
        self.size = size
        self.config = config
        self.framework = framework
        self.encoder = encoder
        self.nodes = nodes
        shards = LabelShards.cut(positives: positives)
        let costs = framework.learner.costs(
            LearnerProblem(config: config, size: size, encoder: encoder), rates: StepCosts())
        groups = Self.groups(worldSize: worldSize, seeds: seeds.count, atLeast: costs.leastWorkers)
        self.threads = Self.threads(worldSize: worldSize, workers: groups.flatMap(\.workers), nodes: nodes, asked: threads)
    }

    /// min(seeds, workers) groups whose sizes differ by at most one, the larger ones first; fewer where `atLeast` workers
    /// are wanted in each (`num_clf_partitions`), one where there are not so many.
    static func groups(worldSize: Int, seeds: Int, atLeast partitions: Int = 1) -> [Group] {
        let workers = worldSize == 1 ? [0] : Array(1..<worldSize)
        let count = min(seeds, max(1, workers.count / max(1, partitions)))
        var next = 0
        return (0..<count).map { index in
            let size = workers.count / count + (index < workers.count % count ? 1 : 0)
            defer { next += size }
            return Group(index: index, workers: Array(workers[next..<next + size]))
        }
    }

    private static func threads(worldSize: Int, workers: [Int], nodes: [NodeResources], asked: Int?) -> [Int] {
        var threads = [Int](repeating: 0, count: worldSize)
        for node in nodes {
            let local = node.ranks.filter(workers.contains)
            for rank in local { threads[rank] = asked ?? max(1, node.cores / local.count) }
        }
        return threads
    }

    /// The group of a world rank; nil for the coordinator (unless it is the only rank) and for idle ranks.
    public func group(ofRank rank: Int) -> Group? { groups.first { $0.workers.contains(rank) } }

    /// Labels that a worker owns; empty for others.
    public func labels(ofRank rank: Int) -> Range<Int> {
        guard let group = group(ofRank: rank), let place = group.workers.firstIndex(of: rank) else { return 0..<0 }
        return shards.labels(ofWorker: place, workers: group.workers.count)
    }

    /// Worker ranks that no group needs, because every seed is trained.
    public var idleRanks: [Int] {
        groups.isEmpty ? Array((worldSize == 1 ? 0 : 1)..<worldSize) : []
    }

    /// Workers that own no label shard: there are more workers in the group than shards. They still hold columns of E.
    public var ranksWithoutLabels: [Int] {
        groups.flatMap(\.workers).filter { labels(ofRank: $0).isEmpty }
    }

    /// Learners that each group trains where all take the same time.
    public var rounds: Int { groups.isEmpty ? 0 : (queue.count + groups.count - 1) / groups.count }

    /// Ranks of the groups that find the queue empty while others train the last learners.
    public var ranksIdleInLastRound: [Int] {
        let busy = queue.count % max(groups.count, 1)
        return busy == 0 ? [] : groups[busy...].flatMap(\.workers)
    }

    /// Of one learner.
    var costs: any LearnerCosts {
        var rates = rates
        rates.sharesMemory = groups.allSatisfy { group in nodes.contains { Set($0.ranks).isSuperset(of: group.workers) } }
        return framework.learner.costs(
            LearnerProblem(config: config, size: size, encoder: encoder, counts: counts), rates: rates)
    }

    public func memory(ofRank rank: Int) -> MemoryEstimate {
        let coordinator = MemoryEstimate.coordinator(
            atATime: groups.count, size: size, topK: config.global.topK, lists: costs.scoreLists, validation: validation)
        guard let group = group(ofRank: rank) else { return rank == 0 ? coordinator : MemoryEstimate(parts: []) }
        let worker = costs.memory(
            WorkerShare(labels: labels(ofRank: rank).count, groupSize: group.workers.count, threads: threads[rank]),
            validation: validation)
        if rank > 0 { return worker }
        // A single learner's scores are measured when its worker, of the same process, is done.
        return queue.count > 1 ? worker + coordinator : worker + coordinator.without(MemoryEstimate.measured, ifLessThan: worker)
    }

    /// Bytes that the ranks of a node map together: the data set, and what the learner starts from.
    var mappedBytes: Int { size.mappedBytes + (validation?.mappedBytes ?? 0) + costs.mappedBytes }

    /// Bytes that the ranks of a node need together, what they map counted once.
    public func bytes(onNode node: NodeResources) -> Int {
        node.ranks.reduce(mappedBytes) { $0 + memory(ofRank: $1).bytes }
    }

    /// - Throws: `Failure` (out of resources) that names the first node without enough memory.
    public func checkMemory() throws {
        for node in nodes {
            guard let available = node.availableBytes, bytes(onNode: node) > available else { continue }
            throw Failure(
                .outOfResources, "the run needs more memory than node \(node.host) has", at: node.host,
                found: "\(Quantity.bytes(available)) available",
                expected: "about \(Quantity.bytes(bytes(onNode: node))) for \(ranksText(node.ranks))",
                advice: "spread the ranks over more nodes (--map-by node), run fewer seeds at a time, or see --dry-run")
        }
    }

    /// What is odd about the plan but no reason to stop, a sentence each.
    public var warnings: [String] {
        var warnings: [String] = []
        for node in nodes {
            let wanted = node.ranks.reduce(0) { $0 + threads[$1] }
            if wanted > node.cores {
                warnings.append("node \(node.host) has \(node.cores) cores for \(wanted) worker threads: they take turns")
            }
        }
        if !idleRanks.isEmpty { warnings.append("\(ranksText(idleRanks)) idle: every learner is trained already") }
        let partitions = costs.leastWorkers
        if let largest = groups.map(\.workers.count).max(), largest < partitions {
            warnings.append(
                "num_clf_partitions is \(partitions): labels are cut among the \(largest) there are")
        }
        if !ranksIdleInLastRound.isEmpty {
            warnings.append(
                "\(ranksText(ranksIdleInLastRound)) idle while the last learners are trained: fewer seeds than groups are left")
        }
        if !ranksWithoutLabels.isEmpty {
            warnings.append(
                "\(ranksText(ranksWithoutLabels)) without labels: \(shards.labels) labels make \(shards.count) shards")
        }
        return warnings
    }
}

extension RunLayout {
    /// Of a job that is planned so.
    public init(_ plan: RunPlan) {
        self.init(ranks: plan.worldSize, workers: max(1, plan.worldSize - 1), groups: plan.groups.count)
    }
}
