import Checkpoint
import Config
import DeepXMLModel
import Formats
import Foundation
import Messages
import Support

/// One of the modules: its name in checkpoints and reports, and its place in their order.
package struct ModuleName: Sendable, Equatable {
    package var name: String
    package var index: Int

    package init(name: String, index: Int) { (self.name, self.index) = (name, index) }

    package static let surrogate = ModuleName(name: "surrogate", index: 1)
    package static let shortlist = ModuleName(name: "shortlist", index: 2)
    package static let extreme = ModuleName(name: "extreme", index: 3)
    /// The search with a trained encoder, where the one before training would not do for prediction.
    package static let finalShortlist = ModuleName(name: "final-shortlist", index: 3)
    package static let reranker = ModuleName(name: "reranker", index: 4)

    package func key(epoch: Int, step: Int) -> CheckpointKey {
        CheckpointKey(module: name, moduleIndex: index, epoch: epoch, step: step)
    }
}

/// What changes between epochs of a module beside its network.
package protocol EpochSchedule {
    /// - Parameter checkpoint: where the module went on from within or before this epoch.
    func begin(epoch: Int, resumedFrom checkpoint: CheckpointReader?) throws
    /// What a checkpoint at this place must hold so that the module can go on from it.
    func storedArrays(epoch: Int, step: Int) -> [StoredArray]
    /// Called once after the last epoch.
    func finish() throws
    /// Calls `body` with the network as `finish` would leave it after the epoch that has just ended, and then puts it back.
    func asFinished<Result>(_ body: () throws -> Result) throws -> Result
}

extension EpochSchedule {
    package func finish() throws {}
    package func asFinished<Result>(_ body: () throws -> Result) throws -> Result { try body() }
}

/// What measures a module's network on validation documents when epochs end, and says when to stop.
package protocol EpochValidation: AnyObject {
    /// Goes on with what a checkpoint of the module knows; nil: the module begins.
    func begin(resumedFrom checkpoint: CheckpointReader?) throws
    /// After an epoch, from 1, whose last step is settled. Collective; leaves the network as it was.
    ///
    /// - Returns: metrics by name, in per cent; nil: this epoch is not measured.
    func measure(epoch: Int) throws -> [String: Double]?
    /// Training ends here; the same for all workers.
    var stops: Bool { get }
    /// What a checkpoint must say so that all this can go on from it.
    var state: [String: String] { get }
}

/// The epochs of one module: batches in an order drawn anew each epoch, the learning rate, checkpoints, progress.
package struct TrainingLoop {
    package let module: ModuleName
    package let config: ModuleConfig
    package let network: Network
    package let loss: any ClassifierStep
    package let features: CSRMatrix
    package let control: LearnerControl
    package var schedule: (any EpochSchedule)?
    package var validation: (any EpochValidation)?

    package init(
        module: ModuleName, config: ModuleConfig, network: Network, loss: any ClassifierStep, features: CSRMatrix,
        control: LearnerControl, schedule: (any EpochSchedule)? = nil, validation: (any EpochValidation)? = nil
    ) {
        self.module = module
        self.config = config
        self.network = network
        self.loss = loss
        self.features = features
        self.control = control
        self.schedule = schedule
        self.validation = validation
    }

    private var stepsPerEpoch: Int { (features.rows + config.optimisation.batchSize - 1) / config.optimisation.batchSize }

    /// Trains from the beginning, or from where `checkpoint` (of this module, with moments) stopped.
    ///
    /// - Throws: `Interrupted` after a checkpoint; `Failure` where the loss is no number.
    package func run(from checkpoint: CheckpointReader?) throws {
        var start = (epoch: 0, step: 0)
        if let checkpoint {
            try network.restore(checkpoint)
            start = (checkpoint.key.epoch, checkpoint.key.step)
        }
        try validation?.begin(resumedFrom: checkpoint)
        let rate = config.rate(stepsPerEpoch: stepsPerEpoch)
        for epoch in start.epoch..<max(start.epoch, config.optimisation.epochs) {
            try schedule?.begin(epoch: epoch, resumedFrom: epoch == start.epoch ? checkpoint : nil)
            try runEpoch(epoch, from: start.step, rate: rate)
            start.step = 0
            if validation?.stops == true { break }
            try control.afterEpoch(
                epoch + 1, of: config.optimisation.epochs, key: module.key(epoch: epoch + 1, step: 0), state: state
            ) { try storedArrays(epoch: epoch + 1, step: 0) }
        }
        try schedule?.finish()
    }

    private var state: [String: String] { validation?.state ?? [:] }

    private func storedArrays(epoch: Int, step: Int) throws -> [StoredArray] {
        let arrays = try network.storedArrays()
        try control.requireFinite(arrays, of: module)
        return arrays + (schedule?.storedArrays(epoch: epoch, step: step) ?? [])
    }

    private func runEpoch(_ epoch: Int, from firstStep: Int, rate: LearningRate) throws {
        let batch = config.optimisation.batchSize, documents = features.rows - firstStep * batch
        try ProgressScope.stage("epoch \(epoch + 1) of \(config.optimisation.epochs)", of: documents, "documents") {
            try runEpoch(epoch, from: firstStep, rate: rate, $0)
        }
    }

    private func runEpoch(_ epoch: Int, from firstStep: Int, rate: LearningRate, _ progress: ProgressStage) throws {
        let time = Stopwatch(), waitedBefore = network.group.communicator.waitedSeconds
        let batches = EpochBatches(
            order: network.streams.permutation(features.rows, epoch: epoch), batchSize: config.optimisation.batchSize,
            firstStep: epoch * stepsPerEpoch)
        loss.begin(batches)
        var losses = EpochLoss(), documents = 0
        for place in firstStep..<stepsPerEpoch {
            let step = epoch * stepsPerEpoch + place, docs = batches.docs(step: step)
            let part = try network.step(
                DocumentBatch(features: features, docs: docs), step: step, learningRate: rate.at(step: step), loss: loss)
            losses.add(part, at: place)
            try network.device.check()
            documents += docs.count
            progress.advance(to: documents)
            guard place + 1 < stepsPerEpoch else { break }
            if LearnerControl.looks(afterStep: step + 1) {
                try network.settle()
                losses.settle()
            }
            do {
                let isSound = losses.divergedAt == .max
                try control.afterStep(
                    step + 1, isSound: isSound, key: module.key(epoch: epoch, step: place + 1), state: state
                ) { try storedArrays(epoch: epoch, step: place + 1) }
            } catch is Diverged { break }
        }
        try network.settle()
        losses.settle()
        try checkConvergence(epoch: epoch, divergedAt: losses.divergedAt)
        let work = EpochWork(
            epoch: epoch, documents: documents, seconds: time.seconds,
            waited: network.group.communicator.waitedSeconds - waitedBefore)
        try report(work, loss: loss.mean(losses.sum, documents: documents), rate: rate)
    }

    /// - Parameter loss: this worker's part; the group's parts are summed here.
    private func report(_ work: EpochWork, loss: Double, rate: LearningRate) throws {
        let parts = Buffer<Double>(count: network.group.size), rank = network.group.rank
        parts[rank] = loss
        try network.group.communicator.allgather(parts, blocks: (0..<parts.count).map { $0..<$0 + 1 })
        let whole = parts.array.reduce(0, +)
        guard whole.isFinite else { throw divergence(epoch: work.epoch, step: stepsPerEpoch) }
        let epochs = config.optimisation.epochs, done = work.epoch + 1, speed = Double(work.documents) / max(work.seconds, 1e-9)
        var event = ProgressEvent(
            learner: Int(control.seed), module: module.name, epoch: done, epochs: epochs, loss: whole, docsPerSecond: speed,
            etaSeconds: Double((epochs - done) * features.rows) / speed)
        (event.step, event.documents, event.learningRate) =
            (done * stepsPerEpoch, work.documents, rate.at(step: done * stepsPerEpoch - 1))
        (event.seconds, event.waitedSeconds, event.residentMiB) = (work.seconds, work.waited, residentMiB())
        event.validation = try validation?.measure(epoch: done)
        try control.report(event)
    }

    /// - Throws: the same `Failure` on all workers, with the first step of any whose loss was no number.
    private func checkConvergence(epoch: Int, divergedAt: Int) throws {
        let first = try network.group.communicator.allgatherCounts(divergedAt).min() ?? .max
        if first < .max { throw divergence(epoch: epoch, step: first) }
    }

    private func divergence(epoch: Int, step: Int) -> Failure {
        Failure(
            .outOfResources, "the loss of module \(module.name) is no longer a number",
            at: "seed \(control.seed), epoch \(epoch + 1), step \(step)",
            found: "NaN or infinity", expected: "a finite loss",
            advice: "lower \(module.name).learning_rate (--set), with another --version; checkpoints before it are kept")
    }
}

/// What an epoch was to the worker: of one that was gone on with, the part since.
private struct EpochWork {
    var epoch: Int
    var documents: Int
    var seconds: Double
    var waited: Double
}

/// The documents of an epoch in the order of training, cut into batches.
package struct EpochBatches {
    private let order: [Int32]
    private let batchSize: Int
    /// Numbers of the epoch's steps in their module.
    package let steps: Range<Int>

    package init(order: [Int32], batchSize: Int, firstStep: Int) {
        self.order = order
        self.batchSize = batchSize
        steps = firstStep..<firstStep + (order.count + batchSize - 1) / batchSize
    }

    package func docs(step: Int) -> [Int32] {
        let from = (step - steps.lowerBound) * batchSize
        return Array(order[from..<min(from + batchSize, order.count)])
    }
}

extension ModuleConfig {
    fileprivate func rate(stepsPerEpoch: Int) -> LearningRate {
        let schedule: LearningRate.Schedule =
            switch optimisation.schedule {
            case .linear: .linear(warmup: optimisation.warmup)
            case .step: .step(factor: optimisation.decayFactor, interval: optimisation.decayInterval)
            }
        return LearningRate(
            initial: optimisation.learningRate, schedule: schedule, epochs: optimisation.epochs, stepsPerEpoch: stepsPerEpoch)
    }
}
