import Foundation

/// What a learner's events say, put together over all the jobs in which it was trained.
public struct LearnerHistory: Codable, Sendable, Equatable {
    /// A module's epochs, in their order.
    public struct Module: Codable, Sendable, Equatable {
        public var name: String
        public var epochs: [Epoch]
        /// Epochs that were done when a job took the learner up again.
        public var resumedAfter: [Int]
    }

    public struct Epoch: Codable, Sendable, Equatable {
        /// From 1.
        public var epoch: Int
        public var loss: Double
        public var learningRate: Double?
        public var seconds: Double?
        public var waitedSeconds: Double?
        public var residentMiB: Double?
        public var validation: [String: Double]?

        enum CodingKeys: String, CodingKey {
            case epoch, loss, seconds, validation
            case learningRate = "learning_rate"
            case waitedSeconds = "waited_seconds"
            case residentMiB = "resident_mib"
        }
    }

    /// What one rank spent, all jobs together.
    public struct Rank: Codable, Sendable, Equatable {
        public var rank: Int
        public var modules: [Share]
        public var peakMiB: Double
        public var plannedMiB: Double?

        enum CodingKeys: String, CodingKey {
            case rank, modules
            case peakMiB = "peak_mib"
            case plannedMiB = "planned_mib"
        }
    }

    /// Wall seconds of a module on a rank, and those of them in which it waited for messages.
    public struct Share: Codable, Sendable, Equatable {
        public var module: String
        public var seconds: Double
        public var waited: Double
    }

    public var learner: Int
    /// In the order in which they were trained.
    public var modules: [Module]
    public var ranks: [Rank]
    /// Jobs in which it was trained.
    public var jobs: Int
    /// Of the last job: `--dry-run`'s page, and MiB that each world rank was planned to need.
    public var plan: String?
    public var plannedMiB: [Double]?
    public var mappedMiB: Double?

    enum CodingKeys: String, CodingKey {
        case learner, modules, ranks, jobs, plan
        case plannedMiB = "planned_mib"
        case mappedMiB = "mapped_mib"
    }

    /// - Returns: nil where there are no events.
    public init?(_ events: [TrainingEvent]) {
        guard let first = events.first else { return nil }
        learner = first.learner
        let starts = events.filter { $0.event == .start || $0.event == .resume }
        (jobs, plan, plannedMiB, mappedMiB) = (
            starts.count, starts.last?.plan, starts.last?.plannedMiB, starts.last?.mappedMiB
        )
        modules = Self.modules(of: events)
        ranks = Self.ranks(of: events, planned: starts.last?.plannedMiB)
    }

    /// An epoch that was trained twice, since a job was killed after it and before a checkpoint, counts once: as it was trained whole.
    private static func modules(of events: [TrainingEvent]) -> [Module] {
        var modules: [Module] = []
        var best: [String: [Int: TrainingEvent]] = [:]
        var resumed = false
        for event in events {
            if event.event == .resume { resumed = true }
            guard event.event == .epoch, let name = event.module, let epoch = event.epoch else { continue }
            if !modules.contains(where: { $0.name == name }) { modules.append(Module(name: name, epochs: [], resumedAfter: [])) }
            if resumed, let at = modules.firstIndex(where: { $0.name == name }) {
                modules[at].resumedAfter.append(max(epoch, 1) - 1)
            }
            resumed = false
            if let known = best[name]?[epoch], known.documents ?? 0 > event.documents ?? 0 { continue }
            best[name, default: [:]][epoch] = event
        }
        return modules.map { module in
            var module = module
            module.epochs = (best[module.name] ?? [:]).sorted { $0.key < $1.key }.compactMap { Epoch($0.value) }
            return module
        }
    }

    private static func ranks(of events: [TrainingEvent], planned: [Double]?) -> [Rank] {
        let order = events.compactMap(\.module)
        var ranks: [Int: Rank] = [:]
        for event in events where event.event == .rank {
            let old = ranks[event.rank]?.modules ?? []
            let spent = event.moduleSeconds ?? [:], waited = event.moduleWaited ?? [:]
            let names = old.map(\.module) + spent.keys.filter { name in !old.contains { $0.module == name } }
            let shares = names.map { name in
                let before = old.first { $0.module == name }
                return Share(
                    module: name, seconds: (before?.seconds ?? 0) + (spent[name] ?? 0),
                    waited: (before?.waited ?? 0) + (waited[name] ?? 0))
            }
            ranks[event.rank] = Rank(
                rank: event.rank, modules: inOrder(shares, order),
                peakMiB: max(ranks[event.rank]?.peakMiB ?? 0, event.peakMiB ?? 0),
                plannedMiB: planned.flatMap { $0.indices.contains(event.rank) ? $0[event.rank] : nil })
        }
        return ranks.values.sorted { $0.rank < $1.rank }
    }

    /// The order of a learner's modules, as far as events and habit tell it.
    private static func inOrder(_ shares: [Share], _ order: [String]) -> [Share] {
        let habit = ["surrogate", "shortlist", "classifiers", "extreme", "final-shortlist", "reranker", "predict"]
        func place(_ name: String) -> Int { habit.firstIndex(of: name) ?? order.firstIndex(of: name) ?? habit.count }
        return shares.sorted { (place($0.module), $0.module) < (place($1.module), $1.module) }
    }
}

extension LearnerHistory.Epoch {
    fileprivate init?(_ event: TrainingEvent) {
        guard let epoch = event.epoch, let loss = event.loss else { return nil }
        self.init(
            epoch: epoch, loss: loss, learningRate: event.learningRate, seconds: event.seconds,
            waitedSeconds: event.waitedSeconds, residentMiB: event.residentMiB, validation: event.validation)
    }
}
