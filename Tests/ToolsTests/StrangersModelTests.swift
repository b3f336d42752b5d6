import Foundation
import Inference
import Learners
import Support
import TestSupport
import Testing
import Tools

/// Models of strangers, as an archive may unpack them: nothing outside of their folder is read or written (SECURITY.md).
@Suite struct StrangersModelTests {
    private let scratch: TemporaryFolder
    /// A copy of a trained model.
    private let model: String

    init() throws {
        scratch = try TemporaryFolder()
        model = scratch.file("model")
        try FileManager.default.copyItem(atPath: try TrainedLearner.oneVsAll.model(), toPath: model)
        try? FileManager.default.removeItem(atPath: "\(model)/\(TrainedModel.servingFile)")
        try FileManager.default.createDirectory(atPath: scratch.file("home"), withIntermediateDirectories: true)
        try scratch.write("home/secret", "mine\n")
    }

    private func predict(_ folder: String) -> Failure? {
        do {
            var job = PredictionJob(model: folder, input: .features(try TrainedLearner.oneVsAll.features()))
            job.output = scratch.file("score.txt")
            _ = try job.run()
            return nil
        } catch { return error as? Failure }
    }

    private func replace(_ name: String, linkTo target: String) throws {
        try? FileManager.default.removeItem(atPath: "\(model)/\(name)")
        try FileManager.default.createSymbolicLink(atPath: "\(model)/\(name)", withDestinationPath: target)
    }

    @Test(arguments: [
        "labels.txt", "model.json", "training.xcd", "serving.dxa", ".serving.dxa.tmp", "vocabulary.txt", "anything",
    ])
    func aLinkThatLeadsOutIsRefused(name: String) throws {
        // One that is there, one that is not, from the root and from the folder.
        for target in ["../home/secret", "../home/new", scratch.file("home/secret"), "/nowhere", "../model2"] {
            try replace(name, linkTo: target)
            let failure = predict(model)
            #expect(failure?.problem == "the model's folder has a link that leads out of it", "\(failure as Any)")
            #expect(failure?.code == .usage && failure?.place.hasSuffix("model/\(name)") == true)
        }
        #expect(try scratch.lines("home/secret") == ["mine"])
        #expect(try FileManager.default.contentsOfDirectory(atPath: scratch.file("home")) == ["secret"])
        #expect(!FileManager.default.fileExists(atPath: scratch.file("score.txt")))
    }

    @Test func soIsACheckpointElsewhere() throws {
        let name = try #require(try FileManager.default.contentsOfDirectory(atPath: model).first { $0.hasPrefix("ckpt_") })
        try FileManager.default.moveItem(atPath: "\(model)/\(name)", toPath: scratch.file("home/\(name)"))
        try replace(name, linkTo: "../home/\(name)")
        #expect(predict(model)?.found == "a link to ../home/\(name)")
        // A file of it, too.
        try FileManager.default.removeItem(atPath: "\(model)/\(name)")
        try FileManager.default.copyItem(atPath: scratch.file("home/\(name)"), toPath: "\(model)/\(name)")
        try replace("\(name)/manifest.json", linkTo: "../../home/\(name)/manifest.json")
        #expect(predict(model)?.found == "a link to ../../home/\(name)/manifest.json")
    }

    @Test func aPipeIsNotWaitedFor() throws {
        try? FileManager.default.removeItem(atPath: "\(model)/labels.txt")
        #expect(mkfifo("\(model)/labels.txt", 0o600) == 0)
        #expect(predict(model)?.problem == "the model's folder has neither a file nor a folder")
    }

    @Test func linksWithinAndToTheFolderAreFollowed() throws {
        try FileManager.default.moveItem(atPath: "\(model)/model.json", toPath: "\(model)/description.json")
        try replace("model.json", linkTo: "description.json")
        try FileManager.default.createSymbolicLink(atPath: scratch.file("link"), withDestinationPath: "model")
        #expect(predict(scratch.file("link")) == nil)
    }

    /// An ensemble names its learners by any path; what is there must be a model, and nothing is written else.
    @Test func anEnsembleOpensNothingButModels() throws {
        try FileManager.default.createDirectory(atPath: scratch.file("both"), withIntermediateDirectories: true)
        for learner in ["../home", "/dev", "/proc/self", "../home/secret", "\0", String(repeating: "../", count: 2000)] {
            try EnsembleDescription(learners: ["../model", learner]).write(to: scratch.file("both"))
            #expect(predict(scratch.file("both")) != nil, "\(learner)")
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: scratch.file("home")) == ["secret"])
        #expect(try FileManager.default.contentsOfDirectory(atPath: scratch.file("both")) == ["ensemble.json"])
    }
}
