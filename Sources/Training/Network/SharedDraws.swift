import Devices
import Support
import Transport

/// Random labels of the batches to come, drawn by the workers of a group together.
///
/// Which labels a document gets depends on step and document alone (Philox), and most of them are other workers'. So each
/// worker draws for its share of the documents, and sends every other one those labels that this one owns: of many steps at a
/// time, so that a step waits for no message of its own.
package final class SharedDraws {
    /// Steps that are drawn at a time.
    package static let stepsAtATime = 16

    private let group: WorkerGroup
    /// The first label of each worker but the first.
    private let bounds: [Int32]
    private var batches: EpochBatches?
    /// Steps that are drawn and not used yet.
    private var drawn = 0..<0
    /// What each worker has drawn for this one, document by document: their number, then labels; and how far that is read.
    private var received: [Buffer<Int32>] = []
    private var read: [Int] = []

    package init(group: WorkerGroup, shards: LabelShards) {
        self.group = group
        bounds = (1..<group.size).map { Int32(shards.labels(ofWorker: $0, workers: group.size).lowerBound) }
    }

    package func begin(_ batches: EpochBatches) {
        self.batches = batches
        drawn = 0..<0
    }

    /// This worker's random labels of a batch. All workers of the group call it for the same steps.
    ///
    /// - Parameter draw: the random labels of some documents at a step, whoever owns them.
    package func labels(
        of step: Int, docs: [Int32], _ draw: (_ docs: [Int32], _ step: Int) -> RandomLabels
    ) throws -> RandomLabels {
        if drawn.isEmpty || drawn.lowerBound != step { try share(from: step, docs, draw) }
        drawn = step + 1..<drawn.upperBound
        var labels = RandomLabels()
        labels.reserve(documents: docs.count, labels: received.reduce(0) { $0 + $1.count } / Self.stepsAtATime)
        for (worker, share) in group.slices(docs.count).enumerated() { take(share.count, of: worker, into: &labels) }
        return labels
    }

    private func take(_ documents: Int, of worker: Int, into labels: inout RandomLabels) {
        let list = received[worker]
        var at = read[worker]
        for _ in 0..<documents {
            let end = at + 1 + Int(list[at])
            labels.append(list[at + 1..<end])
            at = end
        }
        read[worker] = at
    }

    private func share(from step: Int, _ docs: [Int32], _ draw: ([Int32], Int) -> RandomLabels) throws {
        let end = batches.map { $0.steps.contains(step) ? min(step + Self.stepsAtATime, $0.steps.upperBound) : step + 1 }
        drawn = step..<(end ?? step + 1)
        var lists = [[Int32]](repeating: [], count: group.size)
        for next in drawn {
            let docs = next == step ? docs : batches?.docs(step: next) ?? []
            deal(draw(Array(docs[group.ownSlice(docs.count)]), next), to: &lists)
        }
        received = try group.communicator.alltoall(lists)
        read = Array(repeating: 0, count: group.size)
    }

    private func deal(_ random: RandomLabels, to lists: inout [[Int32]]) {
        for document in 0..<random.documents {
            let counts = lists.map(\.count)
            for worker in lists.indices { lists[worker].append(0) }
            for label in random[document] { lists[owner(of: label)].append(label) }
            for worker in lists.indices { lists[worker][counts[worker]] = Int32(lists[worker].count - counts[worker] - 1) }
        }
    }

    /// The last worker whose labels begin at or before it: those before of the same bound have none.
    private func owner(of label: Int32) -> Int {
        var low = 0, high = bounds.count
        while low < high {
            let middle = (low + high) / 2
            if bounds[middle] <= label { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
