import DeepXMLModel
import Messages
import Support
import Training

/// Trains sparse linear classifiers of all labels over the workers of a group: blocks of labels are dealt to them by cost, and each is
/// a checkpoint once it is done. While they train, the workers send each other nothing.
///
/// The result is one pinned checkpoint, in which each worker has its own labels' rows. A run goes on with the blocks that are missing,
/// on any number of workers: a label's numbers depend on it alone.
struct BlockTraining {
    /// Trains the labels of a block; nil where it was stopped before all had begun.
    typealias Solve = (_ labels: Range<Int>, _ isStopped: @escaping @Sendable () -> Bool) throws -> (
        classifier: SparseClassifier, inaccurate: Int
    )?

    private let run: LearnerRun
    private let blocks: LabelBlocks
    private let store: BlockStore
    /// The config's key that says how accurate a label should be.
    private let accuracyKey: String
    /// Of a label, in any unit.
    private let cost: (_ label: Int) -> Double

    init(_ run: LearnerRun, blockSize: Int, accuracyKey: String, cost: @escaping (_ label: Int) -> Double) {
        self.run = run
        self.accuracyKey = accuracyKey
        self.cost = cost
        blocks = LabelBlocks(labels: run.data.labelCount, size: blockSize)
        store = BlockStore(store: run.control.store, blocks: blocks, features: run.data.vocabularySize)
    }

    /// The classifiers of this worker's labels: as stored, or trained first.
    ///
    /// - Parameter prepare: called by all workers where a block is missing, with the labels of each worker's blocks, block by block.
    /// - Throws: `Interrupted` where a rank was asked to stop, with all blocks stored that were done.
    func classifier(_ prepare: (_ dealt: [[Range<Int>]]) throws -> Solve) throws -> SparseClassifier {
        let classifier: SparseClassifier
        if let done = try run.pinned(.classifiers) {
            classifier = try StoredClassifier(done, features: run.data.vocabularySize).classifier(of: run.labels)
        } else {
            try trainMissing(prepare)
            classifier = try storeWhole()
        }
        if run.group.isLeader { try store.removeAll() }
        return classifier
    }

    private func trainMissing(_ prepare: (_ dealt: [[Range<Int>]]) throws -> Solve) throws {
        let missing = try missingBlocks()
        if missing.count < blocks.count {
            try run.notice("\(blocks.count - missing.count) of \(Quantity.plural(blocks.count, "block")) of labels are trained")
        }
        if missing.isEmpty { return }
        let dealt = LabelBlocks.deal(missing, workers: run.group.size, cost: cost(ofBlock:))
        let solve = try prepare(dealt.map { $0.map(blocks.labels(of:)) }), lookout = run.control.lookout()
        let own = dealt[run.group.rank], labels = own.reduce(0) { $0 + blocks.labels(of: $1).count }
        try ProgressScope.stage("training", of: labels, "labels") { try train(own, lookout, solve, $0) }
        try lookout.waitForPeers()
        try run.control.betweenModules()
    }

    private func train(_ own: [Int], _ lookout: StopLookout, _ solve: Solve, _ stage: ProgressStage) throws {
        var progress = BlockProgress(own.map(cost(ofBlock:)))
        for block in own {
            let labels = blocks.labels(of: block)
            guard try !lookout.look(), let done = try solve(labels, { lookout.isStopped }) else { return }
            try store.save(block, done.classifier, inaccurate: done.inaccurate)
            stage.advance(by: labels.count)
            let cost = cost(ofBlock: block)
            if let event = progress.after(block: labels.count, cost: cost, workers: run.group.size, seed: run.seed) {
                try run.control.report(event)
            }
        }
    }

    /// The leader looks, the others hear of it: they must deal alike.
    private func missingBlocks() throws -> [Int] {
        let found = run.group.isLeader ? try store.finished { try run.notice($0) }.map { $0 ? UInt8(1) : 0 } : nil
        let finished = try run.group.communicator.broadcastBytes(found)
        return (0..<blocks.count).filter { finished[$0] == 0 }
    }

    private func cost(ofBlock block: Int) -> Double { blocks.labels(of: block).reduce(0) { $0 + cost($1) } }

    /// Pins the classifiers as one checkpoint, each worker its own labels' rows.
    private func storeWhole() throws -> SparseClassifier {
        let communicator = run.group.communicator
        let (classifier, inaccurate) = try store.classifier(of: run.labels)
        // Labels were small arrays when they were trained, and blocks are when they are read.
        returnFreedMemory()
        let entries = try communicator.allgatherCounts(classifier.weights.nonZeros)
        let unsolved = try communicator.allgatherCounts(inaccurate).reduce(0, +)
        if unsolved > 0 {
            try run.notice(
                "\(Quantity.plural(unsolved, "label")) of \(Quantity.count(blocks.labels)) ended less accurate than \(accuracyKey) asks"
            )
        }
        let arrays = StoredClassifier.arrays(
            classifier, first: 0, labels: blocks.labels,
            entries: (before: entries.prefix(run.group.rank).reduce(0, +), all: entries.reduce(0, +)))
        try run.pin(.classifiers, epoch: 1, arrays, state: ["inaccurate_labels": "\(unsolved)"])
        return classifier
    }
}

/// How far a worker is with its blocks, and about when all are done: the blocks are dealt so that the others are as far.
private struct BlockProgress {
    private let blocks: Int, total: Double
    private var done = 0, labels = 0, cost = 0.0
    private let since = Stopwatch()
    private var sinceReport: Stopwatch?

    init(_ costs: [Double]) {
        blocks = costs.count
        total = costs.reduce(0, +)
    }

    /// What to report after a block; nil: the last report was less than a second ago.
    mutating func after(block labels: Int, cost: Double, workers: Int, seed: UInt64) -> ProgressEvent? {
        done += 1
        self.labels += labels
        self.cost += cost
        if done < blocks, let sinceReport, sinceReport.seconds < 1 { return nil }
        sinceReport = Stopwatch()
        let rate = Double(self.labels * workers) / max(since.seconds, 1e-9)
        return ProgressEvent(
            learner: Int(seed), module: ModuleName.classifiers.name, epoch: done, epochs: blocks,
            etaSeconds: since.seconds * (total - self.cost) / max(self.cost, 1e-12),
            message: "\(Quantity.count(Int(saturating: rate.rounded()))) labels/s")
    }
}
