import Foundation
import WorkerChecks

/// A trained learner of a data set in which about half of the labels have no training document. Trained once a process.
enum SmallLearner {
    static let folder = FileManager.default.temporaryDirectory.appendingPathComponent("tools-test-\(UUID())").path
    private static let trained = Result {
        let data = SampleData(documents: 160, testDocuments: 40, tokens: 300, labels: 640)
        let job = try LearnerJob(
            folder: folder, data: data, settings: ["surrogate", "extreme", "reranker"].map { "\($0).normalize=true" })
        for name in ["labels.txt", "vocabulary.txt"] {
            let lines = (0..<640).map { "\(name) \($0)\n" }.joined()
            try lines.write(toFile: "\(job.options.datasetFolder)/\(name)", atomically: true, encoding: .utf8)
        }
        let code = try job.run(workers: 2)
        atexit { try? FileManager.default.removeItem(atPath: SmallLearner.folder) }
        return (job, code)
    }

    static func job() throws -> LearnerJob { try trained.get().0 }
    static func model() throws -> String { try job().options.modelFolder(seed: LearnerJob.seed) }
    static func results() throws -> String { try job().options.resultFolder(seed: LearnerJob.seed) }

    /// A copy of a folder that a test may damage.
    static func copy(of path: String) throws -> String {
        let place = FileManager.default.temporaryDirectory.appendingPathComponent("tools-copy-\(UUID())").path
        try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
        let copy = "\(place)/\((path as NSString).lastPathComponent)"
        try FileManager.default.copyItem(atPath: path, toPath: copy)
        return copy
    }

    static func remove(_ copy: String) {
        try? FileManager.default.removeItem(atPath: (copy as NSString).deletingLastPathComponent)
    }
}

/// Changes one bit in the middle of a file.
func flipBit(_ path: String) throws {
    var content = try Data(contentsOf: URL(fileURLWithPath: path))
    content[content.count / 2] ^= 64
    try content.write(to: URL(fileURLWithPath: path))
}
