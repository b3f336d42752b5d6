import Devices
import Support
import Transport

/// Random labels of the batches to come, drawn by the workers of a group together.
///
/// Which labels a document gets depends on step and document alone (Philox), and most of them are other workers'. So each
/// worker draws for its share of the documents, and sends every other one those labels that this one owns: of many steps at a
/// time, so that a step waits for no message of its own. Workers that share a node's memory read them where they were written.
package final class SharedDraws {
    /// Steps that are drawn at a time.
    package static let stepsAtATime = 16

    private let group: WorkerGroup
    private let dealer: LabelDealer
    /// nil: lists are sent. Of each worker: where the list for each begins, then the lists.
    private let shared: SharedMemory?
    private let room: Int
    private let labelsPerDocument: Int
    private var batches: EpochBatches?
    /// Steps that are drawn and not used yet.
    private var drawn = 0..<0
    /// What each worker has drawn for this one, step by step: how many labels of each of its documents, then the labels; and how
    /// far that is read.
    private var received: [Buffer<Int32>] = []
    private var read: [Int] = []

    /// Collective.
    ///
    /// - Parameters:
    ///   - batchSize: the most documents of a step.
    ///   - labelsPerDocument: the most labels that are drawn for a document at a step.
    package init(group: WorkerGroup, shards: LabelShards, batchSize: Int, labelsPerDocument: Int) throws {
        (self.group, self.labelsPerDocument) = (group, labelsPerDocument)
        let documents = Self.stepsAtATime * ((batchSize + group.size - 1) / group.size)
        let room = group.size + documents * (group.size + labelsPerDocument)
        self.room = room
        shared = group.isOnOneNode ? try group.communicator.sharedMemory(floats: group.size * room) : nil
        dealer = LabelDealer(
            bounds: (1..<group.size).map { Int32(shards.labels(ofWorker: $0, workers: group.size).lowerBound) },
            labels: shards.labels)
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
        labels.reserve(documents: docs.count, labels: docs.count * labelsPerDocument / group.size)
        for (worker, share) in group.slices(docs.count).enumerated() {
            read[worker] = labels.append(share.count, from: received[worker], at: read[worker])
        }
        return labels
    }

    private func share(from step: Int, _ docs: [Int32], _ draw: ([Int32], Int) -> RandomLabels) throws {
        let end = batches.map { $0.steps.contains(step) ? min(step + Self.stepsAtATime, $0.steps.upperBound) : step + 1 }
        drawn = step..<(end ?? step + 1)
        let random = drawn.map { next in
            let docs = next == step ? docs : batches?.docs(step: next) ?? []
            return draw(Array(docs[group.ownSlice(docs.count)]), next)
        }
        let (lists, places) = dealer.deal(random)
        guard let shared else {
            received = try group.communicator.alltoall(lists, places)
            read = Array(repeating: 0, count: group.size)
            return
        }
        // Whoever is here has read all of the last lists: he has come to barriers of later steps.
        let parts = evenRanges(group.size * room, parts: group.size).map { shared.integers.view($0) }, own = parts[group.rank]
        for (worker, place) in places.enumerated() { own[worker] = Int32(group.size + place.lowerBound) }
        own[group.size..<group.size + lists.count].update(from: lists.all)
        try shared.barrier()
        received = parts
        read = parts.map { Int($0[group.rank]) }
    }
}
