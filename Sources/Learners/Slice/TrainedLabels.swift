import Checkpoint
import Support
import Training
import Transport

/// Which of a worker's labels are trained already, and in which blocks the others will be: labels don't hang on each other, so that
/// any number of workers can go on where another one stopped.
struct TrainedLabels {
    private let labels: Range<Int>
    private let total: Int
    private let group: WorkerGroup
    /// 1 for a label that is done.
    private let isDone: Buffer<UInt8>
    /// Labels of a block, on average at most: a worker looks at the flags after each.
    private static let most = 1024
    private static let least = 16, wanted = 64

    init(labels: Range<Int>, of total: Int, _ group: WorkerGroup) throws {
        (self.labels, self.total, self.group) = (labels, total, group)
        isDone = Buffer(count: labels.count)
    }

    func restore(_ reader: CheckpointReader) throws { isDone.copy(from: try reader.rows("classifier.done", labels)) }

    func stored() -> [StoredArray] {
        // A copy: the buffer changes while others are still being written.
        [StoredArray("classifier.done", Buffer(isDone.array), columns: 1, .rows(start: labels.lowerBound, total: total))]
    }

    /// This worker's labels that are left, in as many blocks as every other worker has, each of about the same cost; some may be
    /// empty. Collective.
    func blocks(cost: (_ label: Int) -> Int) throws -> [[Int]] {
        let left = labels.filter { isDone[$0 - labels.lowerBound] == 0 }, costs = left.map(cost)
        let most = try group.communicator.allgatherCounts(left.count).max() ?? 0
        let height = min(Self.most, max(Self.least, (most + Self.wanted - 1) / Self.wanted)), count = (most + height - 1) / height
        var blocks = [[Int]](repeating: [], count: count), before = 0
        let total = max(1, costs.reduce(0, +))
        for (label, cost) in zip(left, costs) {
            blocks[min(count - 1, (2 * before + cost) * count / (2 * total))].append(label)
            before += cost
        }
        return blocks
    }

    mutating func finish(_ block: [Int]) {
        for label in block { isDone[label - labels.lowerBound] = 1 }
    }

    /// Labels that are done, over all workers. Collective.
    func doneByAll() throws -> Int {
        try group.communicator.allgatherCounts(isDone.array.reduce(0) { $0 + Int($1) }).reduce(0, +)
    }
}
