import Checkpoint
import Formats
import Foundation
import Messages
import Support
import Transport

/// When checkpoints are written, and how all workers of a group agree on it.
package struct CheckpointSchedule: Sendable {
    /// nil: not by epochs.
    package var everyEpochs: Int?
    /// nil: not by time.
    package var everySeconds: Double?

    package init(
        everyEpochs: Int? = nil, everySeconds: Double? = nil
    ) {
        self.everyEpochs = everyEpochs
        self.everySeconds = everySeconds
    }
}

/// Checkpoints, stops and reports of one learner, for one worker of its group.
package final class LearnerControl {
    package let group: WorkerGroup
    package let world: any Communicator
    package let store: CheckpointStore
    package let seed: UInt64
    private let schedule: CheckpointSchedule
    private let stop: StopFlag
    private var sinceWrite = Stopwatch()
    /// Blocks of scores that were sent, and that the coordinator has not stored yet.
    private var unstored = 0
    /// Steps between two looks at the flags: a look costs a message, a step some milliseconds.
    private static let lookEvery = 8

    /// Whether `afterStep` may write a checkpoint.
    package static func looks(afterStep step: Int) -> Bool { step % lookEvery == 0 }

    package init(
        group: WorkerGroup, world: any Communicator, store: CheckpointStore, seed: UInt64, schedule: CheckpointSchedule,
        stop: StopFlag
    ) {
        self.group = group
        self.world = world
        self.store = store
        self.seed = seed
        self.schedule = schedule
        self.stop = stop
    }

    /// Called by all workers after the same step; writes a checkpoint when one of them wants it.
    ///
    /// - Parameter isSound: this worker's losses are numbers so far.
    /// - Throws: `Interrupted` after the checkpoint where a rank was asked to stop; `Diverged`, without one, where a worker
    ///   isn't sound.
    package func afterStep(
        _ step: Int, isSound: Bool, key: @autoclosure () -> CheckpointKey, state: @autoclosure () -> [String: String] = [:],
        arrays: () throws -> [StoredArray]
    ) throws {
        guard Self.looks(afterStep: step) else { return }
        switch try group.maximum(max(wish(), isSound ? 0 : 3)) {
        case 0: return
        case 1: try save(key(), arrays: arrays(), state: state())
        case 3: throw Diverged()
        default:
            try save(key(), arrays: arrays(), state: state())
            throw Interrupted()
        }
    }

    /// Between modules, where there is no state to save beyond what is pinned.
    package func betweenModules() throws {
        if try group.maximum(wish()) == 2 { throw Interrupted() }
    }

    /// Also a look at the flags: an epoch may have fewer steps than there are between two looks.
    ///
    /// - Throws: `Interrupted` after the checkpoint where a rank was asked to stop.
    package func afterEpoch(
        _ epoch: Int, of epochs: Int, key: CheckpointKey, state: @autoclosure () -> [String: String] = [:],
        arrays: () throws -> [StoredArray]
    ) throws {
        guard epoch < epochs else { return }
        let isDue = schedule.everyEpochs.map { epoch % $0 == 0 } ?? false, wish = try group.maximum(wish())
        if isDue || wish > 0 { try save(key, arrays: arrays(), state: state()) }
        if wish == 2 { throw Interrupted() }
    }

    /// Called by all workers after the same block of a module without epochs: a look at the flags after each, and a checkpoint
    /// after as many 64ths of the blocks as else after epochs.
    ///
    /// - Throws: `Interrupted` after the checkpoint where a rank was asked to stop.
    package func afterBlock(_ block: Int, of blocks: Int, key: CheckpointKey, arrays: () throws -> [StoredArray]) throws {
        let parts = min(blocks, 64), part = block * parts / blocks
        let isNew = part > (block - 1) * parts / blocks && block < blocks
        let isDue = isNew && schedule.everyEpochs.map { part % $0 == 0 } ?? false, wish = try group.maximum(wish())
        if isDue || wish > 0 { try save(key, arrays: arrays()) }
        guard wish < 2 else { throw Interrupted() }
    }

    /// The loss of a step is computed before its update: weights that the last one ruined would be stored as good ones. Collective.
    ///
    /// - Parameter arrays: of this worker.
    /// - Throws: the same `Failure` on all workers, where a weight of any of them is no number.
    package func requireFinite(_ arrays: [StoredArray], of module: ModuleName) throws {
        guard try group.maximum(arrays.allSatisfy(\.isFinite) ? 0 : 1) > 0 else { return }
        throw Failure(
            .outOfResources, "the weights of module \(module.name) are no longer numbers", at: "seed \(seed)",
            found: "NaN or infinity", expected: "finite weights",
            advice: "lower \(module.name).learning_rate (--set), with another --version; checkpoints before it are kept")
    }

    /// Each worker writes its shard; the leader's manifest makes them a checkpoint.
    package func save(_ key: CheckpointKey, arrays: [StoredArray], pinned: Bool = false, state: [String: String] = [:]) throws {
        try ProgressScope.stage("writing a checkpoint") { _ in try write(key, arrays, pinned: pinned, state) }
    }

    /// Pins what is kept beside the checkpoints that training goes on from: it takes the place of none of them.
    package func saveBeside(_ key: CheckpointKey, arrays: [StoredArray]) throws {
        let sinceLast = sinceWrite
        try save(key, arrays: arrays, pinned: true)
        sinceWrite = sinceLast
    }

    private func write(_ key: CheckpointKey, _ arrays: [StoredArray], pinned: Bool, _ state: [String: String]) throws {
        try group.device.check()
        let receipt = try store.writeShard(key, shard: group.rank, of: group.size, arrays: arrays)
        let all = try group.communicator.gatherBytes(Array(JSONEncoder().encode(receipt)))
        if let all {
            let receipts = try all.map { try JSONDecoder().decode(ShardReceipt.self, from: Data($0)) }
            try store.commit(key, receipts: receipts, state: state, pinned: pinned)
        }
        try group.communicator.barrier()
        sinceWrite.restart()
    }

    /// The checkpoint that `find` gives the leader, opened by every worker of the group.
    package func agree(_ find: (CheckpointStore) throws -> CheckpointReader?) throws -> CheckpointReader? {
        let found = group.isLeader ? try find(store) : nil
        let key = try found.map { Array(try JSONEncoder().encode($0.key)) } ?? []
        let bytes = try group.communicator.broadcastBytes(group.isLeader ? key : nil)
        if bytes.isEmpty { return nil }
        return try found ?? store.open(JSONDecoder().decode(CheckpointKey.self, from: Data(bytes)))
    }

    /// For parts of training in which the workers of the group send each other nothing.
    package func lookout() -> StopLookout {
        StopLookout(group: group.communicator, world: group.isLeader ? world : nil, stop: stop)
    }

    package func report(_ event: ProgressEvent) throws {
        if group.isLeader { try world.report(.progress(event)) }
    }

    package func notice(_ text: String) throws {
        if group.isLeader { try world.report(.notice(text)) }
    }

    /// 2: stop; 1: time for a checkpoint; 0: nothing.
    private func wish() throws -> UInt8 {
        if stop.isSet { return 2 }
        guard group.isLeader else { return 0 }
        if let (_, bytes) = try world.poll(from: 0, tag: MessageTag.command),
            try JSONDecoder().decode(Command.self, from: Data(bytes)) == .stop
        {
            stop.set()
            return 2
        }
        if let seconds = schedule.everySeconds, sinceWrite.seconds > seconds { return 1 }
        return 0
    }
}

extension LearnerControl {
    /// Scores of this worker's labels go to the coordinator; waits while `ScoreBlock.window` blocks are on their way.
    package func send(_ block: ScoreBlock) throws {
        try group.device.check()
        try awaitStored(allBut: ScoreBlock.window - 1)
        try world.post(WorkerMessage.scores(block).encoded(), to: 0, tag: MessageTag.report)
        unstored += 1
    }

    /// Returns when the coordinator has stored the blocks that were sent: when all workers of the group have sent theirs.
    package func awaitStored(allBut count: Int = 0) throws {
        while unstored > count {
            if try world.poll(from: 0, tag: MessageTag.stored) != nil { unstored -= 1 } else { usleep(500) }
        }
    }
}
