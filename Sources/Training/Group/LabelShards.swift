/// How labels are cut: into a fixed number of contiguous virtual shards, of which each worker owns a run.
///
/// The number of virtual shards depends on L alone, never on the number of workers, so that sums over labels (∂z) can
/// be formed in one fixed binary tree over the shards: every number of workers gives the same bits (DESIGN.md §2).
public struct LabelShards: Sendable, Equatable, Codable {
    /// count + 1 ascending label numbers: virtual shard v holds labels bounds[v] ..< bounds[v+1].
    public let bounds: [Int]

    /// The number of virtual shards of L labels: a power of two in 1 … 64, about one for every 64 labels.
    public static func virtualShards(labels: Int) -> Int {
        var count = 1
        while count < 64, 2 * count <= labels / 64 { count *= 2 }
        return count
    }

    /// Cuts labels so that the virtual shards cost about the same; each holds at least one label (if there are any).
    ///
    /// - Parameter costs: one non-negative number a label.
    public static func cut(costs: [Double]) -> LabelShards {
        let labels = costs.count
        let count = virtualShards(labels: labels)
        let total = costs.reduce(0, +)
        var bounds = [0]
        var label = 0
        var before = 0.0
        for shard in 1..<max(count, 1) {
            let target = total * Double(shard) / Double(count)
            // The bound nearest to the target, leaving a label for this shard and for each one after it.
            let first = bounds[shard - 1] + 1
            let last = labels - (count - shard)
            while label < first || (label < last && before + costs[label] / 2 <= target) {
                before += costs[label]
                label += 1
            }
            bounds.append(label)
        }
        bounds.append(labels)
        return LabelShards(bounds: bounds)
    }

    /// Balances rows (W, bias and their moments: memory, and uniform negatives) and positives (popular labels are in
    /// more shortlists): cost = 1 + weight·positives ÷ mean positives.
    ///
    /// - Parameter positives: training documents of each label.
    public static func cut(positives: [Int], weight: Double = 1) -> LabelShards {
        let sum = positives.reduce(0, +)
        guard sum > 0 else { return cut(costs: positives.map { _ in 1 }) }
        let scale = weight * Double(positives.count) / Double(sum)
        return cut(costs: positives.map { 1 + scale * Double($0) })
    }

    public init(bounds: [Int]) {
        precondition(bounds.count >= 2 && bounds[0] == 0 && zip(bounds, bounds.dropFirst()).allSatisfy { $0 <= $1 })
        self.bounds = bounds
    }

    /// Number of virtual shards.
    public var count: Int { bounds.count - 1 }
    /// L.
    public var labels: Int { bounds[count] }

    /// Labels of one virtual shard.
    public func labels(ofShard shard: Int) -> Range<Int> { bounds[shard]..<bounds[shard + 1] }

    /// The virtual shards of worker `rank` in a group of `workers`: runs differ by at most one; empty for some where
    /// there are more workers than shards.
    public func shards(ofWorker rank: Int, workers: Int) -> Range<Int> {
        precondition(workers > 0 && 0..<workers ~= rank)
        return count * rank / workers..<count * (rank + 1) / workers
    }

    /// Labels of worker `rank` in a group of `workers`.
    public func labels(ofWorker rank: Int, workers: Int) -> Range<Int> {
        let run = shards(ofWorker: rank, workers: workers)
        return bounds[run.lowerBound]..<bounds[run.upperBound]
    }

    /// The worker that owns a label.
    public func worker(ofLabel label: Int, workers: Int) -> Int {
        precondition(0..<labels ~= label)
        var low = 0
        var high = workers - 1
        while low < high {
            let middle = (low + high) / 2
            if labels(ofWorker: middle, workers: workers).upperBound > label { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
