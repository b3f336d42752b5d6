import Checkpoint
import Devices
import Foundation
import Glibc
import Learners
import Messages
import Support
import Training
import Transport

/// One worker rank: takes seeds from the coordinator with its group, trains their learners, and reports.
public final class WorkerMain {
    private let world: any Communicator
    private let group: WorkerGroup
    private let groupIndex: Int
    private let settings: RunSettings
    private let stop: StopFlag

    public init(
        world: any Communicator, group: any Communicator, groupIndex: Int, threads: Int, device: ChosenDevice = .cpu,
        settings: RunSettings, stop: StopFlag
    ) throws {
        self.world = world
        let team = ThreadTeam(size: threads)
        self.group = try WorkerGroup(communicator: group, team: team, device: GPUs.open(device, team: team))
        self.groupIndex = groupIndex
        self.settings = settings
        self.stop = stop
    }

    /// Works until no seed is left, or a rank was asked to stop.
    public func run() throws {
        defer { group.team.stop() }
        while true {
            switch try nextCommand() {
            case .finish: return
            case .stop: return try world.report(.interrupted(rank: world.rank, seed: nil))
            case .train(let seed):
                do { try train(seed) } catch is Interrupted {
                    return try world.report(.interrupted(rank: world.rank, seed: seed))
                }
            }
        }
    }

    private func train(_ seed: UInt64) throws {
        let options = settings.options, leader = group.isLeader, reports = UncheckedWorld(world)
        let waitedBefore = world.waitedSeconds - group.overlappedSeconds
        let store = CheckpointStore(folder: options.modelFolder(seed: seed), identity: settings.identity(seed)) { text in
            if leader { try? reports.world.report(.warning(text)) }
        }
        if options.fresh, leader { try store.removeAll() }
        try group.communicator.barrier()
        let schedule = CheckpointSchedule(
            everyEpochs: options.checkpointEveryEpochs, everySeconds: options.checkpointEveryMinutes.map { $0 * 60 })
        let control = LearnerControl(group: group, world: world, store: store, seed: seed, schedule: schedule, stop: stop)
        let run = LearnerRun(settings: settings, control: control)
        func summary() -> LearnerSummary {
            LearnerSummary(
                seed: seed, rank: world.rank, seconds: run.seconds, waited: run.waited, peakRSSMiB: peakRSSMiB(),
                commSeconds: world.waitedSeconds - group.overlappedSeconds - waitedBefore,
                validation: options.validation == nil ? nil : run.validation)
        }
        do { try reportingProgress(of: seed, reports, run.run) } catch let interrupted as Interrupted {
            try world.report(.paused(summary()))
            throw interrupted
        } catch let failure as Failure where failure.code == .interrupted {
            throw try resumable(failure, options.modelFolder(seed: seed))
        }
        try world.report(.done(summary()))
    }

    /// A lost device interrupts the run where there is a checkpoint to go on from; else it has ended it.
    private func resumable(_ failure: Failure, _ folder: String) throws -> Failure {
        if try isFolder(folder) && !CheckpointEntry.all(in: folder).isEmpty { return failure }
        var failure = failure
        failure.code = .outOfResources
        failure.advice = "there is no checkpoint yet: the same command starts over; see what the system's log says of the device"
        return failure
    }

    /// The leader tells the coordinator how far its own part is: the others' are about as large.
    private func reportingProgress(of seed: UInt64, _ reports: UncheckedWorld, _ body: () throws -> Void) throws {
        guard group.isLeader, !settings.options.quiet else { return try body() }
        try ProgressScope.run(
            section: "learner",
            sink: { progress in
                guard let progress else { return }
                try? reports.world.report(.progress(ProgressEvent(learner: Int(truncatingIfNeeded: seed), progress)))
            }, body)
    }

    /// The leader asks the coordinator and tells its group. Waiting sleeps: no core is burnt.
    private func nextCommand() throws -> Command {
        var bytes: [UInt8]?
        if group.isLeader {
            try world.report(.ready(group: groupIndex))
            while bytes == nil {
                bytes = try world.poll(from: 0, tag: MessageTag.command)?.bytes
                if bytes == nil { usleep(2000) }
            }
        }
        return try JSONDecoder().decode(Command.self, from: Data(group.communicator.broadcastBytes(bytes)))
    }
}

/// The notices of a store come on the thread that called it, which is the worker's own; how far it is tells another thread, which
/// may post (`MPICommunicator`).
private struct UncheckedWorld: @unchecked Sendable {
    let world: any Communicator
    init(_ world: any Communicator) { self.world = world }
}
