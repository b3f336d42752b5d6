import Checkpoint
import Config
import Foundation
import Learners
import Support
import Testing
import WorkerChecks

/// Learners that read the texts of their labels: as documents, under classifiers, in searches.
@Suite struct LabelTextTests {
    private static let all = [
        "global.label_text_documents=true", "all.label_text_classifiers=true", "all.label_text_centroids=true",
    ]

    private static func small(_ framework: FrameworkName, _ arch: SampleArch, _ settings: [String]) -> SmallCase {
        var small = SmallCase(framework, arch)
        small.data.hasLabelText = true
        small.settings = settings
        return small
    }

    /// Modules that read texts, and others that follow the encoder.
    static let cases: [SmallCase] = [
        small(.deepXML, .astec, all), small(.ova, .transformer, all + ["global.use_reranker=false"]),
        small(.ova, .astec, all + ["global.use_reranker=false", "all.bias_init=prior", "all.normalize=true"]),
        small(.anns, .astecMean, all + ["global.use_reranker=false"]),
    ]

    @Test(arguments: cases) func anyNumberOfWorkersHasTheSameBits(_ small: SmallCase) throws {
        let learner = try LearnerComparison(small)
        try learner.expectTrained(["extreme.classifier.weight", "predictions.clf"])
        try learner.hasTheSameBits(workers: 2, threads: 2)
        try learner.hasTheSameBits(workers: 5, threads: 1)
        try learner.goesOn(after: .look(2), workers: 4, others: 1)
    }

    /// At any look of a learner whose vectors of text move between its two epochs.
    @Test func stoppedOnceAtAnyLook() throws {
        let learner = try LearnerComparison(Self.cases[2])
        for look in 1...3 { try learner.goesOn(after: .look(look), workers: 1 + look % 3, others: 1 + look / 3 % 3) }
    }

    private func outcome(_ scratch: Scratch, _ name: String, _ settings: [String]) throws -> LearnerOutcome {
        let job = try LearnerJob(folder: scratch(name), Self.small(.ova, .astec, ["global.use_reranker=false"] + settings))
        #expect(try job.run(workers: 1) == 0)
        return try LearnerOutcome(of: job)
    }

    private func floats(_ bits: [UInt32]?) -> [Float] { (bits ?? []).map(Float.init(bitPattern:)) }

    /// With a rate of next to nothing, classifiers are the unit vectors of their texts; where there is no text, as they were drawn.
    @Test func classifiersStandOnTexts() throws {
        let scratch = try Scratch(), slow = ["extreme.learning_rate=1e-12"]
        let drawn = floats(try outcome(scratch, "drawn", slow).arrays["extreme.classifier.weight"])
        let set = floats(
            try outcome(scratch, "set", slow + ["extreme.label_text_classifiers=true"]).arrays["extreme.classifier.weight"])
        try #require(drawn.count == 256 * 16 && set.count == drawn.count)
        for label in 0..<256 {
            let row = label * 16..<label * 16 + 16, length = set[row].reduce(0) { $0 + $1 * $1 }
            if label % 10 == 9 {
                #expect(zip(set[row], drawn[row]).allSatisfy { abs($0 - $1) < 1e-6 }, "label \(label)")
            } else {
                #expect(abs(length - 1) < 1e-4, "label \(label): \(length)")
            }
        }
    }

    /// Labels that no training document has are among a document's best where they have a text, and nowhere where they have none.
    @Test func heldOutLabelsAreFoundByTheirText() throws {
        let scratch = try Scratch()
        let heldOut = Set(stride(from: 3, to: 640, by: 10))
        let file = scratch("held-out.txt")
        try heldOut.map { "\($0)\n" }.joined().write(toFile: file, atomically: true, encoding: .utf8)
        func found(_ name: String, _ settings: [String]) throws -> (hits: Int, listed: Int) {
            var data = SampleData(testDocuments: 200)
            data.hasLabelText = true
            let job = try LearnerJob(
                folder: scratch(name), data: data, framework: .ova,
                settings: [
                    "global.use_reranker=false", "global.held_out_labels=\(file)", "global.top_k=640", "extreme.num_epochs=12",
                    "extreme.learning_rate=0.02", "extreme.normalize=true", "extreme.bias_init=prior",
                ] + settings)
            #expect(try job.run(workers: 2) == 0)
            let (parts, _) = try ScoreFile.readParts("\(job.options.resultFolder(seed: LearnerJob.seed))/predictions.h5")
            return try Self.hits(#require(parts["clf"]), truth: "\(job.options.datasetFolder)/tst_X_Y.txt", among: heldOut)
        }
        let without = try found("without", [])
        #expect(without.listed == 0)
        let with = try found("with", ["global.label_text_documents=true", "extreme.label_text_classifiers=true"])
        // Drawn at random, one document in thirteen would have a hit among five of 64.
        #expect(with.listed == heldOut.count && with.hits > 30, "\(with)")
    }

    /// Pairs of a held-out label that is among the five best held-out ones of its document; how many labels were scored at all.
    private static func hits(_ scores: CSRMatrix, truth path: String, among labels: Set<Int>) throws -> (hits: Int, listed: Int) {
        let lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n", omittingEmptySubsequences: false)
            .dropFirst()
        var hits = 0, listed = Set<Int32>()
        for (row, line) in zip(0..<scores.rows, lines) {
            let truth = Set(line.split(separator: " ").compactMap { Int($0.prefix { $0 != ":" }) })
            let own = scores.range(row).filter { labels.contains(Int(scores.indices[$0])) }
            listed.formUnion(own.map { scores.indices[$0] })
            let best = own.sorted { scores.values![$0] > scores.values![$1] }.prefix(5)
            hits += best.count { truth.contains(Int(scores.indices[$0])) }
        }
        return (hits, listed.count)
    }

    /// Frameworks without encoders take texts as documents.
    @Test(arguments: [FrameworkName.dismec, .sparseSlice]) func documentsAreForAllFrameworks(_ framework: FrameworkName) throws {
        var small = SmallCase(framework, settings: ["global.label_text_documents=true"])
        small.data.hasLabelText = true
        let learner = try LearnerComparison(small)
        try learner.hasTheSameBits(workers: 2, threads: 2)
        small.settings = []
        let scratch = try Scratch(), plain = try LearnerJob(folder: scratch("plain"), small)
        #expect(try plain.run(workers: 1) == 0)
        #expect(try LearnerOutcome(of: plain).arrays["predictions.clf"] != learner.expected.arrays["predictions.clf"])
    }
}
