import Checkpoint
import Config
import Datasets
import Messages
import Support
import Training

/// One learner on one worker of its group: trained by its framework, then its scores of the test documents sent.
///
/// The result of a module is a pinned checkpoint; a run that was stopped goes on after the last of them, or within a
/// module from its newest checkpoint.
package final class LearnerRun {
    package let settings: RunSettings
    package let control: LearnerControl
    /// How the labels are cut; by cost, from the training data alone.
    package let shards: LabelShards
    /// Wall seconds of each module.
    package private(set) var seconds: [String: Double] = [:]
    /// Of these, seconds in which this worker waited for messages.
    package private(set) var waited: [String: Double] = [:]
    /// What validation documents decided so far.
    package var validation = LearnerValidation()
    /// The newest checkpoint within a module, where one was interrupted.
    private var newest: CheckpointReader?

    package var group: WorkerGroup { control.group }
    package var config: Config { settings.options.config }
    package var data: XCDataset { settings.data }
    package var seed: UInt64 { control.seed }
    /// This worker's.
    package var labels: Range<Int> { shards.labels(ofWorker: group.rank, workers: group.size) }

    package init(settings: RunSettings, control: LearnerControl) {
        self.settings = settings
        self.control = control
        shards = LabelShards.cut(positives: settings.data.positives)
    }

    /// Trains what is not trained yet, and sends the scores to the coordinator.
    package func run() throws {
        newest = try control.agree { try $0.newest(beside: ModuleValidation.StateKey.best) }
        if let key = newest?.key {
            try control.notice("seed \(seed) goes on from checkpoint \(key.module), epoch \(key.epoch), step \(key.step)")
        }
        let prediction = try settings.options.framework.learner.train(self)
        try timed("predict") {
            try prediction.forEachBlock(seed: seed, control.send)
            try control.awaitStored()
        }
        guard let ofValidation = prediction.validation else { return }
        try timed("validation") {
            try ofValidation().forEachBlock(seed: seed) { block in
                var block = block
                block.isValidation = true
                try control.send(block)
            }
            try control.awaitStored()
        }
    }

    package func timed<Result>(_ module: String, _ body: () throws -> Result) rethrows -> Result {
        let time = Stopwatch(), waitedBefore = control.world.waitedSeconds
        defer {
            seconds[module, default: 0] += time.seconds
            waited[module, default: 0] += control.world.waitedSeconds - waitedBefore
        }
        return try ProgressScope.section(module, body)
    }

    /// A line for the log, said once a group.
    package func notice(_ text: String) throws { try control.notice("seed \(seed): \(text)") }

    /// The newest checkpoint where it lies within `module`.
    package func checkpoint(within module: ModuleName) -> CheckpointReader? {
        guard let newest, newest.key.module == module.name, !newest.isPinned else { return nil }
        return newest
    }

    /// The result of a module that was trained before.
    package func pinned(_ module: ModuleName) throws -> CheckpointReader? {
        try control.agree { try $0.pinned(module: module.name) }
    }

    /// Pins the result of a module: parameters without moments.
    ///
    /// - Parameter step: orders results of modules with the same place.
    package func pin(_ module: ModuleName, epoch: Int, step: Int = 0, _ arrays: [StoredArray], state: [String: String] = [:])
        throws
    {
        try control.save(module.key(epoch: epoch, step: step), arrays: arrays, pinned: true, state: state)
    }
}
