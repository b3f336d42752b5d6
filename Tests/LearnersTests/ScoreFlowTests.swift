import Checkpoint
import Foundation
import Messages
import Support
import Synchronization
import Testing
import Training
import Transport
import WorkerChecks

/// Scores on their way to rank 0: bounded, whole, and gone with a worker that dies.
@Suite struct ScoreFlowTests {
    private let scratch: Scratch
    init() throws { scratch = try Scratch() }

    /// Nine blocks of test documents, and two of the evaluation's.
    private func made(_ name: String, reranked: Bool = true) throws -> MadeScores {
        let folder = scratch(name)
        try MadeScores.writeData(folder: folder, testDocuments: 4200, labels: 90, perDocument: 3)
        var made = MadeScores(job: try LearnerJob(folder: folder, data: SampleData(), settings: ["global.top_k=9"]))
        made.job.options.predictions = [.npz, .h5, .text, .jsonl]
        made.isReranked = reranked
        return made
    }

    private func files(_ made: MadeScores) throws -> [String: Data] {
        let options = made.job.options
        var files: [String: Data] = [:]
        for folder in [options.resultFolder, options.resultFolder(seed: LearnerJob.seed)] {
            for name in ["score.npz", "score.h5", "score.txt", "score.jsonl", "log_eval.txt", "predictions.h5"] {
                let path = "\(folder)/\(name)"
                guard FileManager.default.fileExists(atPath: path) else { continue }
                files[path.replacingOccurrences(of: options.work, with: "")] = try Data(contentsOf: URL(fileURLWithPath: path))
            }
        }
        return files
    }

    /// Made scores come of no model; without one, the learner would be trained again.
    private func pinResult(of made: MadeScores) throws {
        let identity = CheckpointIdentity(configFingerprint: "c", dataFingerprint: "d", seed: 1, programVersion: "1")
        let store = CheckpointStore(folder: made.job.options.modelFolder(seed: LearnerJob.seed), identity: identity)
        let key = CheckpointKey(module: "extreme", moduleIndex: 3, epoch: 1, step: 0)
        let receipt = try store.writeShard(key, shard: 0, of: 1, arrays: [StoredArray("w", Buffer<Float>([1]))])
        try store.commit(key, receipts: [receipt], state: [:], pinned: true)
    }

    @Test func anyNumberOfWorkersGivesTheSameFiles() throws {
        let alone = try made("alone")
        #expect(try alone.run(workers: 1) == 0)
        let expected = try files(alone)
        #expect(expected.count == 11)
        for workers in [2, 5] {
            let many = try made("\(workers)")
            #expect(try many.run(workers: workers) == 0)
            #expect(try files(many) == expected, "\(workers) workers")
        }
    }

    /// The next run makes the forms of scores that are missing from `predictions.h5`.
    @Test func finishedPredictionsMakeTheFilesAgain() throws {
        let job = try made("again")
        #expect(try job.run(workers: 2) == 0)
        let expected = try files(job)
        try pinResult(of: job)
        for path in expected.keys where path.contains("score.") {
            try FileManager.default.removeItem(atPath: job.job.options.work + path)
        }
        var idle = job
        idle.failure = (1, 0)
        #expect(try idle.run(workers: 1) == 0)
        #expect(try files(idle) == expected)
    }

    /// Within the first stage's blocks, between stages, and within the re-ranker's.
    @Test func aWorkerThatDiesLeavesNothing() throws {
        var job = try made("dies")
        let folder = job.job.options.resultFolder(seed: LearnerJob.seed)
        for blocks in [1, 9, 13] {
            job.failure = (2, blocks)
            #expect(throws: MadeFailure.self) { try job.run(workers: 3) }
            // There is no folder yet where the worker dies before a block is stored.
            let left = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
            #expect(!left.contains { $0.hasSuffix(".h5") || $0.contains("spool") || $0.contains("tmp") }, "\(left)")
        }
        job.failure = nil
        #expect(try job.run(workers: 2) == 0)
        let straight = try made("straight")
        #expect(try straight.run(workers: 1) == 0)
        #expect(try files(job) == files(straight))
    }

    /// A worker sends eight blocks, and one more for each that it hears is stored.
    @Test func workersDoNotRunAhead() throws {
        let folder = scratch("store")
        try ThreadCommunicator.run(size: 2) { world in
            let peers = try world.split(color: world.rank, key: 0)!
            guard world.rank == 0 else {
                let identity = CheckpointIdentity(configFingerprint: "", dataFingerprint: "", seed: 1, programVersion: "")
                let control = LearnerControl(
                    group: try WorkerGroup(communicator: peers, team: ThreadTeam(size: 1)), world: world,
                    store: CheckpointStore(folder: folder, identity: identity, notice: { _ in }), seed: 1,
                    schedule: CheckpointSchedule(), stop: StopFlag())
                for block in 0..<20 {
                    try control.send(ScoreBlock(seed: 1, stage: .first, documents: block..<block + 1, scores: []))
                }
                try control.awaitStored()
                return try world.report(.heartbeat)
            }
            func arrived(_ wanted: Int) throws -> Int {
                var count = 0
                for _ in 0..<100 where count <= wanted {
                    if try world.poll(from: 1, tag: MessageTag.report) == nil { usleep(1000) } else { count += 1 }
                }
                return count
            }
            #expect(try arrived(ScoreBlock.window) == ScoreBlock.window)
            for _ in 0..<12 {
                try world.post([1], to: 1, tag: MessageTag.stored)
                #expect(try arrived(1) == 1)
            }
            for _ in 0..<7 { try world.post([1], to: 1, tag: MessageTag.stored) }
            #expect(try arrived(0) == 0, "the worker ends before its last block is stored")
            try world.post([1], to: 1, tag: MessageTag.stored)
            #expect(try arrived(1) == 1)
        }
    }
}
