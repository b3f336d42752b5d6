import Checkpoint
import Config
import Formats
import Foundation
import Learners
import Support
import Testing
import Tools
import Transport
import WorkerChecks

/// Models that ranks map, whole or by runs of labels.
@Suite struct ServingTests {
    private func content(_ path: String) throws -> Data { try Data(contentsOf: URL(fileURLWithPath: path)) }

    /// A copy of a model's folder, and beside it a file for predictions.
    private func copied(_ kind: TrainedLearner, _ body: (_ model: String, _ output: String) throws -> Void) throws {
        let copy = try SmallLearner.copy(of: kind.model())
        defer { SmallLearner.remove(copy) }
        try body(copy, "\((copy as NSString).deletingLastPathComponent)/score.txt")
    }

    private func predict(
        _ kind: TrainedLearner, _ model: String, to path: String, ranks: Int = 1,
        _ change: (inout PredictionJob) -> Void = { _ in }
    ) throws {
        var job = PredictionJob(model: model, input: .features(try kind.features()))
        job.output = path
        change(&job)
        let asked = job
        try ThreadCommunicator.run(size: ranks) { world in _ = try asked.run(over: world) }
    }

    @Test("The first prediction makes the file, the next ones map it: the same bytes", arguments: TrainedLearner.allCases)
    func twice(kind: TrainedLearner) throws {
        try copied(kind) { model, output in
            let wanted = try content(kind.score("txt"))
            try? FileManager.default.removeItem(atPath: "\(model)/\(TrainedModel.servingFile)")
            try predict(kind, model, to: output) { $0.makesFiles = false }
            #expect(try content(output) == wanted && TrainedModel.open(folder: model).mapped() == nil)
            for ranks in [1, 3] {
                try predict(kind, model, to: output, ranks: ranks) { $0.chunk = 16 }
                #expect(try content(output) == wanted, "\(ranks) ranks")
            }
            #expect(try TrainedModel.open(folder: model).mapped() != nil)
        }
    }

    @Test("Each rank its own labels, with the file and without: the same bytes", arguments: TrainedLearner.allCases)
    func shards(kind: TrainedLearner) throws {
        try copied(kind) { model, output in
            let wanted = try content(kind.score("txt"))
            for isMapped in [false, true] {
                if !isMapped { try? FileManager.default.removeItem(atPath: "\(model)/\(TrainedModel.servingFile)") }
                for (ranks, chunk) in [(2, 4096), (3, 7), (5, 61)] {
                    try predict(kind, model, to: output, ranks: ranks) {
                        $0.shardsLabels = true
                        $0.chunk = chunk
                    }
                    #expect(try content(output) == wanted, "\(ranks) ranks, chunk \(chunk), mapped: \(isMapped)")
                }
                if !isMapped { try predict(kind, model, to: output) }
            }
        }
    }

    @Test("So few labels that only one of the ranks has any", arguments: [FrameworkName.sparseSlice, .dismec])
    func fewLabels(framework: FrameworkName) throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("serving-\(UUID())").path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        var learner = try LearnerJob(
            folder: folder, data: SampleData(documents: 200, testDocuments: 31, labels: 40), framework: framework)
        learner.options.predictions = [.text]
        #expect(try learner.run(workers: 2) == 0)
        let results = learner.options.resultFolder(seed: LearnerJob.seed)
        var job = PredictionJob(
            model: learner.options.modelFolder(seed: LearnerJob.seed),
            input: .features("\(learner.options.datasetFolder)/tst_X_Xf.txt"))
        job.output = "\(folder)/score.txt"
        for (ranks, shards, chunk) in [(2, true, 11), (3, true, 4096), (3, false, 7), (2, true, 4096)] {
            (job.shardsLabels, job.chunk) = (shards, chunk)
            let asked = job
            try ThreadCommunicator.run(size: ranks) { world in _ = try asked.run(over: world) }
            #expect(try content(job.output) == content("\(results)/score.txt"), "\(ranks) ranks, runs of labels: \(shards)")
        }
    }

    @Test("A file of other checkpoints is made anew, a damaged one is refused")
    func stale() throws {
        try copied(.sparseSlice) { model, output in
            let file = "\(model)/\(TrainedModel.servingFile)", wanted = try content(TrainedLearner.sparseSlice.score("txt"))
            try predict(.oneVsAll, TrainedLearner.oneVsAll.model(), to: output)
            try? FileManager.default.removeItem(atPath: file)
            try FileManager.default.copyItem(
                atPath: "\(TrainedLearner.oneVsAll.model())/\(TrainedModel.servingFile)", toPath: file)
            try predict(.sparseSlice, model, to: output)
            #expect(try content(output) == wanted)
            var bytes = try content(file)
            bytes[4096] ^= 1
            try bytes.write(to: URL(fileURLWithPath: file))
            for ranks in [1, 3] {
                let error = #expect(throws: EndedTogether.self) { try predict(.sparseSlice, model, to: output, ranks: ranks) }
                #expect(error?.failure.code == Failure.Code.damagedCheckpoint.rawValue, "\(ranks) ranks")
            }
        }
    }

    @Test("A checkpoint that is damaged is found when the file is made")
    func damaged() throws {
        try copied(.oneVsAll) { model, output in
            try? FileManager.default.removeItem(atPath: "\(model)/\(TrainedModel.servingFile)")
            let entry = try #require(try CheckpointEntry.all(in: model).last { $0.isPinned })
            try flipBit("\(entry.folder)/\(entry.shards[0].file)")
            let error = #expect(throws: EndedTogether.self) { try predict(.oneVsAll, model, to: output) }
            #expect(error?.failure.code == Failure.Code.damagedCheckpoint.rawValue)
            #expect(!FileManager.default.fileExists(atPath: "\(model)/\(TrainedModel.servingFile)"))
        }
    }
}
