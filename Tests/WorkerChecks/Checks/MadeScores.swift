import Checkpoint
import Coordinator
import Datasets
import Foundation
import Learners
import Messages
import Support
import Synchronization
import Training
import Transport

/// A job whose workers make up scores instead of training: what rank 0 does with them, at any size.
public struct MadeScores: Sendable {
    public var job: LearnerJob
    /// Scores of a document in each stage, over all workers.
    public var scoresADocument = 20
    public var isReranked = false
    /// The worker of this world rank fails when it has sent so many blocks.
    public var failure: (rank: Int, blocks: Int)?
    /// Called by the leader of the workers before the first block.
    public var onStart: @Sendable () -> Void = {}

    public init(job: LearnerJob) { self.job = job }

    /// The job's exit code.
    public func run(workers: Int) throws -> Int32 {
        let code = Mutex<Int32>(-1)
        try ThreadCommunicator.run(size: workers + 1) { world in
            guard world.rank == 0 else { return try work(world) }
            let stop = StopFlag()
            let own = try CoordinatorMain(world: world, ranks: world.size, options: job.options, stop: stop).run()
            code.withLock { $0 = own }
        }
        return code.withLock { $0 }
    }

    private func work(_ world: any Communicator) throws {
        try NodeCensus.take(world, ranks: world.size)
        let assignment = try JSONDecoder().decode(Assignment.self, from: Data(world.broadcastBytes(nil)))
        let index = assignment.group(of: world.rank)
        guard assignment.exitCode == nil, let peers = try world.split(color: index, key: world.rank), let index else { return }
        let data = try XCDataset.map(cacheFile: assignment.cacheFile)
        let group = try WorkerGroup(communicator: peers, team: ThreadTeam(size: 1))
        while case .train(let seed) = try command(world, group, index) {
            if group.isLeader { onStart() }
            let control = LearnerControl(
                group: group, world: world, store: store(seed), seed: seed, schedule: CheckpointSchedule(), stop: StopFlag())
            try send(control, documents: data.testFeatures.rows, labels: data.labelCountInFile)
            try world.report(
                .done(LearnerSummary(seed: seed, rank: world.rank, seconds: [:], peakRSSMiB: 0, commSeconds: 0)))
        }
    }

    private func store(_ seed: UInt64) -> CheckpointStore {
        let identity = CheckpointIdentity(configFingerprint: "", dataFingerprint: "", seed: Int(seed), programVersion: "")
        return CheckpointStore(folder: job.options.modelFolder(seed: seed), identity: identity, notice: { _ in })
    }

    private func command(_ world: any Communicator, _ group: WorkerGroup, _ index: Int) throws -> Command {
        var bytes: [UInt8]?
        if group.isLeader {
            try world.report(.ready(group: index))
            while bytes == nil {
                bytes = try world.poll(from: 0, tag: MessageTag.command)?.bytes
                if bytes == nil { usleep(500) }
            }
        }
        return try JSONDecoder().decode(Command.self, from: Data(group.communicator.broadcastBytes(bytes)))
    }

    private func send(_ control: LearnerControl, documents: Int, labels: Int) throws {
        var sent = 0
        for stage in isReranked ? [ScoreBlock.Stage.first, .reranker] : [.first] {
            for start in stride(from: 0, to: documents, by: ScoreBlock.size) {
                if let failure, failure == (control.world.rank, sent) { throw MadeFailure() }
                let block = start..<min(start + ScoreBlock.size, documents)
                let scores = scores(block, stage, labels: labels, worker: control.group.rank, of: control.group.size)
                try control.send(ScoreBlock(seed: control.seed, stage: stage, documents: block, scores: scores))
                sent += 1
            }
        }
        try control.awaitStored()
    }

    /// Of a worker: every so manieth of the labels that a document has scores of, which are spread evenly.
    private func scores(
        _ block: Range<Int>, _ stage: ScoreBlock.Stage, labels: Int, worker: Int, of workers: Int
    ) -> [ScoreEntry] {
        let count = min(scoresADocument, labels), step = labels / max(count, 1)
        var entries: [ScoreEntry] = []
        entries.reserveCapacity(block.count * (count / workers + 1))
        for document in block {
            for place in stride(from: worker, to: count, by: workers) {
                let label = (document &* 7919 + place * step) % labels
                let hash = UInt32(truncatingIfNeeded: (document &* 31 + place) &* 2_654_435_761 >> 7 + Int(stage.rawValue))
                let score = Float(hash % 4093) / 400 - 8, prior = Float(hash % 997) / 997
                entries.append(ScoreEntry(row: Int32(document), label: Int32(label), score: score, prior: prior))
            }
        }
        return entries
    }
}

/// What the worker of `MadeScores.failure` throws.
public struct MadeFailure: Error {}

extension MadeScores {
    /// Writes a data set of so many test documents and labels, with few training documents, for `LearnerJob(folder:data:)`.
    ///
    /// - Parameter perDocument: labels of a test document.
    public static func writeData(folder: String, testDocuments: Int, labels: Int, perDocument: Int) throws {
        let place = "\(folder)/data/Sample"
        try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
        func write(_ name: String, _ rows: Int, _ cols: Int, _ line: (Int) -> String) throws {
            try AtomicFile.write("\(place)/\(name)", "\(rows) \(cols)\n".utf8)
            let file = try FileHandle(forWritingTo: URL(fileURLWithPath: "\(place)/\(name)"))
            try file.seekToEnd()
            for start in stride(from: 0, to: rows, by: 4096) {
                let lines = (start..<min(start + 4096, rows)).map(line).joined()
                try file.write(contentsOf: Data(lines.utf8))
            }
            try file.close()
        }
        func features(_ row: Int) -> String { "\(row % 50):1.0 \(50 + row % 49):0.5\n" }
        func truth(_ row: Int) -> String {
            let step = labels / perDocument, first = (row &* 7919) % step
            return (0..<perDocument).map { "\(first + $0 * step):1.0" }.joined(separator: " ") + "\n"
        }
        try write("trn_X_Xf.txt", 1000, 99, features)
        try write("trn_X_Y.txt", 1000, labels) { "\($0 % labels):1.0\n" }
        try write("tst_X_Xf.txt", testDocuments, 99, features)
        try write("tst_X_Y.txt", testDocuments, labels, truth)
    }
}
