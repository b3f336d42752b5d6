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

    package init(
        module: ModuleName, config: ModuleConfig, network: Network, loss: any ClassifierStep, features: CSRMatrix,
        control: LearnerControl, schedule: (any EpochSchedule)? = nil
    ) {
        self.module = module
        self.config = config
        self.network = network
        self.loss = loss
        self.features = features
        self.control = control
        self.schedule = schedule
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
        let rate = config.rate(stepsPerEpoch: stepsPerEpoch)
        for epoch in start.epoch..<max(start.epoch, config.optimisation.epochs) {
            try schedule?.begin(epoch: epoch, resumedFrom: epoch == start.epoch ? checkpoint : nil)
            try runEpoch(epoch, from: start.step, rate: rate)
            start.step = 0
            try control.afterEpoch(epoch + 1, of: config.optimisation.epochs, key: module.key(epoch: epoch + 1, step: 0)) {
                storedArrays(epoch: epoch + 1, step: 0)
            }
        }
    }

    private func storedArrays(epoch: Int, step: Int) -> [StoredArray] {
        network.storedArrays() + (schedule?.storedArrays(epoch: epoch, step: step) ?? [])
    }

    private func runEpoch(_ epoch: Int, from firstStep: Int, rate: LearningRate) throws {
        let batch = config.optimisation.batchSize, documents = features.rows - firstStep * batch
        try ProgressScope.stage("epoch \(epoch + 1) of \(config.optimisation.epochs)", of: documents, "documents") {
            try runEpoch(epoch, from: firstStep, rate: rate, $0)
        }
    }

    private func runEpoch(_ epoch: Int, from firstStep: Int, rate: LearningRate, _ progress: ProgressStage) throws {
        let time = Stopwatch()
        let batches = EpochBatches(
            order: network.streams.permutation(features.rows, epoch: epoch), batchSize: config.optimisation.batchSize,
            firstStep: epoch * stepsPerEpoch)
        loss.begin(batches)
        var sum = 0.0, documents = 0, divergedAt = Int.max
        for place in firstStep..<stepsPerEpoch {
            let step = epoch * stepsPerEpoch + place, docs = batches.docs(step: step)
            sum += try network.step(
                DocumentBatch(features: features, docs: docs), step: step, learningRate: rate.at(step: step), loss: loss)
            try network.device.check()
            documents += docs.count
            progress.advance(to: documents)
            if !sum.isFinite { divergedAt = min(divergedAt, place + 1) }
            guard place + 1 < stepsPerEpoch else { break }
            do {
                let isSound = divergedAt == .max
                try control.afterStep(step + 1, isSound: isSound, key: module.key(epoch: epoch, step: place + 1)) {
                    storedArrays(epoch: epoch, step: place + 1)
                }
            } catch is Diverged { break }
        }
        try checkConvergence(epoch: epoch, divergedAt: divergedAt)
        try report(
            epoch: epoch, loss: loss.mean(sum, documents: documents), documents: documents, seconds: time.seconds)
    }

    /// - Parameter loss: this worker's part; the group's parts are summed here.
    private func report(epoch: Int, loss: Double, documents: Int, seconds: Double) throws {
        let parts = Buffer<Double>(count: network.group.size), rank = network.group.rank
        parts[rank] = loss
        try network.group.communicator.allgather(parts, blocks: (0..<parts.count).map { $0..<$0 + 1 })
        let whole = parts.array.reduce(0, +)
        guard whole.isFinite else { throw divergence(epoch: epoch, step: stepsPerEpoch) }
        let speed = Double(documents) / max(seconds, 1e-9)
        try control.report(
            ProgressEvent(
                learner: Int(control.seed), module: module.name, epoch: epoch + 1, epochs: config.optimisation.epochs,
                loss: whole,
                docsPerSecond: speed, etaSeconds: Double((config.optimisation.epochs - epoch - 1) * features.rows) / speed))
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
