import Foundation
import Support

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
                + " \(Quantity.count(size.tokens)) \(readsTokens ? "tokens" : "features"), \(Quantity.count(size.labels)) labels, \(size.dimensions) dimensions",
            "  \(framework.rawValue): \(moduleNames.joined(separator: ", "))",
        ]
    }

    private var readsTokens: Bool { encoder?.readsTokens ?? true }

    /// What is trained and searched, in order.
    private var moduleNames: [String] {
        var names = modules.sections.map { name, section in name + " (\(Quantity.plural(section.numEpochs, "epoch")))" }
        if modules.hasShortlists { names.insert("shortlists", at: modules.hasSurrogate ? 1 : 0) }
        return names
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
                + (readsTokens ? " \(span(columns(of: group), "column")) of the embeddings" : " all layers on each")
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
                    + " \(Quantity.bytes(mappedBytes)) data shared by \(ranksText(node.ranks)); \(available)")
        }
        return lines
    }

    private var messageLines: [String] {
        guard let m = groups.map(\.workers.count).max() else { return [] }
        let steps = modules.sections.map { name, section in
            let batch = section.batchSize
            return "\(name) \(Quantity.count(section.numEpochs * ((size.trainDocuments + batch - 1) / max(batch, 1))))"
        }
        guard m > 1 else { return ["Messages: none between workers; steps: \(steps.joined(separator: ", "))"] }
        let heading = "Messages a step, in a group of \(m) (steps: \(steps.joined(separator: ", ")))"
        return [heading] + messages.map { "  \($0.what): \(Quantity.bytes($0.bytes * (m - 1) / m)) received a worker" }
    }

    /// What a group sends in a step of module III, and bytes of it whole.
    private var messages: [(what: String, bytes: Int)] {
        let batch = config.extreme.batchSize, z = encoder?.outputDims ?? size.dimensions
        var messages: [(what: String, bytes: Int)] = []
        if let encoder {
            let tokens = batch * size.tokensPerDocument
            let vectors =
                "vectors of the batch's tokens, about \(Quantity.count(tokens))×\(size.dimensions) floats, and their gradient"
            // Of all columns, a worker gets those of its own share of the tokens.
            let bytes = 2 * 4 * tokens * size.dimensions / max(1, groups.map(\.workers.count).max() ?? 1)
            if encoder.readsTokens { messages.append((vectors, bytes)) }
            messages.append(("sum of the layers' gradient, \(Quantity.count(encoder.parameters)) floats", 4 * encoder.parameters))
        }
        return messages + [
            ("allgather of the encoded batch, \(batch)×\(z) floats", 4 * batch * z),
            ("sum of its gradient over the label shards", 4 * batch * z),
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
