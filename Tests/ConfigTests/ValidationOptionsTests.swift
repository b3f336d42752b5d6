import Config
import Formats
import Foundation
import Learners
import Support
import Testing

/// What `--validation`, `--keep`, `--patience` and `--tune` make, and what they refuse.
@Suite struct ValidationOptionsTests {
    private let folder: ScratchFolder

    init() throws {
        folder = try ScratchFolder()
        let frameworks = ["DeepXML", "DeepXML-OVA", "DeepXML-ANNS", "DiSMEC"].map { "\($0)/default" }
        for name in frameworks + ["arch/Astec", "arch/AstecPlain"] {
            let source = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
                .deletingLastPathComponent().appendingPathComponent("configs/\(name).json")
            try folder.write(String(contentsOf: source, encoding: .utf8), to: "configs/\(name).json")
        }
        try folder.write("1 1\n", to: "data/Own/trn_X_Y.txt")
    }

    private func resolve(_ framework: String = "DeepXML-OVA", _ change: (inout TrainArguments) -> Void) throws -> TrainOptions {
        var arguments = TrainArguments()
        (arguments.work, arguments.framework, arguments.dataset) = (folder.path, framework, "Own")
        arguments.configs = "\(folder.path)/configs"
        change(&arguments)
        return try TrainOptions.resolve(arguments, workingDirectory: folder.path, executable: "/usr/bin/deepxml-dist")
    }

    private func validation(_ change: (inout TrainArguments) -> Void) throws -> ValidationOptions? {
        try validation("0.1", "DeepXML-OVA", change)
    }

    private func validation(
        _ text: String? = "0.1", _ framework: String = "DeepXML-OVA", _ change: (inout TrainArguments) -> Void = { _ in }
    ) throws -> ValidationOptions? {
        try resolve(framework) {
            $0.validation = text
            change(&$0)
        }.validation
    }

    @Test func defaultsAndWhatIsTyped() throws {
        #expect(try validation(nil) == nil)
        let plain = try #require(try validation())
        #expect(plain.source == .part(0.1, seed: 0) && !plain.keepsBest && plain.patience == nil && plain.every == 1)
        #expect(plain.tuned.isEmpty && plain.learnerSettings.isEmpty)
        #expect(try validation("files")?.source == .files(features: "tst_X_Xf.txt", labels: "tst_X_Y.txt"))
        #expect(try validation { $0.validationSeed = 7 }?.source == .part(0.1, seed: 7))
        let best = try #require(try validation { $0.keep = "best:ndcg@3" })
        #expect(best.keepsBest && best.metric.description == "nDCG@3")
        // Patience keeps the best, unless the last is asked for.
        #expect(try validation { $0.patience = 3 }?.keepsBest == true)
        #expect(try validation { ($0.patience, $0.keep) = (3, "last") }?.keepsBest == false)
        #expect(try validation { $0.settings = ["extreme.validate_after=4"] }?.every == 4)
    }

    @Test func endsOfWhatMayBeTyped() throws {
        func isTaken(_ share: String, _ change: (inout TrainArguments) -> Void = { _ in }) -> Bool {
            (try? validation(share, "DeepXML-OVA", change)) != nil
        }
        #expect(isTaken("0.5") && isTaken("1e-9") && !isTaken("0.5000001") && !isTaken("1"))
        #expect(try ValidationOptions.share("0.5") == 0.5)
        for (patience, isRight) in [(1, true), (100_000, true), (0, false), (100_001, false)] {
            #expect(isTaken("0.1") { $0.patience = patience } == isRight, "\(patience)")
            #expect(isTaken("0.1") { $0.settings = ["extreme.validate_after=\(patience)"] } == isRight, "\(patience)")
        }
        #expect(!isTaken("0.1") { $0.settings = ["extreme.validate_after=1.5"] })
        #expect(
            isTaken("0.1") { ($0.tune, $0.seeds) = ("ensemble_weights", "1,2") }
                && !isTaken("0.1") { $0.tune = "ensemble_weights" })
        #expect(isTaken("0.1") { $0.tune = "propensity_weight" })
        #expect(!isTaken("0.1") { ($0.tune, $0.settings) = ("propensity_weight", ["extreme.bias=false"]) })
        // Of another module, and of global: inherited as all settings.
        #expect(try validation { $0.settings = ["global.validate_after=3"] }?.every == 3)
    }

    @Test func whatIsSaidOfALearner() throws {
        func settings(_ change: (inout TrainArguments) -> Void) throws -> [String: String]? {
            try validation(change)?.learnerSettings
        }
        #expect(try settings { $0.keep = "best" } == ["keep": "best:P@1", "validate_after": "1"])
        #expect(
            try settings { ($0.keep, $0.settings) = ("best:PSP@3", ["extreme.validate_after=2"]) }
                == ["keep": "best:PSP@3", "validate_after": "2", "propensities": "A 0.55, B 1.5"])
        #expect(try settings { ($0.patience, $0.keep) = (3, "last") } == ["patience": "3 by P@1", "validate_after": "1"])
        #expect(
            try settings { ($0.tune, $0.tuneMetric, $0.settings) = ("propensity_weight", "nDCG@5", ["global.A=3"]) }
                == ["tune": "propensity_weight by nDCG@5", "propensities": "A 3.0, B 1.5"])
        #expect(try settings { ($0.tune, $0.seeds) = ("ensemble_weights", "1,2") } == [:])
        #expect(try validation()?.metric.description == "P@1" && validation()?.tuneMetric.description == "P@1")
    }

    @Test func epochsThatAreMeasured() throws {
        var options = try #require(try validation())
        options.every = 3
        #expect((1...8).filter { options.isDue(epoch: $0, of: 8) } == [3, 6, 8])
    }

    @Test func plainTuneTakesWhatApplies() throws {
        func tuned(_ framework: String, _ seeds: String = "1") throws -> Set<TunedSetting>? {
            try validation("0.1", framework) { ($0.tune, $0.seeds) = ("all", seeds) }?.tuned
        }
        #expect(try tuned("DeepXML") == [.beta, .propensityWeight])
        #expect(try tuned("DeepXML-ANNS", "1,2") == [.beta, .propensityWeight, .ensembleWeights])
        #expect(try tuned("DeepXML-OVA", "1,2") == [.propensityWeight, .ensembleWeights])
        #expect(try tuned("DiSMEC") == [])
        #expect(try validation("0.1", "DeepXML") { $0.tune = "beta" }?.tuned == [.beta])
    }

    @Test func wrongValuesAreRefused() throws {
        for share in ["0", "-0.1", "0.6", "nan", "x", "", "10%"] { #expect(throws: Failure.self) { try validation(share) } }
        let bad: [(inout TrainArguments) -> Void] = [
            { $0.keep = "first" }, { $0.keep = "best:" }, { $0.keep = "best:P@9" }, { $0.patience = 0 }, { $0.patience = -1 },
            { $0.tune = "alpha" }, { $0.tune = "beta" }, { $0.tune = "ensemble_weights" }, { $0.tuneMetric = "P" },
            { $0.settings = ["extreme.validate_after=0"] }, { ($0.validation, $0.validationSeed) = ("files", 3) },
        ]
        for change in bad { #expect(throws: Failure.self) { try validation("0.1", "DeepXML-OVA", change) } }
        // Without --validation.
        for change: (inout TrainArguments) -> Void in [
            { $0.keep = "best" }, { $0.patience = 2 }, { $0.tune = "all" }, { $0.tuneMetric = "P@1" }, { $0.validationSeed = 1 },
            { ($0.keep, $0.patience) = ("last", 2) },
        ] { #expect(throws: Failure.self) { try validation(nil, "DeepXML-OVA", change) } }
        // A linear learner has no epochs.
        #expect(throws: Failure.self) { try validation("0.1", "DiSMEC") { $0.keep = "best" } }
        #expect(throws: Failure.self) { try validation("0.1", "DiSMEC") { $0.patience = 2 } }
        #expect(try validation("0.1", "DiSMEC") != nil)
    }

    @Test func onlyWhatChangesALearnerChangesItsFingerprint() throws {
        func print(_ change: (inout TrainArguments) -> Void) throws -> String { try resolve(change: change).learnerFingerprint }
        func resolve(change: (inout TrainArguments) -> Void) throws -> TrainOptions { try self.resolve("DeepXML-ANNS", change) }
        let plain = try print { _ in }
        // Which documents are held out is part of the data's fingerprint.
        #expect(try print { $0.validation = "0.1" } == plain)
        #expect(try print { ($0.validation, $0.tune) = ("0.1", "beta") } == plain)
        #expect(try print { ($0.settings, $0.validation) = (["extreme.validate_after=2"], "0.1") } == plain)
        let others = try [
            print { ($0.validation, $0.keep) = ("0.1", "best") }, print { ($0.validation, $0.keep) = ("0.1", "best:P@5") },
            print { ($0.validation, $0.patience) = ("0.1", 2) }, print { ($0.validation, $0.patience) = ("0.1", 3) },
            print { ($0.validation, $0.tune) = ("0.1", "propensity_weight") },
            print { ($0.validation, $0.keep, $0.settings) = ("0.1", "best", ["extreme.validate_after=2"]) },
        ]
        #expect(Set(others + [plain]).count == 7)
    }
}
