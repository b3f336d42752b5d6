import Foundation
import Worker

extension RunPlan: CustomStringConvertible {
    /// A page for `--dry-run`: learners, data, groups, shards, memory, messages, and what is odd.
    public var description: String {
        var sections = [overview, groupLines, shardLines, memoryLines, messageLines]
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
                + " \(Quantity.count(size.tokens)) tokens, \(Quantity.count(size.labels)) labels, \(size.dimensions) dimensions",
        ]
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
        let heading = "Labels: \(Quantity.plural(shards.count, "virtual shard")) of \(span(sizes, "label"))"
        let lines = groups.map { group in
            "  group \(group.index): \(span(group.workers.map { labels(ofRank: $0).count }, "label")) a worker,"
                + " \(span(columns(of: group), "column")) of the embeddings"
        }
        return [heading] + lines
    }

    private func columns(of group: Group) -> [Int] {
        let m = group.workers.count
        return (0..<m).map { size.dimensions * ($0 + 1) / m - size.dimensions * $0 / m }
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
                    + " \(Quantity.bytes(size.mappedBytes)) data shared by \(ranksText(node.ranks)); \(available)")
        }
        return lines
    }

    private var messageLines: [String] {
        guard let m = groups.map(\.workers.count).max() else { return [] }
        let modules = [
            ("surrogate", config.surrogate.batchSize, config.surrogate.numEpochs),
            ("extreme", config.extreme.batchSize, config.extreme.numEpochs),
            ("re-ranker", config.reranker.batchSize, config.global.useReranker ? config.reranker.numEpochs : 0),
        ]
        let steps = modules.map { name, batch, epochs in
            "\(name) \(Quantity.count(epochs * ((size.trainDocuments + batch - 1) / max(batch, 1))))"
        }
        guard m > 1 else { return ["Messages: none between workers; steps: \(steps.joined(separator: ", "))"] }
        let block = 4 * config.extreme.batchSize * size.dimensions
        return [
            "Messages a step, in a group of \(m) (steps: \(steps.joined(separator: ", ")))",
            "  allgather of the encoded batch, \(config.extreme.batchSize)×\(size.dimensions) floats:"
                + " \(Quantity.bytes(block * (m - 1) / m)) received a worker",
            "  sum of its gradient over the label shards: \(Quantity.bytes(block * (m - 1) / m)) received a worker",
        ]
    }

    private func list(_ seeds: [Int], _ noun: String) -> String {
        guard !seeds.isEmpty else { return "no \(noun)" }
        return "\(noun)\(seeds.count == 1 ? "" : "s") \(seeds.map(String.init).joined(separator: ", "))"
    }

    /// `1 label`, `62–63 labels`.
    private func span(_ values: [Int], _ noun: String) -> String {
        guard let low = values.min(), let high = values.max() else { return "no \(noun)s" }
        return low == high ? Quantity.plural(low, noun) : "\(Quantity.count(low))–\(Quantity.count(high)) \(noun)s"
    }
}
