import Config
import Datasets
import Devices
import Foundation
import Learners
import Messages
import Support

/// About how long the learners of a plan take to train and to score the test documents, by rates of one core.
struct PlannedTime {
    /// Of one learner, on the smallest group.
    let stages: [StageSeconds]
    /// That group's.
    let cores: Double
    /// Learners that a group trains one after the other.
    let rounds: Int
    /// What the fast learner for large label sets would need for one of these learners; nil: it is that one, or no faster.
    let fasterSeconds: Double?

    var learnerSeconds: Double { stages.reduce(0) { $0 + $1.seconds } }
    var seconds: Double { Double(rounds) * learnerSeconds }

    /// nil where nothing is left to train.
    init?(_ plan: RunPlan) {
        guard let cores = plan.groups.map({ plan.cores(of: $0) }).min() else { return nil }
        self.cores = cores
        let costs = plan.costs
        let validation = plan.validation.map { StageSeconds("validation", costs.seconds(of: $0, cores: cores)) }
        stages = (costs.stageSeconds(cores: cores) + (validation.map { [$0] } ?? [])).filter { $0.seconds >= 0.05 }
        rounds = plan.rounds
        let faster = SparseSlice().costs(LearnerProblem(config: plan.config, size: plan.size), rates: plan.rates).seconds(
            cores: cores)
        let own = stages.reduce(0) { $0 + $1.seconds }
        fasterSeconds = plan.framework != .sparseSlice && own > 600 && faster < own / 3 ? faster : nil
    }

    /// `about 35.0 s a learner on 2 cores (surrogate 12.0 s, shortlists 3.00 s, extreme 20.0 s), 70.0 s in all`.
    var text: String {
        let parts = stages.map { "\($0.name) \(Quantity.seconds($0.seconds))" }.joined(separator: ", ")
        return "about \(Quantity.seconds(learnerSeconds)) a learner on \(coresText)"
            + (stages.count > 1 ? " (\(parts))" : "") + (rounds > 1 ? ", \(Quantity.seconds(seconds)) in all" : "")
    }

    /// Where threads take turns, a group has parts of cores.
    private var coresText: String {
        cores == cores.rounded() ? Quantity.plural(Int(saturating: cores), "core") : String(format: "%.2g cores", cores)
    }

    /// What takes less.
    var hint: String? {
        fasterSeconds.map { "SparseSlice would take about \(Quantity.seconds($0)) on these data: --framework SparseSlice" }
    }
}

extension RunPlan {
    /// Takes this machine's own rates, which costs a second, where the plan's time is worth it, and memory is not limited.
    mutating func measureSpeed(unlessShorterThan seconds: Double) {
        if hasAddressLimit { return }
        if let time = PlannedTime(self), time.seconds >= seconds { rates = .measured() }
    }

    /// Counts on the data what memory follows from beside their sizes, in a few seconds.
    ///
    /// - Parameter always: false: only where a node has less than twice the memory that the sizes alone let expect.
    package mutating func count(_ data: XCDataset, always: Bool) {
        func isTight(_ node: NodeResources) -> Bool { node.availableBytes.map { $0 < 2 * bytes(onNode: node) } ?? false }
        guard !groups.isEmpty, always || nodes.contains(where: isTight) else { return }
        let team = ThreadTeam(size: max(1, nodes.first?.cores ?? 1))
        defer {
            team.stop()
            returnFreedMemory()
        }
        counts = ProgressScope.stage("counting what a learner will hold") { _ in
            framework.learner.counts(data, config, on: CPUDevice(team: team))
        }
    }

    /// Cores that a group's threads have together: where a node has more threads than cores, they take turns.
    func cores(of group: Group) -> Double {
        group.workers.reduce(0.0) { sum, rank in
            guard let node = nodes.first(where: { $0.ranks.contains(rank) }) else { return sum + 1 }
            let wanted = node.ranks.reduce(0) { $0 + threads[$1] }
            return sum + Double(threads[rank]) * min(1, Double(max(1, node.cores)) / Double(max(1, wanted)))
        }
    }
}
