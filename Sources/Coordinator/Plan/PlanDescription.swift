import Foundation
import Learners
import Support

extension RunPlan: CustomStringConvertible {
    /// A page for `--dry-run`: learners, data, groups, shards, memory, messages, and what is odd.
    public var description: String {
        var sections = [overview, groupLines, deviceLines, shardLines, timeLines, memoryLines, messageLines]
        if !warnings.isEmpty { sections.append(["Note"] + warnings.map { "  " + $0 }) }
        return sections.filter { !$0.isEmpty }.map { $0.joined(separator: "\n") }.joined(separator: "\n\n")
    }

    private var overview: [String] {
        let learners =
            queue.isEmpty
            ? "nothing to train" : "\(Quantity.plural(queue.count, "learner")) to train: \(list(queue, "seed"))"
        let who =
            worldSize == 1
            ? "one process coordinates and trains"
            : "rank 0 coordinates, \(Quantity.plural(worldSize - 1, "worker")) in \(Quantity.plural(groups.count, "group"))"
        return [
            "Plan: \(learners)",
            "  \(Quantity.plural(worldSize, "rank")) on \(Quantity.plural(nodes.count, "node")): \(who)",
            "  \(Quantity.count(size.trainDocuments)) training and \(Quantity.count(size.testDocuments)) test documents,"
                + " \(Quantity.count(size.tokens)) \(costs.featureNoun), \(Quantity.count(size.labels)) labels"
                + (costs.dimensions.map { ", \($0) dimensions" } ?? ""),
            "  \(framework): \(stageNames.joined(separator: ", "))",
        ] + (validation.map { ["  \(Quantity.count($0.documents)) validation documents beside these"] } ?? [])
    }

    /// What is trained and searched, in order.
    private var stageNames: [String] {
        costs.stages.map { stage in stage.name + (stage.epochs.map { " (\(Quantity.plural($0, "epoch")))" } ?? "") }
    }

    private var groupLines: [String] {
        guard !groups.isEmpty else { return [] }
        let lines = groups.map { group in
            let counts = Set(group.workers.map { threads[$0] }).sorted().map(String.init).joined(separator: " or ")
            return "  group \(group.index): \(ranksText(group.workers)), \(counts) \(counts == "1" ? "thread" : "threads") each;"
                + " starts with seed \(queue[group.index])"
        }
        return ["Groups (each takes the next seed when it is done)"] + lines
    }

    private var shardLines: [String] {
        let sizes = (0..<shards.count).map { shards.labels(ofShard: $0).count }
        let heading = "Labels: \(Quantity.plural(shards.count, "virtual shard")) of \(Quantity.span(sizes, "label"))"
        let lines = groups.map { group in
            let labels = group.workers.map { self.labels(ofRank: $0).count }
            return "  group \(group.index): \(Quantity.span(labels, "label")) a worker"
                + (costs.held(groupSize: group.workers.count).map { ", \($0)" } ?? "")
        }
        return [heading] + lines
    }

    private var timeLines: [String] {
        guard devices.isEmpty, let time = PlannedTime(self) else { return [] }
        return ["Time, estimated without reading and messages", "  \(time.text)"] + (time.hint.map { ["  \($0)"] } ?? [])
    }

    private var memoryLines: [String] {
        var lines = ["Memory, estimated"]
        if worldSize > 1 { lines.append("  rank 0: \(Quantity.bytes(memory(ofRank: 0).bytes))") }
        for group in groups {
            guard let largest = group.workers.max(by: { memory(ofRank: $0).bytes < memory(ofRank: $1).bytes }) else { continue }
            let parts = memory(ofRank: largest).parts.sorted { $0.bytes > $1.bytes }
            lines.append("  group \(group.index): at most \(Quantity.bytes(memory(ofRank: largest).bytes)) a rank")
            lines.append("    " + parts.map { "\($0.name) \(Quantity.bytes($0.bytes))" }.joined(separator: ", "))
        }
        for node in nodes {
            let available = node.availableBytes.map { "\(Quantity.bytes($0)) available" } ?? "unknown what is available"
            lines.append(
                "  node \(node.host): \(Quantity.bytes(bytes(onNode: node))), of it"
                    + " \(Quantity.bytes(mappedBytes)) data shared by \(ranksText(node.ranks)); \(available)")
        }
        return lines
    }

    private var messageLines: [String] {
        guard let m = groups.map(\.workers.count).max() else { return [] }
        let trained = costs.stages.filter { $0.steps > 0 }.map { "\($0.name) \(Quantity.count($0.steps))" }
        let steps = trained.isEmpty ? "" : "steps: \(trained.joined(separator: ", "))", messages = costs.messages(groupSize: m)
        guard m > 1, !messages.isEmpty else {
            let bytes = m > 1 ? Int(saturating: costs.traffic(groupSize: m).bytes) : 0, none = "none between workers"
            let between = "none while workers train; between the parts about \(Quantity.bytes(bytes)) received a worker"
            return ["Messages: " + (bytes > 0 ? between : none) + (steps.isEmpty ? "" : "; \(steps)")]
        }
        let heading = "Messages a step, in a group of \(m) (\(steps))"
        return [heading] + messages.map { "  \($0.what): \(Quantity.bytes($0.bytes * (m - 1) / m)) received a worker" }
    }

    private func list(_ seeds: [Int], _ noun: String) -> String {
        guard !seeds.isEmpty else { return "no \(noun)" }
        return "\(noun)\(seeds.count == 1 ? "" : "s") \(seeds.map(String.init).joined(separator: ", "))"
    }
}
